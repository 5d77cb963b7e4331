"""How every tool speaks HTTP: one request, one honest answer, nothing retried."""
