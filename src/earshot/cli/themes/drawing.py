"""Small pictures in text: a trend in one word, a trend in bars, an id no longer than needed."""

from collections.abc import Iterable, Sequence
from datetime import timedelta

from earshot.domain.report import Window

SHORTEST = 8
"""Characters of an id that are shown where they are enough."""
_LEVELS = "▁▂▃▄▅▆▇█"
_WIDTH = 40


def sparkline(counts: Sequence[int]) -> str:
    """A word of one block a week, as high as the week's share of the highest; empty weeks are dots."""
    highest = max(counts, default=0)
    top = len(_LEVELS) - 1
    return "".join("·" if not count else _LEVELS[round(top * count / highest)] for count in counts)


def bars(counts: Sequence[int], window: Window) -> list[tuple[str, str]]:
    """A row for each week: the day it begins, and a bar with its count."""
    highest = max([*counts, 1])
    scale = min(1.0, _WIDTH / highest)
    rows: list[tuple[str, str]] = []
    for place, count in enumerate(counts):
        begins = window.start + timedelta(weeks=place)
        length = max(1, round(count * scale)) if count else 0
        rows.append((f"{begins:%Y-%m-%d}", f"{'█' * length} {count}".strip()))
    return rows


def difference(now: int, before: int) -> str:
    """How many more or fewer than in the window before: +3, −2, ±0."""
    return f"{now - before:+,}".replace("-", "−") if now != before else "±0"


def short(one: str, among: Iterable[str] = ()) -> str:
    """The beginning of an id that tells it from the others."""
    others = [other for other in among if other != one]
    length = SHORTEST
    while length < len(one) and any(other.startswith(one[:length]) for other in others):
        length += 1
    return one[:length]
