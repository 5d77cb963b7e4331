"""Unit tests of the store: what needs no database."""
