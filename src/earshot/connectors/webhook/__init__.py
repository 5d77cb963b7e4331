"""Outgoing webhooks, signed as Standard Webhooks ask: for n8n, Make, or anything that takes a POST."""
