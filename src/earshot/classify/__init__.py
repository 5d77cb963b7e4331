"""Step 2: a conversation becomes a reading. Every classifier is one socket: a name and `read`."""
