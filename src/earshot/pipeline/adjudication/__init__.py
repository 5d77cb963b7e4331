"""Doubtful pairings put to a language model: at once, or through a file that anybody may answer."""
