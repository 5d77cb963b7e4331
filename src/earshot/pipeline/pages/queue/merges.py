"""Entries about two themes that may be one matter: merge them, or keep them apart."""

from earshot.domain.queue import QueueDecision
from earshot.domain.theme import Theme
from earshot.pipeline.pages.queue.entries import Answered, Choice, Entry, Given, meanwhile, theme_side, unchanged
from earshot.pipeline.parts import Parts
from earshot.pipeline.theming.doubting import refuse
from earshot.pipeline.theming.edits import merge, undo

MERGE, APART = "merge", "apart"


class Merges:
    """Two themes side by side."""

    async def entry(self, parts: Parts, subject: str) -> Entry | None:
        """Both themes, None where that is decided or one of them is gone."""
        one_id, _, other_id = subject.partition(" ")
        async with parts.store.unit() as unit:
            proposal = await unit.pages.queue.proposal(one_id, other_id)
            themes = await unit.themes.get([one_id, other_id])
            await unit.commit()
        if proposal is None or len(themes) < 2:
            return None
        stays, goes = _ordered(themes)
        return Entry(
            question=f"Are these one matter? {proposal.probability:.0%} likely. {proposal.reason}".strip(),
            sides=(
                theme_side("Stays", stays, currency=parts.report.currency),
                theme_side("Goes into it", goes, currency=parts.report.currency),
            ),
            choices=(
                Choice(
                    key="y",
                    answer=MERGE,
                    text="One matter: merge",
                    does=f"“{goes.title}” goes into “{stays.title}”; it can be undone.",
                    main=True,
                ),
                Choice(key="n", answer=APART, text="Two matters", does="They stay two; it is not proposed again."),
            ),
        )

    async def answer(self, parts: Parts, given: Given) -> Answered:
        """Merge the smaller into the larger, or refuse."""
        one_id, _, other_id = given.subject.partition(" ")
        async with parts.store.unit() as unit:
            proposal = await unit.pages.queue.proposal(one_id, other_id)
            themes = await unit.themes.get([one_id, other_id])
        if proposal is None or len(themes) < 2:
            raise meanwhile()
        kept = {"probability": str(proposal.probability)}
        if given.answer == APART:
            await refuse(parts, one_id, other=other_id)
            return Answered(said="Kept apart.", before=kept)
        stays, goes = _ordered(themes)
        done = await merge(parts, goes.id, into=stays.id, reason=given.reason)
        return Answered(said=f"Merged into {stays.title!r}.", before={**kept, "edit": done.edit.id})

    async def take_back(self, parts: Parts, decision: QueueDecision) -> None:
        """The merge is undone, or the proposal stands again."""
        if edit := decision.before.get("edit"):
            await undo(parts, edit)
            return
        one_id, _, other_id = decision.subject.partition(" ")
        async with parts.store.unit() as unit:
            await unchanged(unit, decision, pairs=[(one_id, other_id)])
            await unit.pages.queue.unsay([(one_id, other_id)])
            probability = float(decision.before["probability"])
            await unit.pages.queue.propose_again(one_id, other_id, probability=probability, reason="")
            await unit.commit()


def _ordered(themes: list[Theme]) -> tuple[Theme, Theme]:
    """The theme that stays (more conversations, then the older) and the one that goes into it."""
    first, second = sorted(themes, key=lambda theme: (-theme.conversations, theme.first_seen, theme.id))
    return first, second
