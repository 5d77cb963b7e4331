"""Likeness: the calibrated probability that two texts tell of the same matter, and the search for candidates."""
