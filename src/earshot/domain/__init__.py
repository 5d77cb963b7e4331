"""The nouns: frozen models that every step speaks in. Imports nothing of ours but errors."""
