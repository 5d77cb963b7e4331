"""The contract that every tool keeps, whichever service it speaks to."""
