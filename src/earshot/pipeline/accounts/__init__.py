"""Use cases of accounts: how each stands and what its risk is."""
