"""Jira Cloud (REST v3): tickets made once, found by their label, kept up to date, read back."""
