"""Step 4: themes into scored backlog items with their evidence."""
