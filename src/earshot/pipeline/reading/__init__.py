"""Reading conversations, with every call in the ledger."""
