"""Acceptance criteria by template: for each kind of matter, what can be checked when it is done."""

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources

from earshot.domain.backlog import ItemType
from earshot.domain.reading import IssueType
from earshot.text.wording import listed

QUIET_DAYS = 14
"""How long after release the matter is watched."""
_MAY_BE_TASKS = frozenset((IssueType.ACCOUNT_ACCESS, IssueType.BILLING))


def criteria(
    issue_type: IssueType, kind: ItemType, *, title: str, area: str | None, segments: Sequence[str]
) -> tuple[str, ...]:
    """What must hold when it is done, each a sentence that can be checked."""
    task = kind is ItemType.TASK and issue_type in _MAY_BE_TASKS
    first, *rest = _templates()["TASK" if task else issue_type]
    among = _templates()["SEGMENTS"] if segments else ()
    where = f" ({area})" if area else ""
    told = listed(list(segments))
    return tuple(t.format(title=title, where=where, days=QUIET_DAYS, segments=told) for t in (first, *among, *rest))


@cache
def _templates() -> Mapping[str, Sequence[str]]:
    text = resources.files("earshot.prioritise").joinpath("criteria.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)
