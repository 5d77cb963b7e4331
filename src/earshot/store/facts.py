"""Facts that rules judge by, from insights, conversations and themes; and conditions on them as SQL."""

# ruff: noqa: S608 (statements are put together from constant names and conditions; values are parameters)

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from earshot.domain.customer import Customer
from earshot.domain.facts import ConversationFacts, CustomerFacts, Facts, FindingFacts, InsightFacts, ThemeFacts
from earshot.domain.rule_state import Clause
from earshot.errors import BadInput
from earshot.store.driver import Row
from earshot.store.sql import Sql

WEEK = timedelta(days=7)

_THEME = (
    "(select f.theme_id from finding f where f.conversation_id = i.conversation_id order by f.position limit 1)"
)
_FACTS = f"""
    select i.conversation_id, i.conversation_at, i.stage, i.issue_type, i.priority, i.sentiment, i.sentiment_score,
        i.churn_risk, coalesce(i.confidence, 0) as confidence, i.summary,
        coalesce(i.affected_feature, '') as affected_feature,
        coalesce(i.customer_segment, 'unknown') as customer_segment, i.recommended_action, i.injection,
        i.classifier, coalesce(i.category, '') as category,
        c.source, c.state, c.tags, c.team_id, c.rating, c.customer, jsonb_array_length(c.messages) as messages,
        (
            select jsonb_agg(jsonb_build_object('issue_type', f.issue_type, 'summary', f.summary,
                'affected_feature', coalesce(f.affected_feature, '')) order by f.position)
            from finding f where f.conversation_id = i.conversation_id
        ) as findings, {_THEME} as theme_id
    from (
        select i.* from conversation_insights i {{narrowing}}
        where {{which}} order by i.conversation_at, i.conversation_id limit :limit
    ) i left join conversation c on c.id = i.conversation_id
    order by i.conversation_at, i.conversation_id
"""
_THEMES = """
    select t.id, t.title, t.conversations as frequency, t.customers, coalesce(t.mrr, 0) as mrr, coalesce((
        select sum(case when h.hour >= :week then h.n else -h.n end) from theme_hour h
        where h.theme_id = t.id and h.hour >= :fortnight and h.hour <= :now
    ), 0) as trend
    from theme t where t.id = any(:ids)
"""
_SPOKEN = "left join conversation c on c.id = i.conversation_id"
_GROUPED = f"left join theme t on t.id = {_THEME}"
_TEXTS = {
    "insight.conversation_id": "i.conversation_id",
    "insight.stage": "i.stage",
    "insight.issue_type": "i.issue_type",
    "insight.priority": "i.priority",
    "insight.sentiment": "i.sentiment",
    "insight.churn_risk": "i.churn_risk",
    "insight.affected_feature": "coalesce(i.affected_feature, '')",
    "insight.customer_segment": "coalesce(i.customer_segment, 'unknown')",
    "insight.recommended_action": "i.recommended_action",
    "insight.classifier": "i.classifier",
    "insight.category": "coalesce(i.category, '')",
    "customer.company": "coalesce(c.customer->>'company', '')",
    "customer.plan": "coalesce(c.customer->>'plan', '')",
    "customer.segment": "coalesce(c.customer->>'segment', 'unknown')",
    "conversation.source": "coalesce(c.source, '')",
    "conversation.state": "coalesce(c.state, 'unknown')",
    "conversation.team_id": "coalesce(c.team_id, '')",
    "theme.id": "coalesce(t.id, '')",
}
_NUMBERS = {
    "insight.sentiment_score": "i.sentiment_score",
    "insight.confidence": "coalesce(i.confidence, 0)",
    "customer.mrr": "coalesce((c.customer->>'mrr')::float8, -1)",
    "customer.previous_conversations": "coalesce((c.customer->>'previous_conversations')::float8, -1)",
    "conversation.rating": "coalesce(c.rating, -1)",
    "theme.frequency": "coalesce(t.conversations, 0)",
    "theme.customers": "coalesce(t.customers, 0)",
    "theme.mrr": "coalesce(t.mrr, 0)",
}
_TRUTHS = {"insight.injection": "i.injection"}
NARROWED = frozenset({*_TEXTS, *_NUMBERS, *_TRUTHS})
"""The facts that a clause may be about."""
_COMPARISONS = (">=", ">", "<=", "<")


async def load_facts(
    sql: Sql, which: str, *, now: datetime, limit: int, narrowing: str = "", **parameters: Any
) -> list[Facts]:
    """Facts of insights that fulfil a condition on table `i`, in order of conversation time and id."""
    statement = _FACTS.format(narrowing=narrowing, which=which)
    return await facts_of(sql, await sql.rows(statement, limit=limit, **parameters), now=now)


async def facts_of(sql: Sql, rows: Sequence[Mapping[str, Any] | Any], *, now: datetime) -> list[Facts]:
    """The facts of rows with the columns of `_FACTS`, each with its theme as last counted."""
    ids = sorted({row["theme_id"] for row in rows if row["theme_id"]})
    times = {"now": now, "week": now - WEEK, "fortnight": now - 2 * WEEK}
    themes: Sequence[Row] = await sql.rows(_THEMES, ids=ids, **times) if ids else ()
    known = {str(row["id"]): ThemeFacts.model_validate(dict(row)) for row in themes}
    return [_facts(row, known.get(row["theme_id"], ThemeFacts()), now=now) for row in rows]


def conditions(clauses: Sequence[Clause]) -> tuple[str, str, dict[str, Any]]:
    """Clauses as SQL on `i`: the joins they need, the condition, its parameters. BadInput for what is not known."""
    told = [_condition(clause, f"clause_{n}") for n, clause in enumerate(clauses)]
    facts = {clause.fact.partition(".")[0] for clause in clauses}
    joins = [_SPOKEN] if facts & {"customer", "conversation"} else []
    joins += [_GROUPED] if "theme" in facts else []
    parameters = {f"clause_{n}": value for n, (_, value) in enumerate(told)}
    return " ".join(joins), "".join(f" and {condition}" for condition, _ in told), parameters


def _condition(clause: Clause, name: str) -> tuple[str, Any]:
    if clause.op == "in":
        column, kind, values = _listed(clause)
        return f"{column} = any(cast(:{name} as {kind}[]))", values
    if clause.op in _COMPARISONS and clause.fact in _NUMBERS and len(clause.values) == 1:
        return f"{_NUMBERS[clause.fact]} {clause.op} cast(:{name} as float8)", _number(clause, clause.values[0])
    raise _unknown(clause)


def _listed(clause: Clause) -> tuple[str, str, list[Any]]:
    """Column, type and values of a clause that lists values."""
    if clause.fact in _NUMBERS:
        return _NUMBERS[clause.fact], "float8", [_number(clause, value) for value in clause.values]
    wanted = bool if clause.fact in _TRUTHS else str
    column = _TRUTHS.get(clause.fact) or _TEXTS.get(clause.fact)
    if column is None or not all(isinstance(value, wanted) for value in clause.values):
        raise _unknown(clause)
    return column, "boolean" if wanted is bool else "text", list(clause.values)


def _number(clause: Clause, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _unknown(clause)
    return float(value)


def _unknown(clause: Clause) -> BadInput:
    return BadInput(f"insights cannot be narrowed down by {clause.fact} {clause.op} …")


def _facts(row: Mapping[str, Any] | Any, theme: ThemeFacts, *, now: datetime) -> Facts:
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
        at=row["conversation_at"],
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
