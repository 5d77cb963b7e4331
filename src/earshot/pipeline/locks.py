"""Names of the locks that keep processes apart."""

LINE = "line"
"""Only one process at a time moves the line on one database; the others wait for it."""
