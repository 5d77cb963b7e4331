"""Themes that stayed small because nothing was found for them: asked about beside what is there, however unlike.

A message without a telling word ("could engineers record a memo?") is no candidate of its theme by any score, but a
reader sees at once that it is that matter. Answers are remembered, so each round asks about other themes, until a
text was judged often enough.
"""

from collections.abc import Callable, Collection, Sequence
from functools import cache, partial
from itertools import islice
from typing import NamedTuple

from earshot.domain.grouping import Doubt, Mention, Rank
from earshot.group.cell import Cell
from earshot.group.doubting import MOST, candidate, doubt_about, speaker
from earshot.group.held import Held
from earshot.group.likeness.score import same_matter

AT_ONCE = 100
"""So many small themes are asked about in one grouping, those that began last."""
BESIDE = 300
"""So many themes, the largest, are what they may belong to."""
JUDGED = 30
"""A text with so many verdicts is asked about no more."""
OWN_KIND = 3
"""So many of the candidates are of its own issue type, where there are so many; the rest may be of any."""


class _Theme(NamedTuple):
    """A theme by its oldest cell; sorted, the largest come first, then the oldest."""

    minus_conversations: int
    first: Rank
    cell: Cell


def doubts_of_small(
    held: Held, groups: Sequence[Sequence[str]], *, most: int, besides: Collection[str]
) -> tuple[Doubt, ...]:
    """Doubts whether themes of at most so many conversations belong to larger or older ones, the youngest first.

    `groups` are the cells of each theme; texts among `besides` are being asked about already.
    """
    if not most:
        return ()
    themes = sorted(_theme(held, cells) for cells in groups)
    begin = next((at for at, one in enumerate(themes) if -one.minus_conversations <= most), len(themes))
    latest = sorted(range(begin, len(themes)), key=lambda at: themes[at].first, reverse=True)
    speakers = cache(partial(speaker, held))
    wanted = (at for at in latest if speakers(themes[at].cell.id).digest not in besides)
    made = (_doubt(held, themes[at].cell, others=themes[: min(at, BESIDE)], speakers=speakers) for at in wanted)
    return tuple(islice((doubt for doubt in made if doubt is not None), AT_ONCE))


def _theme(held: Held, names: Sequence[str]) -> _Theme:
    cells = [held.cells[name] for name in names]
    said_in = {held.mentions[number].conversation_id for cell in cells for _, number in cell.members}
    oldest = min(cells, key=lambda cell: cell.first)
    return _Theme(-len(said_in), oldest.first, oldest)


def _doubt(held: Held, cell: Cell, *, others: Sequence[_Theme], speakers: Callable[[str], Mention]) -> Doubt | None:
    mention = speakers(cell.id)
    judged = {mention.digest, *held.orders.verdicts.get(mention.digest, ())}
    if len(judged) > JUDGED:
        return None
    centre = cell.profile(cell.core, held.sketches)
    known = {
        said.digest: (other, said) for other in others if (said := speakers(other.cell.id)).digest not in judged
    }
    likest = sorted(
        (-same_matter(centre, other.cell.profile(other.cell.core, held.sketches)), other.first, said)
        for other, said in known.values()
    )
    kin = [one for one in likest if one[2].issue_type is mention.issue_type][:OWN_KIND]
    chosen = kin + [one for one in likest if one not in kin][: MOST - len(kin)]
    if not chosen:
        return None
    return doubt_about(
        mention, (candidate(held.spots[said.id].cell, said, probability=-p) for p, _, said in chosen)
    )
