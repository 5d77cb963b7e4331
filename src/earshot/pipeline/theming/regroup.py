"""One grouping in one transaction: what is stored goes in, what is new or changed is stored."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial as bound

from earshot.domain.grouping import Decider, EditKind, Mention, Partition, Regrouping, Verdict
from earshot.group.identity import founded
from earshot.group.regroup import Embeddings, Given, Regroup, appends
from earshot.pipeline.parts import Parts
from earshot.ports.store import Unit

ALL = 1_000_000_000
ROUNDS = 3
"""How often a change is followed up: what it does to a theme may be what an older change waits for."""
_LOOKED_UP = 2_000


@dataclass(frozen=True)
class Grouped:
    """What came of it: how many mentions were placed for the first time, still wait, and are there in all."""

    done: Regrouping
    placed: int = 0
    left: int = 0
    mentions: int = 0
    compared: bool = True


@dataclass(frozen=True)
class Stored:
    """All that a grouping starts from. `mentions` stand in canonical order, `new` are those without a place."""

    state: Partition
    mentions: Sequence[Mention]
    verdicts: Sequence[Verdict]
    new: Sequence[Mention]
    holes: Sequence[str]

    def idle(self, since: datetime) -> bool:
        """Whether nothing came, went, was judged or lost its name since then; people's changes work at once."""
        judged = any(verdict.decided_at >= since for verdict in self.verdicts)
        nameless = any(not head.title for head in self.state.heads.values())
        return not (self.new or self.holes or judged or nameless)


async def regroup(
    parts: Parts, unit: Unit, *, whole: bool = True, partial: bool = False, parted: Sequence[str] = ()
) -> Regrouping:
    """Group what is stored, after a change or a verdict, until nothing moves. The caller commits.

    Without `whole`, centres alone are compared as long as nothing moves that had its place. `partial`: themes that
    are one stay one, without asking whether their cells still belong together. `parted`: two themes that a person
    no longer wants to be one.
    """
    found = Regrouping()
    for _ in range(ROUNDS):
        some = await regroup_some(parts, unit, most=ALL, whole=whole, partial=partial, parted=parted)
        done, parted = some.done, ()
        found = Regrouping(
            placements=(*found.placements, *done.placements),
            mentions={**found.mentions, **done.mentions},
            lineage=(*found.lineage, *done.lineage),
        )
        if not (done.placements or done.cells or done.gone) or not whole:
            break
    return found


async def regroup_some(
    parts: Parts,
    unit: Unit,
    *,
    most: int,
    whole: bool = False,
    partial: bool = False,
    parted: Sequence[str] = (),
    since: datetime | None = None,
) -> Grouped:
    """Group what is stored with at most so many new mentions, in their canonical order; the caller commits.

    Where everything new was said after all that is placed, and not `whole`, it is compared with the centres only.
    That gives the same, unless it moves what is placed: then everything is looked at after all. Where nothing
    happened `since` the last grouping, nothing is compared.
    """
    stored = await _load(unit)
    if since is not None and stored.idle(since):
        return Grouped(Regrouping(), mentions=len(stored.mentions), compared=False)
    new = stored.new[:most]
    now = parts.clock.now()
    given = chosen(stored, new, whole=whole)
    compare = bound(_compare, parts, unit, stored=stored, now=now, parted=parted)
    done = await compare(given=given, partial=partial)
    if len(given) < len(stored.mentions) - len(stored.new) + len(new) and moves(done, stored.state):
        done = await compare(given=chosen(stored, new, whole=True))
    await unit.themes.save(done, now=now, repaired=stored.holes)
    return Grouped(done, placed=len(new), left=len(stored.new) - len(new), mentions=len(stored.mentions))


async def _load(unit: Unit) -> Stored:
    await unit.themes.lock()
    state = unnamed(await unit.themes.partition())
    mentions = await unit.themes.mentions(ALL)
    new = [mention for mention in mentions if mention.id not in state.placements]
    verdicts, holes = await unit.themes.verdicts(), await unit.themes.holes()
    return Stored(state, mentions, verdicts=verdicts, new=new, holes=holes)


async def _compare(
    parts: Parts,
    unit: Unit,
    *,
    stored: Stored,
    given: Sequence[Mention],
    now: datetime,
    partial: bool = False,
    parted: Sequence[str] = (),
) -> Regrouping:
    terms = Given(
        stored=stored.state,
        settings=parts.group,
        verdicts=stored.verdicts,
        embeddings=await embeddings(parts, unit, mentions=given),
        holes=stored.holes,
        partial=partial,
        embedded_by=embedded_by(parts),
        parted=parted,
    )
    return completed(await asyncio.to_thread(Regroup(given, terms).done, now), stored)


def unnamed(state: Partition) -> Partition:
    """Without the names that people gave and took back, so that those themes are named anew."""
    given = {edit.theme_id for edit in state.edits if edit.kind is EditKind.RENAME}
    heads = {
        one: head.model_copy(update={"title": "", "description": "", "named_by": Decider.SCORE})
        for one, head in state.heads.items()
        if head.named_by is Decider.PERSON and one not in given
    }
    return state.model_copy(update={"heads": {**state.heads, **heads}}) if heads else state


def chosen(stored: Stored, new: Sequence[Mention], *, whole: bool) -> list[Mention]:
    """The mentions that must be compared: all, or where `new` ones only follow, centres and what was judged of."""
    state = stored.state
    placed = [mention for mention in stored.mentions if mention.id in state.placements]
    latest = placed[-1].rank if placed else None
    if whole or stored.holes or not appends(new, latest):
        return [*placed, *new]
    judged = {digest for one in stored.verdicts for digest in (one.one, one.other)}
    pinned = {conversation for edit in state.edits for conversation in edit.conversations}
    merged = {edit.theme_id for edit in state.edits if edit.kind is EditKind.MERGE}
    kept = [
        mention
        for mention in placed
        if state.placements[mention.id].core
        or mention.conversation_id in pinned
        or mention.digest in judged
        or (merged and founded(mention) in merged)
    ]
    return [*kept, *new]


def moves(done: Regrouping, state: Partition) -> bool:
    """Whether a grouping moves to another cell what had its place, or empties cells."""
    places = state.placements
    return bool(done.gone) or any(
        one.mention_id in places and places[one.mention_id].cell_id != one.cell_id for one in done.placements
    )


def completed(done: Regrouping, stored: Stored) -> Regrouping:
    """With the theme of every member of a cell that changed its theme, also of those that were not compared."""
    if not done.cells:
        return done
    placements = stored.state.placements
    placed = {one.mention_id for one in done.placements}
    moved = {
        mention.id: done.cells[placement.cell_id]
        for mention in stored.mentions
        if (placement := placements.get(mention.id)) is not None
        and placement.cell_id in done.cells
        and mention.id not in placed
    }
    return done.model_copy(update={"mentions": {**moved, **done.mentions}})


def embedded_by(parts: Parts) -> str:
    """The name of what makes vectors; empty while embeddings are off."""
    return parts.make_embedder().name if parts.make_embedder is not None else ""


async def embeddings(parts: Parts, unit: Unit, *, mentions: Sequence[Mention]) -> Embeddings:
    """The kept vectors of these mentions by digest; none while embeddings are off."""
    if parts.make_embedder is None:
        return {}
    model = embedded_by(parts)
    digests = sorted({mention.digest for mention in mentions})
    found: dict[str, Sequence[float]] = {}
    for start in range(0, len(digests), _LOOKED_UP):
        found |= await unit.themes.embeddings(model, digests[start : start + _LOOKED_UP])
    return found
