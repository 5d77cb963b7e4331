"""Corrections as rows and back, and laying them over what is about to be saved."""

# ruff: noqa: S608 (statements are put together from constant names and conditions; values are parameters)

from collections.abc import Mapping, Sequence
from typing import Any

from earshot.domain.correction import Correction, labels_laid_over, laid_over, remembering
from earshot.domain.insight import FirstLabels, Insight
from earshot.store.sql import Sql

COLUMNS = (
    "id, conversation_id, field, value, was, was_score, was_label, reason, actor, made_at, undone_at, undone_by"
)
_IN_FORCE = f"""
    select {COLUMNS} from correction where conversation_id = any(cast(:ids as varchar[])) and undone_at is null
    order by conversation_id, field
"""
_REMEMBER = """
    update correction set was = :was, was_score = :was_score, was_label = :was_label where id = :id
"""


def corrected(table: str) -> str:
    """The names of what is corrected in a conversation of a table, as a column of a query."""
    return f"""(select array_agg(k.field order by k.field) from correction k
        where k.conversation_id = {table}.conversation_id and k.undone_at is null) as corrected"""


def correction_from(row: Mapping[str, Any] | Any) -> Correction:
    """The correction of a row."""
    return Correction.model_validate(dict(row))


async def in_force(sql: Sql, ids: Sequence[str]) -> dict[str, list[Correction]]:
    """What is corrected, by conversation."""
    found: dict[str, list[Correction]] = {}
    for row in await sql.rows(_IN_FORCE, ids=list(ids)):
        found.setdefault(row["conversation_id"], []).append(correction_from(row))
    return found


async def overlay(sql: Sql, insights: dict[str, Insight]) -> dict[str, Insight]:
    """Readings with what people corrected laid over them; what the model says is remembered with the correction."""
    held = await in_force(sql, list(insights))
    for one, corrections in held.items():
        await _remember(sql, [remembering(k, insight=insights[one]) for k in corrections], before=corrections)
    return insights | {one: laid_over(insights[one], held[one]) for one in held}


async def overlay_labels(sql: Sql, labels: Sequence[FirstLabels]) -> list[FirstLabels]:
    """The same for first labels."""
    held = await in_force(sql, [one.conversation_id for one in labels])
    for one in labels:
        corrections = held.get(one.conversation_id, [])
        await _remember(sql, [remembering(k, labels=one) for k in corrections], before=corrections)
    return [labels_laid_over(one, held.get(one.conversation_id, [])) for one in labels]


async def _remember(sql: Sql, now: Sequence[Correction], *, before: Sequence[Correction]) -> None:
    for new, old in zip(now, before, strict=True):
        if new != old:
            told = {"was": new.was, "was_score": new.was_score, "was_label": new.was_label}
            await sql.run(_REMEMBER, id=new.id, **told)
