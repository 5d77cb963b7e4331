"""Tests of the MongoDB export."""
