"""Plain text: pure functions that any step may use."""
