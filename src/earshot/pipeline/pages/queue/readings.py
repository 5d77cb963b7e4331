"""Entries about readings of which the reader was not sure: right, or corrected."""

from earshot.domain.correction import CHOICES, Field
from earshot.domain.queue import QueueDecision
from earshot.errors import BadInput
from earshot.pipeline.correcting import correct, standing, take_back_all
from earshot.pipeline.pages.queue.conversations import conversation_side
from earshot.pipeline.pages.queue.entries import Answered, Choice, Entry, Given, anew, meanwhile
from earshot.pipeline.pages.queue.entries import Field as Label
from earshot.pipeline.parts import Parts

RIGHT, CORRECT = "right", "correct"
_FIELDS = (Field.ISSUE_TYPE, Field.PRIORITY, Field.SENTIMENT, Field.CHURN_RISK)


class Readings:
    """A conversation with the labels that its reader gave it."""

    async def entry(self, parts: Parts, subject: str) -> Entry | None:
        """The conversation and its labels, None where there is no full reading of it."""
        async with parts.store.unit() as unit:
            now = await standing(unit, subject)
            if now.insight is None:
                return None
            side = await conversation_side(unit, subject, currency=parts.report.currency)
        fields = tuple(
            Label(
                name=field.value,
                title=field.value.replace("_", " ").capitalize(),
                value=now.value(field) or "",
                options=tuple(CHOICES[field]),
            )
            for field in _FIELDS
        )
        sure = now.insight.reading.confidence
        return Entry(
            question=f"Is it read right? The reader was {sure:.0%} sure.",
            sides=(side,),
            choices=(
                Choice(
                    key="y", answer=RIGHT, text="Right", does="The labels stand; it is not asked again.", main=True
                ),
                Choice(
                    key="c", answer=CORRECT, text="Correct as set above", does="What you changed wins from now on."
                ),
            ),
            fields=fields,
            version=now.version,
        )

    async def answer(self, parts: Parts, given: Given) -> Answered:
        """Confirm the labels, or correct those that differ."""
        async with parts.store.unit() as unit:
            now = await standing(unit, given.subject)
        if now.insight is None or (given.version is not None and given.version != now.version):
            raise meanwhile()
        text = {"text": now.insight.content_hash}
        if given.answer == RIGHT:
            return Answered(said="Confirmed.", before=text)
        changed = [
            Field(name)
            for name, value in given.values
            if name in {field.value for field in _FIELDS} and value != now.value(Field(name))
        ]
        told, version, made = dict(given.values), given.version, list[str]()
        for field in changed:
            done = await correct(
                parts,
                given.subject,
                field=field.value,
                value=told[field.value],
                reason=given.reason,
                version=version,
            )
            version = None
            made.append(done.id)
        names = ", ".join(field.value.replace("_", " ") for field in changed)
        said = f"Corrected: {names}." if changed else "Nothing differed: confirmed."
        return Answered(said=said, before={**text, "corrections": ",".join(made)})

    async def take_back(self, parts: Parts, decision: QueueDecision) -> None:
        """What the model says returns, and it is asked again. Rejected where somebody corrected it since."""
        ids = [one for one in decision.before.get("corrections", "").split(",") if one]
        try:
            if ids:
                await take_back_all(parts, decision.subject, ids=ids)
        except BadInput:
            raise anew() from None
