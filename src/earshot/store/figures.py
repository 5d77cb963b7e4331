"""The numbers of reports, from rows and roll-ups."""

# ruff: noqa: S608 (statements are put together from constant names and conditions; values are parameters)

import math
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from earshot.domain.action import Action, ActionKind
from earshot.domain.report import Cost, DayCount, DaySentiment, Highlight, Report, Totals, Window
from earshot.domain.run import Completeness
from earshot.store.decisions import URGENT
from earshot.store.rollups import LOW_CONFIDENCE, Rollups
from earshot.store.sql import Sql
from earshot.store.themes import PostgresThemes
from earshot.store.wanting import UNREAD
from earshot.store.windows import CUT, ROLLED, WITHIN, Span, before, span

LISTED = 20
"""Longest list of single conversations or actions in a report."""

_DIMENSIONS = ("issue_type", "priority", "sentiment", "churn_risk", "model", "action")
_COUNTS = f"""
    /* counts by type, priority, sentiment, churn, model, action */ select dimension, value, sum(n)::int as n,
        sum(score) as score, sum(squares) as squares,
        sum(low)::int as low, sum(calls)::int as calls,
        sum(input_tokens)::bigint as input_tokens, sum(output_tokens)::bigint as output_tokens,
        sum(cost_usd) as cost_usd, sum(unpriced)::int as unpriced
    from (
        select dimension, value, n, score, squares, low_confidence as low, calls, input_tokens, output_tokens,
            cost_usd, unpriced
        from insight_hour where dimension = any(:dimensions) and {ROLLED}
        union all
        select d.dimension, d.value, 1, sentiment_score, sentiment_score * sentiment_score,
            (coalesce(confidence, 1) < {LOW_CONFIDENCE})::int,
            (input_tokens is not null)::int, coalesce(input_tokens, 0), coalesce(output_tokens, 0),
            coalesce(cost_usd, 0), (cost_usd is null)::int
        from conversation_insights cross join lateral (values ('issue_type', issue_type), ('priority', priority),
            ('sentiment', sentiment), ('churn_risk', churn_risk), ('model', model)) as d (dimension, value)
        where {CUT}
        union all
        select 'action', kind, 1, 0, 0, 0, 0, 0, 0, 0, 0 from action where {CUT}
    ) counted group by dimension, value order by dimension, n desc, value
"""
_DAYS = f"""
    /* days: types and sentiment */ select (at at time zone :timezone)::date as day, value, sum(n)::int as n,
        sum(score) as score from (
        select hour as at, value, n, score from insight_hour
        where dimension = 'issue_type' and hour > '-infinity' and {ROLLED}
        union all
        select conversation_at, issue_type, 1, sentiment_score from conversation_insights
        where hour > '-infinity' and {CUT}
    ) counted group by 1, 2 order by 1, 2
"""
_CUSTOMERS = f"""
    /* distinct customers */ select count(*) from (
        select account from conversation_insights where account is not null and {WITHIN} group by account
    ) distinct_accounts
"""
_HIGHLIGHTS = """
    /* {label} */ select i.conversation_id, c.url, i.conversation_at as said_at, i.issue_type, i.priority,
        i.sentiment_score, i.churn_risk, coalesce(i.confidence, 0) as confidence, i.summary, (
            select f.quote from finding f where f.conversation_id = i.conversation_id order by f.position limit 1
        ) as quote, c.customer->>'name' as customer, c.customer->>'company' as company,
        c.customer->>'plan' as plan, (c.customer->>'mrr')::float8 as mrr
    from (
        select r.rank, m.* from unnest(cast(:ranks as text[])) with ordinality as r (value, rank)
        cross join lateral (
            select * from conversation_insights where {which} and {rank} = r.value and {within}
            order by hour desc, conversation_at desc, conversation_id limit :limit
        ) m
        order by r.rank, m.conversation_at desc, m.conversation_id limit :limit
    ) i left join conversation c on c.id = i.conversation_id
    order by i.rank, i.conversation_at desc, i.conversation_id
"""
_CRITICAL = _HIGHLIGHTS.format(label="criticals", which="priority = 'CRITICAL'", rank="churn_risk", within=WITHIN)
_CHURNING = _HIGHLIGHTS.format(label="high churn", which="churn_risk = 'HIGH'", rank="priority", within=WITHIN)
_ACTIONS = f"""
    /* actions */ select a.key, a.kind, a.subject, a.subject_id, a.conversation_id, a.rule, a.reason, a.status,
        a.dry_run, a.created_at
    from unnest(cast(:kinds as text[])) with ordinality as k (kind, rank) cross join lateral (
        select * from action where kind = k.kind and {WITHIN} order by hour desc, conversation_at desc,
            key limit :limit
    ) a order by k.rank, a.conversation_at desc, a.key limit :limit
"""
_WITHIN_SPOKEN = """c.spoken_at < cast(cast(:end as text) as timestamptz) and (cast(:start as text) = '-infinity'
    or c.times_known and c.spoken_at >= cast(cast(:start as text) as timestamptz))"""
_AROUND = f"""
    /* undated, unread, filtered out */
    select (select name from workspace order by bound_at, source limit 1) as workspace,
        (select max(backfill_from) from sync_state) as held_since,
        coalesce((
            select sum(n) from insight_hour where dimension = 'issue_type' and hour = '-infinity'
        ), 0)::int as undated,
        (select count(*) from unread u join conversation c on c.id = u.conversation_id
            where {UNREAD} and {_WITHIN_SPOKEN}) as unread,
        (
            select count(*) from conversation c where c.excluded is not null and not c.deleted and {_WITHIN_SPOKEN}
        ) as filtered_out
"""
_COMPLETENESS = """
    select completeness, ended_at from run where completeness is not null order by ended_at desc nulls last limit 1
"""


