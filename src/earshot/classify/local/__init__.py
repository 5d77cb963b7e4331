"""The local model: reads a whole conversation without a network, on numpy alone."""

from earshot.classify.local.reader import LocalReader, read_one
from earshot.classify.local.settings import LocalSettings

__all__ = ["LocalReader", "LocalSettings", "read_one"]
