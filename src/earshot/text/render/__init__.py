"""A document written in the markup of its destination; text stands in it as itself, whatever it says."""
