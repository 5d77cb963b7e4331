"""Use cases of the pages of accounts."""
