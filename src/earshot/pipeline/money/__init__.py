"""What reading will cost, what it has cost, and who agreed to it."""
