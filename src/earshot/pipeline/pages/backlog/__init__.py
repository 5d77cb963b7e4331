"""Use cases of the backlog's pages."""
