"""Simulated model providers: OpenAI and Anthropic as their SDKs call them, with limits, faults and an invoice."""
