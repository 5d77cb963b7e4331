"""Two partitions of the same mentions compared: how far they agree, and which themes one of them would make one."""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterator, Mapping, Sequence
from math import comb

MAJORITY = 0.5
"""A theme belongs to that theme of the other partition which holds more than this share of it."""


def adjusted_rand(one: Sequence[Hashable], other: Sequence[Hashable]) -> float:
    """The adjusted Rand index: 1 for equal partitions, about 0 for two that agree by chance."""
    both = _pairs(Counter(zip(one, other, strict=True)))
    ours, theirs, every = _pairs(Counter(one)), _pairs(Counter(other)), comb(len(one), 2)
    chance = ours * theirs / every if every else 0.0
    most = (ours + theirs) / 2
    return 1.0 if most == chance else round((both - chance) / (most - chance), 4)


def counterparts(stored: Mapping[int, str], fresh: Mapping[int, str]) -> Iterator[tuple[str, str, float, str]]:
    """Pairs of stored themes that lie for the most part in one fresh theme, with the smaller share and a reason."""
    held: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for number, theme in stored.items():
        held[theme][fresh[number]] += 1
    homes: defaultdict[str, list[tuple[str, float]]] = defaultdict(list)
    for theme, parts in sorted(held.items()):
        home, count = min(parts.items(), key=lambda item: (-item[1], item[0]))
        share = count / parts.total()
        if share > MAJORITY:
            homes[home].append((theme, share))
    for themes in homes.values():
        largest = min(themes, key=lambda one: (-held[one[0]].total(), one[0]))
        for theme, share in themes:
            if theme != largest[0]:
                least = round(min(share, largest[1]), 4)
                yield theme, largest[0], least, f"grouped from scratch, {least:.0%} of both lie in one theme"


def _pairs(counts: Counter[Hashable]) -> int:
    return sum(comb(count, 2) for count in counts.values())
