"""Watching: figures of the flow against their bounds, told to people when they are left."""
