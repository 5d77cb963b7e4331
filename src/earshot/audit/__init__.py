"""Side loop: how well a classifier agrees with people's labels, and whether a difference is real."""
