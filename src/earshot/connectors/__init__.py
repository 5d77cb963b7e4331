"""The outside tools, a file or folder each. `registry` lists them; importing this package loads none."""
