"""Tests of how tools speak HTTP."""
