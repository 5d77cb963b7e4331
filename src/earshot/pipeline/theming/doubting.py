"""Use cases: pairings the score is not sure of, settled by a person or by a language model."""

from collections.abc import Sequence

from earshot.domain.grouping import Candidate, Decider, Doubt, Proposal, Verdict
from earshot.domain.model import Noun
from earshot.errors import BadInput
from earshot.pipeline.locks import LINE
from earshot.pipeline.parts import Parts
from earshot.pipeline.theming.picking import pick, pick_two
from earshot.pipeline.theming.regroup import regroup
from earshot.ports.store import Unit

_ALL = 1_000_000


class Settled(Noun):
    """What a person's word did: the verdicts kept, and how many mentions changed their theme."""

    verdicts: tuple[Verdict, ...]
    moved: int


async def doubts(parts: Parts, *, limit: int = 20) -> list[Doubt]:
    """Open doubts about mentions, the likeliest matches first."""
    async with parts.store.unit() as unit:
        return (await _about_mentions(unit))[:limit]


async def decide(
    parts: Parts, doubt: str, *, same: bool, candidate: int | None = None, reason: str = ""
) -> Settled:
    """A person says whether a doubtful mention tells the same matter as a candidate (counted from 1).

    Without a number: different from all of them, or the same as the only one. What the word touches is grouped
    anew at once.
    """
    async with parts.store.exclusive(LINE), parts.store.unit() as unit:
        known = {one.digest: one for one in await _about_mentions(unit)}
        found = known[pick("doubt", doubt, among=known, hint="`earshot themes doubts` lists them.")]
        meant = _meant(found, same=same, candidate=candidate)
        verdicts = [_verdict(parts, found, other=other, same=same, reason=reason) for other in meant]
        await unit.themes.judge(verdicts)
        await unit.themes.settle([found.digest])
        done = await regroup(parts, unit, whole=False)
        await unit.commit()
    return Settled(verdicts=tuple(verdicts), moved=len(done.mentions))


async def refuse(parts: Parts, one: str, *, other: str) -> Proposal | None:
    """A person says that two themes are two matters; the proposal that said otherwise, if there was one."""
    async with parts.store.exclusive(LINE), parts.store.unit() as unit:
        ids = await pick_two(unit, one, other=other)
        open_ones = {frozenset((p.one_id, p.other_id)): p for p in await unit.themes.proposals()}
        await unit.themes.refuse(*ids, actor=parts.actor, at=parts.clock.now())
        await unit.themes.judge([_two_matters(parts, ids)])
        await regroup(parts, unit, whole=False)
        await unit.commit()
    return open_ones.get(frozenset(ids))


async def proposals(parts: Parts) -> list[tuple[Proposal, tuple[str, str]]]:
    """Themes that may be one matter, the likeliest first, with the titles of both."""
    async with parts.store.unit() as unit:
        found = await unit.themes.proposals()
        ids = {one for proposal in found for one in (proposal.one_id, proposal.other_id)}
        titles = {theme.id: theme.title for theme in await unit.themes.get(sorted(ids))}
    return [(one, (titles.get(one.one_id, ""), titles.get(one.other_id, ""))) for one in found]


async def _about_mentions(unit: Unit) -> list[Doubt]:
    return [one for one in await unit.themes.doubts(_ALL) if one.mention_id is not None]


def _meant(doubt: Doubt, *, same: bool, candidate: int | None) -> Sequence[Candidate]:
    count = len(doubt.candidates)
    if candidate is not None:
        if not 1 <= candidate <= count:
            raise BadInput(f"This doubt has {count} candidates; there is no number {candidate}.")
        return doubt.candidates[candidate - 1 : candidate]
    if same and count > 1:
        raise BadInput(
            f"This doubt has {count} candidates; say which one is the same matter.",
            hint=f"earshot themes decide {doubt.digest[:8]} same --candidate 1",
        )
    return doubt.candidates


def _two_matters(parts: Parts, ids: Sequence[str]) -> Verdict:
    """Of two themes' ids: no later evidence joins them by itself."""
    return Verdict(
        one=ids[0],
        other=ids[1],
        same=False,
        confidence=1.0,
        reason="a person refused to merge them",
        decided_by=Decider.PERSON,
        decided_as=parts.actor,
        decided_at=parts.clock.now(),
    )


def _verdict(parts: Parts, doubt: Doubt, *, other: Candidate, same: bool, reason: str) -> Verdict:
    return Verdict(
        one=doubt.digest,
        other=other.digest,
        same=same,
        confidence=1.0,
        reason=reason,
        decided_by=Decider.PERSON,
        decided_as=parts.actor,
        decided_at=parts.clock.now(),
    )
