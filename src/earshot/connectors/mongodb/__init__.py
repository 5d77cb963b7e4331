"""Insights for those who keep theirs in MongoDB; an optional extra."""
