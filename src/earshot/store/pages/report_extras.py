"""Figures of a window that only reports show: themes that moved, customers who may leave, what was done."""

# ruff: noqa: S608 (statements are put together from constant names and conditions; values are parameters)

import json

from earshot.domain.report import AccountRisk, Mover, Shipped, Window
from earshot.store.sql import Sql
from earshot.store.windows import THEMES, WITHIN, before, over, span

LEAST = 5
"""Conversations in both windows together from which on a change of a theme could show, as on the Overview."""
_MOVERS = f"""
    /* themes that moved */ select * from (
        select theme_id, t.title, t.issue_type, coalesce(a.n, 0)::int as conversations,
            coalesce(b.n, 0)::int as previous_conversations,
            (count(*) filter (where coalesce(a.n, 0) + coalesce(b.n, 0) >= {LEAST}) over ())::int as looked
        from ({THEMES}) a full join ({over(THEMES, "b_")}) b using (theme_id) join theme t on t.id = theme_id
    ) counted
    where conversations <> previous_conversations
    order by (abs(conversations - previous_conversations) - 1) / sqrt(conversations + previous_conversations) desc,
        theme_id
    limit :limit
"""
_ACCOUNTS = f"""
    /* customers who may leave */ select i.account as id, a.name, a.plan, a.mrr, count(*)::int as conversations,
        max(i.conversation_at) as last_at
    from unnest(array['CRITICAL', 'HIGH', 'MEDIUM', 'LOW']) as p (value) cross join lateral (
        select account, conversation_at from conversation_insights
        where churn_risk = 'HIGH' and priority = p.value and account is not null and {WITHIN}
    ) i left join account a on a.id = i.account
    group by i.account, a.name, a.plan, a.mrr
    order by a.mrr desc nulls last, conversations desc, last_at desc, i.account limit :limit
"""
_DELIVERED = """
    select destination, count(*)::int as n from delivery
    where state = 'done' and op = 'create' and created_at >= cast(:start as timestamptz) - interval '30 days'
        and created_at < :end and ended_at >= :start and ended_at < :end
    group by destination order by n desc, destination
"""
_SHIPPED = """
    select i.id, i.text, s.shipped_at as at from shipped s join backlog_item i on i.id = s.item_id
    where s.undone_at is null and s.shipped_at >= :start and s.shipped_at < :end
    order by at desc, i.id limit :limit
"""


class ReportExtras:
    """Reads them."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def movers(self, window: Window, *, limit: int) -> tuple[Mover, ...]:
        """Themes whose counts changed most beyond chance against the window before; none for all of time."""
        if window.everything:
            return ()
        here, earlier = span(window), span(before(window))
        then = {f"b_{name}": value for name, value in (earlier.bounds | earlier.days).items()}
        rows = await self._sql.rows(_MOVERS, limit=limit, **here.bounds, **here.days, **then)
        return tuple(Mover.model_validate(dict(row)) for row in rows)

    async def accounts(self, window: Window, *, limit: int) -> tuple[AccountRisk, ...]:
        """Customers with conversations of high churn risk, most revenue first."""
        rows = await self._sql.rows(_ACCOUNTS, limit=limit, **span(window).bounds)
        return tuple(AccountRisk.model_validate(dict(row)) for row in rows)

    async def delivered(self, window: Window) -> dict[str, int]:
        """What was made at other tools within the window's time, by destination."""
        rows = await self._sql.rows(_DELIVERED, start=window.start, end=window.end)
        return {row["destination"]: row["n"] for row in rows}

    async def shipped(self, window: Window, *, limit: int) -> tuple[Shipped, ...]:
        """Backlog items that were marked as shipped within the window's time and still are."""
        rows = await self._sql.rows(_SHIPPED, start=window.start, end=window.end, limit=limit)
        return tuple(Shipped(id=row["id"], title=_title(row["text"]), at=row["at"]) for row in rows)


def _title(text: object) -> str:
    told = json.loads(text) if isinstance(text, str) else text
    return str(told.get("title", "")) if isinstance(told, dict) else ""  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
