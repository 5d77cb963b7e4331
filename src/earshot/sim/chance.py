"""Seeded draws that depend on nothing but their key: the same on every machine, in any order."""

import hashlib
from collections.abc import Sequence


def fraction(*key: object) -> float:
    """A number in [0, 1) drawn from the key."""
    digest = hashlib.blake2b("\x1f".join(map(str, key)).encode("utf-8", "surrogatepass"), digest_size=8)
    return int.from_bytes(digest.digest(), "big") / 2**64


def between(low: int, high: int, *key: object) -> int:
    """A whole number from `low` to `high`, both included, drawn from the key."""
    return low + int(fraction(*key) * (high - low + 1))


def choose(items: Sequence[str], count: int, *key: object) -> list[str]:
    """`count` different items drawn from the key (all of them where there are fewer)."""
    return sorted(items, key=lambda item: fraction(*key, item))[:count]
