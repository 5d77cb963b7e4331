"""Productboard: notes by the API v2."""