class PostgresFigures:
    """`ports.store.Figures` in PostgreSQL."""

    def __init__(self, sql: Sql, rollups: Rollups, *, themes: PostgresThemes) -> None:
        self._sql = sql
        self._rollups = rollups
        self._themes = themes

    async def refresh(self) -> None:
        """Recompute the roll-ups of dirty hours, so that they are exact."""
        await self._rollups.refresh()

    async def report(self, window: Window, *, top: int, currency: str, now: datetime) -> Report:
        """All figures of a report over a window of conversation time."""
        await self._rollups.refresh()
        here, earlier = span(window), span(before(window))
        counts = await self._counts(here)
        days = await self._sql.rows(_DAYS, timezone=here.timezone, **span(window, by_day=True).bounds)
        around = await self._sql.row(_AROUND, start=here.start, end=here.end)
        if around is None:
            raise RuntimeError("a query without a table gave no row")
        completeness = await self._sql.row(_COMPLETENESS)
        return Report(
            window=window,
            generated_at=now,
            workspace=around["workspace"],
            currency=currency,
            totals=await self._totals(counts, here),
            previous=await self._totals(await self._counts(earlier), earlier),
            issue_days=tuple(DayCount(day=d["day"], issue_type=d["value"], conversations=d["n"]) for d in days),
            sentiment_days=_sentiment_days(days),
            themes=tuple(await self._themes.top(window, limit=top)),
            criticals=await self._highlights(_CRITICAL, here, ranks=("HIGH", "MEDIUM", "LOW")),
            high_churn=await self._highlights(_CHURNING, here, ranks=("CRITICAL", "HIGH", "MEDIUM", "LOW")),
            actions=await self._actions(here),
            action_counts=_tally(counts, "action"),
            cost=_cost(counts),
            completeness=_completeness(completeness),
            completeness_at=completeness["ended_at"] if completeness else None,
            undated=around["undated"],
            unread=around["unread"],
            filtered_out=around["filtered_out"],
            held_since=around["held_since"],
        )

    async def _counts(self, here: Span) -> Sequence[Any]:
        return await self._sql.rows(_COUNTS, dimensions=list(_DIMENSIONS), **here.bounds)

    async def _totals(self, counts: Sequence[Any], here: Span) -> Totals:
        issues = [row for row in counts if row["dimension"] == "issue_type"]
        n = sum(row["n"] for row in issues)
        return Totals(
            conversations=n,
            customers=int(await self._sql.value(_CUSTOMERS, **here.bounds)) if n else 0,
            critical=_tally(counts, "priority").get("CRITICAL", 0),
            high_churn=_tally(counts, "churn_risk").get("HIGH", 0),
            avg_sentiment=round(sum(row["score"] for row in issues) / n, 4) if n else None,
            sentiment_sd=_spread(issues, n),
            by_issue_type=_tally(counts, "issue_type"),
            by_priority=_tally(counts, "priority"),
            by_sentiment=_tally(counts, "sentiment"),
            by_churn_risk=_tally(counts, "churn_risk"),
            low_confidence=sum(row["low"] for row in issues),
        )

    async def _highlights(self, statement: str, here: Span, *, ranks: Sequence[str]) -> tuple[Highlight, ...]:
        rows = await self._sql.rows(statement, ranks=list(ranks), limit=LISTED, **here.bounds)
        return tuple(Highlight.model_validate(dict(row)) for row in rows)

    async def _actions(self, here: Span) -> tuple[Action, ...]:
        kinds = [kind.value for kind in sorted(ActionKind, key=lambda kind: kind not in URGENT)]
        rows = await self._sql.rows(_ACTIONS, kinds=kinds, limit=LISTED, **here.bounds)
        return tuple(Action.model_validate(dict(row)) for row in rows)


def _tally(counts: Sequence[Any], dimension: str) -> dict[str, int]:
    return {row["value"]: row["n"] for row in counts if row["dimension"] == dimension}


def _spread(rows: Sequence[Any], n: int) -> float | None:
    """The sample standard deviation from sums of scores and of their squares."""
    if n < 2:
        return None
    total = sum(row["score"] for row in rows)
    return round(math.sqrt(max(0.0, sum(row["squares"] for row in rows) - total * total / n) / (n - 1)), 4)


def _sentiment_days(days: Sequence[Any]) -> tuple[DaySentiment, ...]:
    by_day: dict[Any, list[Any]] = {}
    for row in days:
        by_day.setdefault(row["day"], []).append(row)
    return tuple(
        DaySentiment(
            day=day,
            average=round(sum(r["score"] for r in rows) / sum(r["n"] for r in rows), 4),
            conversations=sum(r["n"] for r in rows),
        )
        for day, rows in by_day.items()
    )


def _cost(counts: Sequence[Any]) -> Cost:
    models = [row for row in counts if row["dimension"] == "model"]
    known = models and not any(row["unpriced"] for row in models)
    return Cost(
        usd=sum(row["cost_usd"] for row in models) if known else None,
        calls=sum(row["calls"] for row in models),
        input_tokens=sum(row["input_tokens"] for row in models),
        output_tokens=sum(row["output_tokens"] for row in models),
        by_model=_tally(counts, "model"),
    )


def _completeness(row: Any) -> Completeness | None:
    return None if row is None else Completeness.model_validate_json(row["completeness"])
