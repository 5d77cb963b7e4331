"""Under which conditions a partition was made: a fingerprint of all that turns texts into probabilities."""

import hashlib
import json
from functools import lru_cache
from importlib.resources import files

from earshot.domain.theme import Lexicon
from earshot.group.settings import GroupSettings

MIXED = "mixed"
"""The fingerprint of a partition whose mentions were placed under different conditions; it equals no other."""

WAY = 2
"""To be raised with whatever code gives the same texts another probability."""

_DIGITS = 32
_SHIPPED = {
    "earshot.group": ("concepts.txt", "matters.txt", "stop.txt"),
    "earshot.group.likeness": ("weights.json", "meanings.npz"),
}


def conditions_of(settings: GroupSettings, lexicon: Lexicon, *, embedded_by: str = "") -> str:
    """32 hex digits over the settings that matter, the term counts, what is shipped, and who makes vectors.

    Of the counts only over how many texts they are: every counting takes more. What a deletion withdraws from them
    since is hardly more than that text's own words, and must not end exactness.
    """
    told = {
        "way": WAY,
        "shipped": _shipped(),
        "embedded_by": embedded_by,
        "bounds": [settings.same_matter, settings.same_theme, max(settings.doubt_from, settings.same_matter)],
        "core": settings.core,
        "synonyms": settings.synonyms,
        "matters": settings.matters,
        "counted": lexicon.documents,
    }
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:_DIGITS]


def changed(stored: str, now: str) -> bool:
    """Whether a partition was made under other conditions; one of which nothing is known was not."""
    return stored not in {"", now}


@lru_cache(maxsize=1)
def _shipped() -> str:
    held = hashlib.sha256()
    for package, names in sorted(_SHIPPED.items()):
        for name in names:
            held.update(files(package).joinpath(name).read_bytes())
    return held.hexdigest()
