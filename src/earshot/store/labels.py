"""Insights of stage `labels`: the closed fields that are known before, or instead of, a full reading."""

# ruff: noqa: S608 (statements are put together from constant names and conditions; values are parameters)

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from earshot.domain.correction import LABELLED as CORRECTABLE
from earshot.domain.insight import FirstLabels
from earshot.domain.reading import PartialLabels
from earshot.store.correction_rows import corrected, overlay_labels
from earshot.store.provenance_rows import ORIGIN, origin_from, origin_values
from earshot.store.sql import Sql, Stage

_BATCH = 1000
LABELLED = Stage(
    "labelled_conversation",
    {
        "conversation_id": "varchar(255)",
        "issue_type": "text",
        "priority": "text",
        "sentiment": "text",
        "churn_risk": "text",
        "confidence": "float8",
        "probabilities": "jsonb",
        "customer_segment": "text",
        "created_at": "timestamptz",
        "content_hash": "text",
        "conversation_at": "timestamptz",
        "times_known": "boolean",
    }
    | ORIGIN,
)
_PLAIN = [name for name in LABELLED.columns if name != "conversation_id"]
_UPSERT = f"""
    insert into first_labels ({", ".join(LABELLED.columns)})
    select {", ".join(LABELLED.columns)} from labelled_conversation order by conversation_id
    on conflict (conversation_id) do update set {", ".join(f"{name} = excluded.{name}" for name in _PLAIN)},
        decided_at = null
"""
_CLEAR_UNREAD = """
    with cleared as (
        delete from unread where conversation_id in (select conversation_id from labelled_conversation)
        returning conversation_id
    )
    update conversation c set read_hash = null from cleared where c.id = cleared.conversation_id
"""
_EXPORT = f"""
    select l.*, {corrected("l")} from first_labels l where not exists (
        select from conversation_insights i
        where i.conversation_id = l.conversation_id and i.content_hash = l.content_hash
    ) order by l.conversation_at, l.conversation_id
"""


async def save_labels(sql: Sql, labels: Sequence[FirstLabels]) -> None:
    """Replace the labels of conversations that have no full reading of this text.

    They are no longer unread, but a full reading of them may still be wanted.
    """
    if labels:
        await lay_labels(sql, labels)
        await sql.run(_CLEAR_UNREAD)


async def lay_labels(sql: Sql, labels: Sequence[FirstLabels]) -> None:
    """Put labels, with what people corrected laid over them, in place of what is held."""
    await sql.stage(LABELLED, [label_row(one) for one in await overlay_labels(sql, labels)])
    await sql.run(_UPSERT)


async def export_labels(sql: Sql) -> AsyncIterator[Sequence[FirstLabels]]:
    """All conversations whose text has labels only, in batches, by conversation time."""
    async for rows in sql.batches(_EXPORT, size=_BATCH):
        yield [labels_from(row) for row in rows]


def label_row(one: FirstLabels) -> tuple[Any, ...]:
    """The values of `LABELLED`, in order."""
    labels = one.labels
    return (
        one.conversation_id,
        labels.issue_type.value,
        None if labels.priority is None else labels.priority.value,
        None if labels.sentiment is None else labels.sentiment.value,
        None if labels.churn_risk is None else labels.churn_risk.value,
        labels.confidence,
        json.dumps(labels.probabilities),
        None if one.customer_segment is None else one.customer_segment.value,
        one.classified_at,
        one.content_hash,
        one.conversation_at,
        one.times_known,
        *origin_values(one.provenance),
    )


def labels_from(row: Mapping[str, Any] | Any) -> FirstLabels:
    """The labels of a row of first_labels."""
    return FirstLabels(
        conversation_id=row["conversation_id"],
        labels=PartialLabels(
            issue_type=row["issue_type"],
            priority=row["priority"],
            sentiment=row["sentiment"],
            churn_risk=row["churn_risk"],
            confidence=row["confidence"],
            probabilities=json.loads(row["probabilities"]),
        ),
        provenance=origin_from(row),
        customer_segment=row["customer_segment"],
        content_hash=row["content_hash"],
        classified_at=row["created_at"],
        conversation_at=row["conversation_at"],
        times_known=row["times_known"],
        corrected=tuple(name for name in row["corrected"] or () if name in CORRECTABLE),
    )
