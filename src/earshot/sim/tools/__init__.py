"""Simulated outside tools: stateful, validating, able to fail in every way that matters, counting duplicates."""
