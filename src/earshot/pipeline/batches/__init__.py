"""Reading through providers' batches and through files that somebody else answers."""
