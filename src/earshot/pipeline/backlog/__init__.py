"""Use cases of the backlog: bring in what stands elsewhere, find duplicates, draft, keep in step, edit, look."""
