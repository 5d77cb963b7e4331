"""What the rules have not seen yet, and the actions they decided."""

# ruff: noqa: S608 (statements are put together from constant names and conditions; values are parameters)

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from earshot.domain.action import Action, ActionStatus
from earshot.domain.customer import Customer
from earshot.domain.facts import ConversationFacts, CustomerFacts, Facts, FindingFacts, InsightFacts, ThemeFacts
from earshot.store.cleaning import clean
from earshot.store.rollups import Rollups
from earshot.store.sql import Sql, Stage

WEEK = timedelta(days=7)

_UNDECIDED = """
    select i.conversation_id, i.stage, i.issue_type, i.priority, i.sentiment, i.sentiment_score, i.churn_risk,
        coalesce(i.confidence, 0) as confidence, i.summary, coalesce(i.affected_feature, '') as affected_feature,
        coalesce(i.customer_segment, 'unknown') as customer_segment, i.recommended_action,
        c.source, c.state, c.tags, c.team_id, c.rating, c.customer, jsonb_array_length(c.messages) as messages,
        (
            select jsonb_agg(jsonb_build_object('issue_type', f.issue_type, 'summary', f.summary,
                'affected_feature', coalesce(f.affected_feature, '')) order by f.position)
            from finding f where f.conversation_id = i.conversation_id
        ) as findings,
        (
            select f.theme_id from finding f where f.conversation_id = i.conversation_id order by f.position limit 1
        ) as theme_id
    from conversation_insights i left join conversation c on c.id = i.conversation_id
    where i.decided_at is null order by i.conversation_at, i.conversation_id limit :limit
"""
_THEMES = """
    select t.id, t.title, t.conversations as frequency, t.customers, coalesce(t.mrr, 0) as mrr, coalesce((
        select sum(case when h.hour >= :week then h.n else -h.n end) from theme_hour h
        where h.theme_id = t.id and h.hour >= :fortnight and h.hour <= :now
    ), 0) as trend
    from theme t where t.id = any(:ids)
"""
_DECIDED = Stage(
    "decided_action",
    {
        "key": "text",
        "kind": "text",
        "subject": "text",
        "subject_id": "text",
        "conversation_id": "varchar(255)",
        "rule": "text",
        "reason": "text",
        "status": "text",
        "dry_run": "boolean",
        "created_at": "timestamptz",
    },
)
_INSERT = f"""
    with new as (
        insert into action ({", ".join(_DECIDED.columns)}, conversation_at, times_known)
        select {", ".join(f"d.{name}" for name in _DECIDED.columns)}, coalesce(i.conversation_at, d.created_at),
            coalesce(i.times_known, true)
        from decided_action d left join conversation_insights i using (conversation_id) order by d.key
        on conflict (key) do nothing returning *
    )
    insert into escalation_actions (conversation_id, action_type, reason, status, created_at, action_key)
    select conversation_id, kind, reason, status, created_at, key from new order by created_at, key
"""


class PostgresDecisions:
    """`ports.store.Decisions` in PostgreSQL."""

    def __init__(self, sql: Sql, rollups: Rollups) -> None:
        self._sql = sql
        self._rollups = rollups

    async def undecided(self, limit: int, *, now: datetime) -> list[Facts]:
        """Facts of insights that no rule has judged since they last changed."""
        await self._rollups.refresh()
        rows = await self._sql.rows(_UNDECIDED, limit=limit)
        ids = sorted({row["theme_id"] for row in rows if row["theme_id"]})
        themes = await self._sql.rows(_THEMES, ids=ids, now=now, week=now - WEEK, fortnight=now - 2 * WEEK)
        known = {row["id"]: ThemeFacts.model_validate(dict(row)) for row in themes}
        return [_facts(row, known.get(row["theme_id"], ThemeFacts()), now=now) for row in rows]

    async def save(self, actions: Sequence[Action], *, decided: Sequence[str], now: datetime) -> int:
        """Insert new actions (a known key is left alone), mark conversations decided; how many were new."""
        new = 0
        if actions:
            unique = {action.key: action for action in actions}
            await self._sql.stage(_DECIDED, [_action_row(action) for action in unique.values()])
            new = await self._sql.run(_INSERT)
        await self._sql.run(
            """update conversation_insights set decided_at = :now
            where conversation_id = any(:ids) and decided_at is null""",
            now=now,
            ids=list(decided),
        )
        return new

    async def list(self, status: ActionStatus | None, *, limit: int) -> list[Action]:
        """Actions, newest first."""
        rows = await self._sql.rows(
            f"""select {", ".join(_DECIDED.columns)} from action
            where status = coalesce(cast(:status as text), status)
            order by created_at desc, key limit :limit""",
            status=status.value if status else None,
            limit=limit,
        )
        return [Action.model_validate(dict(row)) for row in rows]


def _action_row(action: Action) -> tuple[Any, ...]:
    return (
        action.key,
        action.kind.value,
        action.subject.value,
        action.subject_id,
        action.conversation_id,
        action.rule,
        clean(action.reason),
        action.status.value,
        action.dry_run,
        action.created_at,
    )


def _facts(row: Any, theme: ThemeFacts, *, now: datetime) -> Facts:
    customer = None if row["customer"] is None else Customer.model_validate_json(row["customer"])
    findings: list[dict[str, Any]] = json.loads(row["findings"] or "[]")
    return Facts(
        insight=InsightFacts.model_validate({name: row[name] for name in InsightFacts.model_fields}),
        findings=tuple(FindingFacts.model_validate(one) for one in findings),
        customer=CustomerFacts() if customer is None else _customer(customer, now=now),
        conversation=ConversationFacts(
            id=row["conversation_id"],
            source=row["source"] or "",
            state=row["state"] or "unknown",
            tags=tuple(row["tags"] or ()),
            team_id=row["team_id"] or "",
            messages=row["messages"] or 0,
            rating=-1 if row["rating"] is None else row["rating"],
        ),
        theme=theme,
    )


def _customer(customer: Customer, *, now: datetime) -> CustomerFacts:
    return CustomerFacts(
        id=customer.id,
        account=customer.account,
        company=customer.company or "",
        plan=customer.plan or "",
        segment=customer.segment.value if customer.segment else "unknown",
        mrr=_known(customer.mrr),
        tenure_months=int(_known(customer.tenure_months(now))),
        account_age_days=int(_known(customer.account_age_days(now))),
        previous_conversations=int(_known(customer.previous_conversations)),
    )


def _known(number: float | None) -> float:
    return -1 if number is None else number
