"""Earshot: hears every support conversation and turns it into product decisions."""
