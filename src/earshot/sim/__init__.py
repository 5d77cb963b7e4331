"""Stand-ins for the outside world: servers that behave like the real ones and can misbehave on request."""
