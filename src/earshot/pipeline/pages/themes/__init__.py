"""Use cases of the pages of themes."""
