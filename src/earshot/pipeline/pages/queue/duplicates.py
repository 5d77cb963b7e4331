"""Entries about items elsewhere that a theme may be: the same matter, or not."""

from earshot.domain.backlog import ExistingItem, Match, Standing
from earshot.domain.queue import QueueDecision
from earshot.pipeline.backlog.deciding import say
from earshot.pipeline.pages.queue.entries import Answered, Choice, Entry, Fact, Given, Side, theme_side, unchanged
from earshot.pipeline.parts import Parts

SAME, DIFFERENT = "same", "different"
_CHOICES = (
    Choice(
        key="y",
        answer=SAME,
        text="The same",
        does="The theme is tied to the item in your tracker; our own draft of it is discarded.",
        main=True,
    ),
    Choice(key="n", answer=DIFFERENT, text="Different", does="They stay two; you are not asked again."),
)
_TEXT = 1_500


class Duplicates:
    """A theme beside an item of the tracker."""

    async def entry(self, parts: Parts, subject: str) -> Entry | None:
        """Both side by side, None where it is decided."""
        async with parts.store.unit() as unit:
            theme_id, _, item_id = subject.partition(" ")
            beside = {match.item_id: (match, item) for match, item in await unit.pages.backlog.twins([theme_id])}
            decided = any(match.standing is Standing.SAME for match, _ in beside.values())
            themes = await unit.themes.get([theme_id])
            await unit.commit()
        if decided or item_id not in beside or not themes:
            return None
        match, item = beside[item_id]
        return Entry(
            question=f"Is the theme the same matter as {item.key}? {match.probability:.0%} likely, by their words.",
            sides=(theme_side("What customers say", themes[0], currency=parts.report.currency), _side(match, item)),
            choices=_CHOICES,
        )

    async def answer(self, parts: Parts, given: Given) -> Answered:
        """Say it, for good."""
        theme_id, _, item_id = given.subject.partition(" ")
        async with parts.store.unit() as unit:
            before = next((m for m in await unit.backlog.matches(theme_id) if m.item_id == item_id), None)
        same = given.answer == SAME
        said = await say(parts, theme_id, item=item_id, same=same, reason=given.reason, only_open=True)
        more = " Our draft of it is discarded." if said.discarded else ""
        return Answered(
            said=f"{said.theme_title!r} is {'' if same else 'not '}{said.key}.{more}",
            before={"probability": str(before.probability if before else 0.0), "same": str(same)},
        )

    async def take_back(self, parts: Parts, decision: QueueDecision) -> None:
        """It is open again, and a draft that was discarded for it comes back."""
        theme_id, _, item_id = decision.subject.partition(" ")
        async with parts.store.unit() as unit:
            await unchanged(unit, decision, pairs=[(theme_id, item_id)])
        if decision.before["same"] == "True":
            await say(parts, theme_id, item=item_id, same=False, reason="taken back")
        async with parts.store.unit() as unit:
            await unit.pages.queue.unsay([(theme_id, item_id)])
            await unit.pages.queue.reopen(
                theme_id,
                item_id,
                probability=float(decision.before["probability"]),
                reason="",
                at=parts.clock.now(),
            )
            await unit.commit()


def _side(match: Match, item: ExistingItem) -> Side:
    return Side(
        label=f"In {item.source.capitalize()}",
        title=f"{item.key} {item.title}",
        url=item.url,
        text=item.description[:_TEXT],
        facts=(
            Fact(name="Type", value=item.issue_type or "–"),
            Fact(name="Status", value=item.status or "–"),
            Fact(name="Changed", value=f"{item.updated_at:%Y-%m-%d}" if item.updated_at else "–"),
            Fact(name="Likeness", value=f"{match.probability:.0%}"),
        ),
    )
