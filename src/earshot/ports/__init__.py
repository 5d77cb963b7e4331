"""The sockets: one short module per family of parts that can be exchanged."""
