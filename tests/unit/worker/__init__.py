"""Workers without a database."""
