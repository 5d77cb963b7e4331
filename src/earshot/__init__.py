"""Earshot: hears every support conversation and turns it into product decisions.

The public Python API, loaded on first use: `Earshot` (the verbs), `build` (makes one), `Settings`, `load_settings`.
"""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from earshot.app import build
    from earshot.pipeline.earshot import Earshot
    from earshot.settings import Settings, load_settings

__all__ = ["Earshot", "Settings", "build", "load_settings"]

_HOMES = {
    "Earshot": "earshot.pipeline.earshot",
    "Settings": "earshot.settings",
    "build": "earshot.app",
    "load_settings": "earshot.settings",
}


def __getattr__(name: str) -> object:
    """The public name, from its own module."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
