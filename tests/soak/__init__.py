"""A soak: everything at once for long, killed at random, and compared with the truth at the end."""
