"""The embedded PostgreSQL: our own supervisor over the binaries that a wheel brings."""
