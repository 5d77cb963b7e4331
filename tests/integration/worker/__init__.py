"""Workers over a real database."""
