"""The HTTP API: classify a conversation now, read insights, themes, the backlog and actions, approve actions."""
