"""Actions on their way out: planned, delivered, followed, and changed by people."""
