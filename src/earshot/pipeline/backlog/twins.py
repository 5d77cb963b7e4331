"""An existing item beside a theme, as people are shown it."""

from collections.abc import Iterable

from earshot.domain.backlog import ExistingItem, Match, Standing
from earshot.domain.grouping import Decider
from earshot.domain.model import Noun


class Twin(Noun):
    """An existing item that is a theme, or may be; who says so, and why."""

    item_id: str
    key: str
    title: str
    status: str | None = None
    url: str | None = None
    standing: Standing
    probability: float
    decided_by: Decider
    reason: str = ""


def twins_of(matches: Iterable[Match], items: dict[str, ExistingItem]) -> tuple[Twin, ...]:
    """Those that are the theme first, then those that may be, each the likeliest first."""
    known = [(match, items[match.item_id]) for match in matches if match.item_id in items]
    shown = [_twin(match, item) for match, item in known if match.standing is not Standing.DIFFERENT]
    return tuple(
        sorted(shown, key=lambda twin: (twin.standing is not Standing.SAME, -twin.probability, twin.item_id))
    )


def _twin(match: Match, item: ExistingItem) -> Twin:
    return Twin(
        item_id=item.id,
        key=item.key,
        title=item.title,
        status=item.status,
        url=item.url,
        standing=match.standing,
        probability=match.probability,
        decided_by=match.decided_by,
        reason=match.reason,
    )
