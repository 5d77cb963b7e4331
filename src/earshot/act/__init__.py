"""Step 6: what was decided becomes a queue that people can read; nothing is sent yet."""
