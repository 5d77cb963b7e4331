"""Vectors of findings and items: made once, kept, paid for by the book."""
