"""One module per tool, each with a `CASE`; the suite finds them here."""
