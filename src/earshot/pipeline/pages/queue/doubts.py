"""Entries about mentions whose theme is not sure: the same matter as one of the candidates, or as none."""

import json

from earshot.domain.grouping import Candidate, Doubt
from earshot.domain.queue import QueueDecision
from earshot.errors import NotFound
from earshot.group.doubting import told
from earshot.pipeline.locks import LINE
from earshot.pipeline.pages.queue.entries import Answered, Choice, Entry, Given, Side, meanwhile, unchanged
from earshot.pipeline.parts import Parts
from earshot.pipeline.theming.doubting import decide
from earshot.pipeline.theming.regroup import regroup
from earshot.ports.store import Unit

NONE = "none"


class Doubts:
    """A mention beside what it may be."""

    async def entry(self, parts: Parts, subject: str) -> Entry | None:
        """The mention and its candidates, None where it is decided."""
        async with parts.store.unit() as unit:
            doubt = await unit.pages.queue.doubt(subject)
        if doubt is None:
            return None
        many = len(doubt.candidates) > 1
        yes = [
            Choice(
                key=str(number) if many else "y",
                answer=str(number),
                text=f"The same as {number}" if many else "The same",
                does=f"It is grouped with “{candidate.title}” from now on.",
                main=number == 1,
            )
            for number, candidate in enumerate(doubt.candidates, 1)
        ]
        no = Choice(
            key="n",
            answer=NONE,
            text="None of them" if many else "Different",
            does="It is never grouped with them.",
        )
        question = (
            "Does the first tell the same matter as one of the others?" if many else "Do both tell one matter?"
        )
        return Entry(
            question=question,
            sides=(_side_of(doubt), *(_candidate(n, c) for n, c in enumerate(doubt.candidates, 1))),
            choices=(*yes, no),
        )

    async def answer(self, parts: Parts, given: Given) -> Answered:
        """Say it; what the word touches is grouped anew at once."""
        async with parts.store.unit() as unit:
            doubt = await unit.pages.queue.doubt(given.subject)
        if doubt is None:
            raise meanwhile()
        same = given.answer != NONE
        number = int(given.answer) if same else None
        if number is not None and not 1 <= number <= len(doubt.candidates):
            raise NotFound("There is no such candidate.")
        try:
            settled = await decide(parts, doubt.digest, same=same, candidate=number, reason=given.reason)
        except NotFound:
            raise meanwhile() from None
        before = {"conversation": doubt.conversation_id or "", "candidates": _ids(doubt.candidates)}
        moved = f" {settled.moved} mentions moved." if settled.moved else ""
        return Answered(said=f"{'The same' if same else 'Different'}, remembered.{moved}", before=before)

    async def take_back(self, parts: Parts, decision: QueueDecision) -> None:
        """The word is forgotten, what it touched is grouped anew, and the doubt is there again."""
        candidates = [Candidate.model_validate(one) for one in json.loads(decision.before["candidates"])]
        async with parts.store.exclusive(LINE), parts.store.unit() as unit:
            pairs = [(decision.subject, one.digest) for one in candidates]
            await unchanged(unit, decision, pairs=pairs)
            await unit.pages.queue.unsay(pairs)
            doubt = await _told_again(
                unit, decision.subject, conversation=decision.before["conversation"], candidates=candidates
            )
            await regroup(parts, unit, whole=True)
            if doubt is not None:
                await unit.themes.ask([doubt])
            await unit.commit()


def _side_of(doubt: Doubt) -> Side:
    return Side(
        label="In doubt",
        title=doubt.title,
        text=doubt.text,
        href=f"/conversations/{doubt.conversation_id}" if doubt.conversation_id else "",
    )


def _candidate(number: int, candidate: Candidate) -> Side:
    return Side(
        label=f"{number}: {candidate.probability:.0%} likely",
        title=candidate.title,
        text=candidate.text,
        href=f"/conversations/{candidate.conversation_id}" if candidate.conversation_id else "",
    )


def _ids(candidates: tuple[Candidate, ...]) -> str:
    """What is kept of candidates: ids and odds, none of their words."""
    return json.dumps([{**one.model_dump(mode="json"), "title": "", "text": ""} for one in candidates])


async def _told_again(unit: Unit, digest: str, *, conversation: str, candidates: list[Candidate]) -> Doubt | None:
    """The doubt with the words that are held now; None where the mention is gone."""
    ids = {conversation, *(one.conversation_id for one in candidates if one.conversation_id)}
    mentions = {mention.digest: mention for mention in await unit.themes.mentions_of(sorted(ids))}
    mention = mentions.get(digest)
    still = [one for one in candidates if one.digest in mentions]
    if mention is None or not still:
        return None
    return Doubt(
        digest=digest,
        mention_id=mention.id,
        conversation_id=mention.conversation_id,
        title=mention.summary,
        text=told(mention),
        candidates=tuple(
            one.model_copy(update={"title": mentions[one.digest].summary, "text": told(mentions[one.digest])})
            for one in still
        ),
    )
