"""Doubts: pairings that are neither sure nor out of the question, put as questions to a model or a person."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from earshot.domain.grouping import Candidate, Decider, Doubt, Mention
from earshot.group.held import Held
from earshot.group.settings import GroupSettings
from earshot.group.unions import Link
from earshot.text.injection import instructs

MOST = 5
"""So many candidates are asked about at once, the likeliest."""

AT_ONCE = 5_000
"""So many doubts of one grouping are put, the likeliest: nobody answers more, and each carries texts."""

_TEXT_LIMIT = 1_200
_DIGITS = 4


def doubts_of(held: Held, links: Sequence[Link], *, settings: GroupSettings) -> tuple[Doubt, ...]:
    """What is doubtful about the mentions judged in this run, and about cells that may be one matter.

    Questions are about the earliest mention of a cell; what was judged already is left out.
    """
    options: defaultdict[int, dict[str, float]] = defaultdict(dict)
    for number, near in sorted(held.near.items()):
        if not _settled(held, number, settings=settings):
            options[number].update(near)
    for link in links:
        asked = options[speaker(held, link.one).id]
        asked[link.other] = max(asked.get(link.other, 0.0), link.probability)
    likest = sorted(options, key=lambda n: (-max(options[n].values(), default=0.0), held.ranks[n]))[:AT_ONCE]
    found = (_doubt(held, number, options=options[number], settings=settings) for number in sorted(likest))
    return tuple(doubt for doubt in found if doubt is not None)


def by_text(doubts: Iterable[Doubt]) -> tuple[Doubt, ...]:
    """One doubt for each text, with all candidates as far as they fit into one question."""
    found: dict[str, Doubt] = {}
    for doubt in doubts:
        first = found.setdefault(doubt.digest, doubt)
        if first is not doubt:
            every = {one.digest: one for one in (*first.candidates, *doubt.candidates)}
            found[doubt.digest] = first.model_copy(update={"candidates": tuple(every.values())[:MOST]})
    return tuple(found.values())


def _settled(held: Held, number: int, *, settings: GroupSettings) -> bool:
    """Whether its place is beyond doubt: somebody said so, or the score is sure."""
    spot = held.spots[number]
    if spot.decided_by is not Decider.SCORE:
        return True
    return spot.probability is not None and spot.probability >= settings.doubt_to


def _doubt(held: Held, number: int, *, options: Mapping[str, float], settings: GroupSettings) -> Doubt | None:
    mention = held.mentions[number]
    judged = {mention.digest, *held.orders.verdicts.get(mention.digest, ())}
    candidates: list[Candidate] = []
    for name, probability in sorted(options.items(), key=lambda item: (-item[1], item[0])):
        if name in held.cells and settings.doubt_from <= probability < settings.doubt_to:
            said = speaker(held, name)
            if said.digest not in judged:
                judged.add(said.digest)
                candidates.append(candidate(name, said, probability=probability))
    if not candidates:
        return None
    return doubt_about(mention, candidates[:MOST])


def doubt_about(mention: Mention, candidates: Iterable[Candidate]) -> Doubt:
    """Whether a mention tells the same matter as one of these."""
    return Doubt(
        digest=mention.digest,
        mention_id=mention.id,
        conversation_id=mention.conversation_id,
        title=mention.summary,
        text=told(mention),
        candidates=tuple(candidates),
    )


def speaker(held: Held, cell: str) -> Mention:
    """Its earliest core mention that gives its reader no orders (no model is shown such a text), or the first."""
    core = [held.mentions[number] for number in held.cells[cell].core]
    return next(filter(speaks, core), core[0])


def speaks(mention: Mention) -> bool:
    """Whether its text may be shown to a model: it gives its reader no orders."""
    return not instructs(f"{mention.summary}\n{told(mention)}")


def candidate(name: str, founder: Mention, *, probability: float) -> Candidate:
    """A cell as something that may be the same matter; its founder speaks for it."""
    return Candidate(
        id=name,
        digest=founder.digest,
        title=founder.summary,
        text=told(founder),
        probability=round(probability, _DIGITS),
        conversation_id=founder.conversation_id,
    )


def told(mention: Mention) -> str:
    """What a mention says besides its summary, as a doubt shows it."""
    parts = dict.fromkeys(part for part in (mention.quote, mention.context) if part)
    return "\n".join(parts)[:_TEXT_LIMIT]
