"""What is taken for what, most often first, with the conversations to look at."""

from collections import defaultdict
from collections.abc import Sequence

from earshot.audit.agreement import Judged
from earshot.audit.labels import OPTIONS
from earshot.domain.model import Noun

NAMED = 5
"""Conversations named per confusion; the surest mistakes first, as they teach most."""


class Confusion(Noun):
    """A label that is read as another one, which no annotation says."""

    field: str
    label: str
    read_as: str
    n: int
    ids: tuple[str, ...]


def worst(rows: Sequence[Judged], *, limit: int) -> list[Confusion]:
    """The commonest confusions over all fields."""
    met: defaultdict[tuple[str, str, str], list[Judged]] = defaultdict(list)
    for row in rows:
        for field in OPTIONS:
            guess = row.guess.value(field) if row.guess else None
            label = row.truths[0].value(field)
            if guess and label and row.right(field) == 0:
                met[field, label, guess].append(row)
    ordered = sorted(met.items(), key=lambda pair: (-len(pair[1]), pair[0]))
    return [
        Confusion(field=field, label=label, read_as=guess, n=len(found), ids=_ids(found))
        for (field, label, guess), found in ordered[:limit]
    ]


def _ids(found: Sequence[Judged]) -> tuple[str, ...]:
    surest = sorted(found, key=lambda row: (-(row.confidence or 0.0), row.id))
    return tuple(row.id for row in surest[:NAMED])
