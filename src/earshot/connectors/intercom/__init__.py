"""Intercom, over its REST API: settings, client, what changed, whole conversations with their customers."""
