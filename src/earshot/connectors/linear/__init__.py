"""Linear (GraphQL): issues under an id of our own, so that a repeat is refused and counts as done."""
