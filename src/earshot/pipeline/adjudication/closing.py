"""Verdicts kept, and what they leave of their doubts."""

from collections.abc import Iterable, Mapping, Sequence

from earshot.domain.grouping import Doubt, Verdict
from earshot.ports.store import Unit


async def keep(unit: Unit, verdicts: Sequence[Verdict], *, doubts: Mapping[str, Doubt]) -> None:
    """Remember verdicts, close doubts that are decided, and narrow the others to what is left open.

    `doubts` holds the doubts by digest as they stand in the store; the caller commits.
    """
    decided: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        decided.setdefault(verdict.one, []).append(verdict)
    left = [rest for digest in decided if (rest := remaining(doubts[digest], decided[digest])) is not None]
    await unit.themes.judge(verdicts)
    await unit.themes.settle(sorted(decided.keys() - {doubt.digest for doubt in left}))
    await unit.themes.ask(left)


def remaining(doubt: Doubt, verdicts: Iterable[Verdict]) -> Doubt | None:
    """What of a doubt is open: nothing once it is the same as one, otherwise the candidates without verdict."""
    same = {verdict.other: verdict.same for verdict in verdicts}
    left = tuple(one for one in doubt.candidates if one.digest not in same)
    return None if any(same.values()) or not left else doubt.model_copy(update={"candidates": left})
