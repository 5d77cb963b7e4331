"""Facts of what is known so far: of readings, and of first labels where there is no reading of the text yet."""

# ruff: noqa: S608 (statements are put together from constant names and conditions; values are parameters)

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from earshot.domain.facts import Facts
from earshot.store.facts import facts_of, load_facts
from earshot.store.sql import Sql

_OFTEN_UNKNOWN = ("priority", "sentiment", "churn_risk")
"""Closed fields that a decision endpoint may have refused to answer."""
_NEVER_KNOWN = (
    "findings",
    "insight.affected_feature",
    "insight.category",
    "insight.recommended_action",
    "insight.sentiment_score",
    "insight.summary",
)
"""What labels never tell."""
_PRESENT = """from first_labels l join conversation c on c.id = l.conversation_id
    where {which} and not c.deleted and l.content_hash = c.content_hash and not exists (
        select from conversation_insights i
        where i.conversation_id = l.conversation_id and i.content_hash = l.content_hash
    )"""
_LABELS = f"""
    select l.conversation_id, l.conversation_at, 'labels' as stage, l.issue_type,
        coalesce(l.priority, '') as priority, coalesce(l.sentiment, '') as sentiment, 0.0 as sentiment_score,
        coalesce(l.churn_risk, '') as churn_risk, coalesce(l.confidence, 0) as confidence, '' as summary,
        '' as affected_feature, coalesce(l.customer_segment, 'unknown') as customer_segment,
        '' as recommended_action, false as injection, l.classifier, '' as category,
        c.source, c.state, c.tags, c.team_id, c.rating, c.customer, jsonb_array_length(c.messages) as messages,
        null as findings, (
            select f.theme_id from finding f where f.conversation_id = l.conversation_id order by f.position limit 1
        ) as theme_id
    {_PRESENT}
    order by l.conversation_at, l.conversation_id limit :limit
"""
"""The theme is that of an earlier text of the same conversation, if it has one."""
_ANY = "l.conversation_id = any(cast(:ids as text[]))"
_OPEN = "l.decided_at is null"


async def undecided_labels(sql: Sql, *, now: datetime, limit: int) -> list[Facts]:
    """Facts of first labels that no rule has judged and that no full reading has overtaken."""
    return await _labels(sql, _OPEN, now=now, limit=limit)


async def known_facts(sql: Sql, ids: Sequence[str], *, now: datetime) -> list[Facts]:
    """Facts of these conversations as far as they are known, judged before or not; a missing theme is lacking."""
    which = "i.conversation_id = any(cast(:ids as text[])) and not exists (select from conversation c"
    stale = "where c.id = i.conversation_id and c.content_hash <> i.content_hash)"
    full = await load_facts(sql, f"{which} {stale}", now=now, limit=len(ids), ids=list(ids))
    read = {one.insight.conversation_id for one in full}
    rest = [one for one in ids if one not in read]
    labels = await _labels(sql, _ANY, now=now, limit=len(rest), ids=rest) if rest else []
    return [*(one if one.theme.id else _with(one, "theme") for one in full), *labels]


async def _labels(sql: Sql, which: str, *, now: datetime, limit: int, **parameters: Any) -> list[Facts]:
    rows = await sql.rows(_LABELS.format(which=which), limit=limit, **parameters)
    return [_lacking(one) for one in await facts_of(sql, rows, now=now)]


def _lacking(facts: Facts) -> Facts:
    unknown = [f"insight.{name}" for name in _OFTEN_UNKNOWN if not getattr(facts.insight, name)]
    return _with(facts, *_NEVER_KNOWN, *unknown, *(() if facts.theme.id else ("theme",)))


def _with(facts: Facts, *lacking: str) -> Facts:
    return facts.model_copy(update={"lacking": lacking})
