"""Slack: messages by a bot or an incoming webhook."""
