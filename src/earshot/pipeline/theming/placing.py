"""One conversation among its likely candidates: the same decision as a grouping's, over what the index finds."""

from collections.abc import Sequence

import numpy as np

from earshot.domain.grouping import Mention, Partition, Regrouping
from earshot.domain.theme import Lexicon
from earshot.group.likeness.remembering import remembering
from earshot.group.regroup import Embeddings, Given, Regroup
from earshot.group.telling import told
from earshot.group.vocabulary import vocabulary
from earshot.pipeline.parts import Parts
from earshot.pipeline.theming.regroup import embedded_by, embeddings, regroup
from earshot.ports.store import Unit

CANDIDATES = 10
"""Core mentions that the index is asked for."""


async def place(parts: Parts, unit: Unit, *, conversation_id: str) -> list[str]:
    """Place the conversation's mentions that have no theme yet; their themes, in order. The caller commits.

    What would change anything but these mentions (they were said before others, or show that two themes are one) is
    grouped with everything else instead.
    """
    await unit.themes.lock()
    new = await unit.themes.mentions_of([conversation_id], placed=False)
    if not new:
        return []
    vectors = await embeddings(parts, unit, mentions=new)
    cells = await _likely(parts, unit, new=new, lexicon=await unit.themes.lexicon(), vectors=vectors)
    state, cores = await unit.themes.around(sorted(cells))
    now = parts.clock.now()
    given = Given(
        stored=state,
        settings=parts.group,
        verdicts=await unit.themes.verdicts([one.digest for one in new]),
        embeddings={**vectors, **await embeddings(parts, unit, mentions=cores)},
        partial=True,
        embedded_by=embedded_by(parts),
    )
    done = Regroup([*cores, *new], given).done(now)
    if _touches_others(done, new, state=state):
        done = await regroup(parts, unit)
    else:
        await unit.themes.save(done, now=now)
    return [done.mentions[one.id] for one in new]


def _touches_others(done: Regrouping, new: Sequence[Mention], *, state: Partition) -> bool:
    ours = {one.id for one in new}
    moved = any(placement.mention_id not in ours for placement in done.placements)
    return moved or bool(done.gone) or any(cell in state.cells for cell in done.cells)


async def _likely(
    parts: Parts, unit: Unit, *, new: Sequence[Mention], lexicon: Lexicon, vectors: Embeddings
) -> set[str]:
    """The cells that the index finds for these mentions."""
    sketcher = remembering(lexicon, vocabulary(parts.group.synonyms, parts.group.matters))
    cells: set[str] = set()
    for mention in new:
        sketch = sketcher.sketch(told(mention), embedding=vectors.get(mention.digest))
        vector = np.asarray(sketch.vector, dtype="<f2").tobytes()
        cells |= {placed.cell_id for _, placed in await unit.themes.near(mention, vector, most=CANDIDATES)}
    return cells
