"""Entries that rules put into the queue: taken up, made a backlog item, or not needed."""

from earshot.domain.action import ActionKind, ActionStatus
from earshot.domain.queue import QueueDecision
from earshot.pipeline.backlog.drafting import draft
from earshot.pipeline.pages.queue.conversations import conversation_side
from earshot.pipeline.pages.queue.entries import Answered, Choice, Entry, Given, Side, meanwhile, theme_side
from earshot.pipeline.parts import Parts
from earshot.ports.store import Unit

TAKE, DROP, ITEM = "take", "drop", "item"
_STATUS = {TAKE: ActionStatus.COMPLETED, ITEM: ActionStatus.COMPLETED, DROP: ActionStatus.DISCARDED}
_SAID = {TAKE: "Taken up.", DROP: "Taken off the queue."}


class PutByRules:
    """Conversations that a rule put into the PM queue."""

    async def entry(self, parts: Parts, subject: str) -> Entry | None:
        """The conversation with its theme, None where it was taken off."""
        async with parts.store.unit() as unit:
            found = await unit.decisions.get([subject])
            if not found or found[0].status is not ActionStatus.PENDING:
                return None
            if found[0].kind is not ActionKind.ADD_TO_PM_QUEUE:
                return None
            action = found[0]
            sides = [await conversation_side(unit, action.conversation_id, currency=parts.report.currency)]
            theme = await _theme_side(unit, action.conversation_id, currency=parts.report.currency)
            await unit.commit()
        choices = [
            Choice(key="y", answer=TAKE, text="Taken up", does="It is looked after; the entry is done.", main=True),
            Choice(key="n", answer=DROP, text="Not needed", does="Nothing follows from it."),
        ]
        if theme is not None:
            sides.append(theme)
            told = "Its theme becomes a backlog item by template, if it is none yet."
            choices.insert(1, Choice(key="b", answer=ITEM, text="Backlog item", does=told))
        why = f"Put here by the rule {action.rule}."
        return Entry(
            question=f"Does this need a product manager? {why}", sides=tuple(sides), choices=tuple(choices)
        )

    async def answer(self, parts: Parts, given: Given) -> Answered:
        """Take the entry off; for a backlog item, its theme is drafted first, so that a failure loses nothing."""
        said = await _made(parts, given.subject) if given.answer == ITEM else _SAID[given.answer]
        async with parts.store.unit() as unit:
            done = await unit.decisions.take_off(
                given.subject,
                status=_STATUS[given.answer],
                before=ActionStatus.PENDING,
                now=parts.clock.now(),
            )
            if not done:
                raise meanwhile()
            await unit.commit()
        return Answered(said=said, before={"status": _STATUS[given.answer].value})

    async def take_back(self, parts: Parts, decision: QueueDecision) -> None:
        """It waits again."""
        async with parts.store.unit() as unit:
            before = ActionStatus(decision.before["status"])
            if not await unit.decisions.take_off(
                decision.subject, status=ActionStatus.PENDING, before=before, now=parts.clock.now()
            ):
                raise meanwhile()
            await unit.commit()


async def _made(parts: Parts, subject: str) -> str:
    """Draft the theme of an entry that still waits; what came of it, in words."""
    async with parts.store.unit() as unit:
        found = await unit.decisions.get([subject])
        if not found or found[0].status is not ActionStatus.PENDING:
            raise meanwhile()
        theme = await unit.pages.queue.theme_of(found[0].conversation_id)
        await unit.commit()
    if theme is None:
        raise meanwhile()
    drafted = (await draft(parts, themes=[theme], with_model=False)).drafted[0]
    return f"Its theme: {drafted.outcome.value}."


async def _theme_side(unit: Unit, conversation_id: str, *, currency: str) -> Side | None:
    theme = await unit.pages.queue.theme_of(conversation_id)
    found = await unit.themes.get([theme]) if theme else []
    return theme_side("Its theme", found[0], currency=currency) if found else None
