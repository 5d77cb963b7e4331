"""Torvane's own product vocabulary: what its product managers would write in the `[group]` settings."""

import tomllib
from importlib import resources

Words = dict[str, list[str]]


def vocabulary() -> dict[str, Words]:
    """Its `synonyms` and `matters`, as `[group]` takes them."""
    text = resources.files(__package__ or __name__).joinpath("vocabulary.toml").read_text("utf-8")
    return tomllib.loads(text)
