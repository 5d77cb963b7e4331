"""Step 1: from a source to conversations, complete and clean. Pure functions; the pipeline does the waiting."""
