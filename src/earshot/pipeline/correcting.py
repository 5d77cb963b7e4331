"""Use cases: a person corrects a field of a reading, and takes that back. Figures, themes and rules follow."""

import hashlib
from collections.abc import Sequence

from earshot.domain.correction import CHOICES, LABELLED, Correction, Field, remembering
from earshot.domain.insight import FirstLabels, Insight
from earshot.domain.model import Noun
from earshot.errors import BadInput, NotFound, Rejected
from earshot.pipeline.live.judging import judge_read
from earshot.pipeline.parts import Parts
from earshot.ports.store import Unit
from earshot.text.escape import one_line

FEATURE_LIMIT = 100
REASON_LIMIT = 500


class Standing(Noun):
    """What is said of a conversation now, by its reading or else by labels, and what of it people corrected.

    `version` is another one after any re-reading or correction.
    """

    insight: Insight | None
    labels: FirstLabels | None
    corrections: tuple[Correction, ...]
    version: str

    def value(self, field: Field) -> str | None:
        """The value of a field now, None where nobody says."""
        said = self.insight.reading if self.insight else self.labels and self.labels.labels
        found = getattr(said, field.value, None)
        return None if found is None else str(getattr(found, "value", found))

    def correction(self, field: Field) -> Correction | None:
        """The correction of a field that is in force."""
        return next((one for one in self.corrections if one.field is field), None)

    @property
    def fields(self) -> tuple[Field, ...]:
        """What can be corrected: labels alone have only some fields."""
        return tuple(Field) if self.insight else LABELLED if self.labels else ()


async def correct(
    parts: Parts, conversation_id: str, *, field: str, value: str, reason: str = "", version: str | None = None
) -> Correction:
    """Set a field as a person says; an earlier correction of it ends.

    `version` is what the person looked at: Rejected where something changed since. NotFound where nothing was read.
    """
    wanted, told = _field(field), _value(_field(field), value)
    now = parts.clock.now()
    async with parts.store.unit() as unit:
        standing = await _held(unit, conversation_id, version=version)
        if wanted not in standing.fields:
            raise BadInput(
                f"Only labels of this conversation are known yet: {wanted.value} cannot be set.",
                hint="It can once the whole was read: `earshot classify`.",
            )
        before = standing.correction(wanted)
        if before is not None and before.value == told:
            raise BadInput(f"It is {told or 'none'} already, as {before.actor} set it.")
        correction = Correction(
            id=parts.ids.new(),
            conversation_id=conversation_id,
            field=wanted,
            value=told,
            reason=one_line(reason)[:REASON_LIMIT],
            actor=parts.actor,
            made_at=now,
        )
        correction = _remembering(correction, standing, before=before)
        undone = [before.id] if before is not None else []
        await unit.pages.corrections.change(
            conversation_id, new=correction, undone=undone, actor=parts.actor, now=now
        )
        await unit.commit()
    await judge_read(parts, [conversation_id])
    return correction


async def take_back(parts: Parts, correction_id: str, *, version: str | None = None) -> Correction:
    """End a correction: what the model says now returns."""
    async with parts.store.unit() as unit:
        found = await unit.pages.corrections.get(correction_id)
    if found is None:
        raise NotFound("There is no such correction.")
    [ended] = await take_back_all(parts, found.conversation_id, ids=[found.id], version=version)
    return ended


async def take_back_all(
    parts: Parts, conversation_id: str, *, ids: Sequence[str], version: str | None = None
) -> list[Correction]:
    """End these corrections of a conversation, all or none. BadInput where one is not in force any more."""
    now = parts.clock.now()
    async with parts.store.unit() as unit:
        standing = await _held(unit, conversation_id, version=version)
        ended = [one for one in standing.corrections if one.id in ids]
        if len(ended) < len(set(ids)):
            raise BadInput("This correction is not in force any more.")
        await unit.pages.corrections.change(conversation_id, undone=list(ids), actor=parts.actor, now=now)
        await unit.commit()
    await judge_read(parts, [conversation_id])
    return ended


async def take_back_field(parts: Parts, conversation_id: str, *, field: str) -> Correction:
    """End the correction of a field that is in force."""
    wanted = _field(field)
    async with parts.store.unit() as unit:
        found = await unit.pages.corrections.of([conversation_id])
    for one in found.get(conversation_id, []):
        if one.field is wanted:
            return await take_back(parts, one.id)
    raise NotFound(f"No correction of {wanted.value} is in force there.")


async def standing(unit: Unit, conversation_id: str, *, lock: bool = False) -> Standing:
    """What is said of a conversation now; with `lock` it stays so until the unit ends."""
    insight, labels = await unit.pages.corrections.held(conversation_id, lock=lock)
    corrections = (await unit.pages.corrections.of([conversation_id])).get(conversation_id, [])
    return Standing(
        insight=insight,
        labels=labels,
        corrections=tuple(corrections),
        version=_version(insight, labels, corrections=corrections),
    )


async def _held(unit: Unit, conversation_id: str, *, version: str | None) -> Standing:
    found = await standing(unit, conversation_id, lock=True)
    if not found.fields:
        raise NotFound(
            f"There is no reading of conversation {conversation_id!r} to correct.",
            hint="Only what was read can be corrected: `earshot classify`.",
        )
    if version is not None and version != found.version:
        raise Rejected(
            "The reading changed while you looked at it; nothing of yours was saved.",
            hint="Look at it as it is now, then decide again.",
        )
    return found


def _remembering(correction: Correction, standing: Standing, *, before: Correction | None) -> Correction:
    """The correction with what the model itself says; where one ends with it, that one knows."""
    if before is None:
        return remembering(correction, insight=standing.insight, labels=standing.labels)
    known = {"was": before.was, "was_score": before.was_score, "was_label": before.was_label}
    return correction.model_copy(update=known)


def _version(insight: Insight | None, labels: FirstLabels | None, *, corrections: list[Correction]) -> str:
    parts = [one.id for one in corrections]
    parts += [f"{one.classified_at.isoformat()}{one.content_hash}" for one in (insight, labels) if one is not None]
    return hashlib.sha256("|".join(parts).encode()).hexdigest()[:16]


def _field(name: str) -> Field:
    try:
        return Field(name.strip().lower().replace("-", "_"))
    except ValueError:
        names = ", ".join(Field)
        raise BadInput(
            f'"{one_line(name)[:40]}" is no field that can be corrected.', hint=f"One of {names}."
        ) from None


def _value(field: Field, value: str) -> str:
    if field is Field.AFFECTED_FEATURE:
        feature = one_line(value)
        if len(feature) > FEATURE_LIMIT:
            raise BadInput(f"A feature has at most {FEATURE_LIMIT} characters.")
        return feature
    choices = CHOICES[field]
    try:
        return choices(value.strip().upper().replace(" ", "_").replace("-", "_")).value
    except ValueError:
        raise BadInput(
            f'"{one_line(value)[:40]}" is no {field.value}.', hint=f"One of {', '.join(choices)}."
        ) from None
