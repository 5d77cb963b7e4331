"""Comparing classifiers with labels and with each other; nothing is changed."""
