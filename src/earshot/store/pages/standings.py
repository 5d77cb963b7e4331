"""Counts how accounts stand: again for every account about which something changed, or a day went by."""

# ruff: noqa: S608 (statements are put together from constant names; values are parameters)

from collections.abc import Callable, Sequence
from typing import Any

from earshot.ports.pages.accounts import DAYS, Reckoning, Standing
from earshot.store.sql import Sql, Stage

BATCH = 5_000
"""Accounts counted by one statement."""
_LOCK = "select pg_advisory_xact_lock(hashtextextended('earshot:accounts', 0))"
_TRY = "select pg_try_advisory_xact_lock(hashtextextended('earshot:accounts', 0))"
_OTHER_FORMULA = "(formula < :formula or formula > :formula)"
_TAKE = """
    with marked as (select distinct account from (select account from dirty_account limit :most) d),
    taken as (delete from dirty_account d using marked where d.account = marked.account returning d.account)
    select distinct account from taken
"""
_DUE = f"""
    (select account from account_standing where due_at <= :now limit :most)
    union (select account from account_standing where {_OTHER_FORMULA} limit :most)
"""
_WAITING = f"""
    select count(*) from (
        (select account from dirty_account limit :most) union (select account from account_standing
            where due_at <= :now limit :most)
        union (select account from account_standing where {_OTHER_FORMULA} limit :most)
    ) waiting
"""
_START = f"(date_trunc('day', cast(:now as timestamptz) at time zone :tz) - interval '{DAYS - 1} days')"
_BEFORE = f"({_START} - interval '{DAYS} days')"
_DAY = "date_trunc('day', i.conversation_at at time zone :tz)"
_AI_RESOLVED = "('assumed_resolution', 'confirmed_resolution')"
_COUNT = f"""
    /* standings */
    with asked as (
        select unnest(cast(:ids as text[])) as account
    ), said as (
        select i.account, i.sentiment_score as s, i.churn_risk, i.priority, c.rating, c.ai_outcome,
            {_DAY} >= {_START} as recent, {_DAY} as day
        from asked join conversation_insights i on i.account = asked.account
            and i.conversation_at >= {_BEFORE} at time zone :tz and i.times_known
        join conversation c on c.id = i.conversation_id
    ), counted as (
        select account as heard,
            min(day + case when recent then interval '{DAYS} days' else interval '{2 * DAYS} days' end)
                at time zone :tz as due_at,
            count(*) filter (where recent) as conversations,
            count(*) filter (where not recent) as before,
            sum(s) filter (where recent) as score, sum(s * s) filter (where recent) as squares,
            sum(s) filter (where not recent) as score_before,
            sum(s * s) filter (where not recent) as squares_before,
            count(*) filter (where recent and churn_risk = 'HIGH') as churn_high,
            count(*) filter (where recent and churn_risk = 'MEDIUM') as churn_medium,
            count(*) filter (where recent and priority = 'CRITICAL') as critical,
            count(rating) filter (where recent) as rated,
            sum(rating) filter (where recent) as ratings,
            count(*) filter (where recent and rating <= 2) as rated_low,
            count(ai_outcome) filter (where recent) as ai_handled,
            count(*) filter (where recent and ai_outcome in {_AI_RESOLVED}) as ai_resolved
        from said group by account
    )
    select asked.account, counted.*, opened.open_conversations, opened.open_matters, latest.last_at
    from asked left join counted on counted.heard = asked.account
    cross join lateral (
        select count(distinct c.id) as open_conversations, count(distinct f.theme_id) as open_matters
        from conversation c join conversation_insights i on i.conversation_id = c.id
        left join finding f on f.conversation_id = c.id
        where c.account = asked.account and c.state in ('open', 'snoozed') and not c.deleted
    ) opened
    cross join lateral (
        select max(i.conversation_at) as last_at from conversation_insights i where i.account = asked.account
    ) latest
"""
_COUNTS = tuple(Standing.model_fields)
_STAGE = Stage(
    "counted_account",
    {"account": "text", "due_at": "timestamptz", "formula": "text"}
    | {name: "float8" if "score" in name or "squares" in name else "integer" for name in _COUNTS}
    | {"last_at": "timestamptz", "risk": "integer"},
)
_COLUMNS = ", ".join(_STAGE.columns)
_KEEP = f"""
    insert into account_standing ({_COLUMNS}) select {_COLUMNS} from counted_account order by account
    on conflict (account) do update set {", ".join(f"{n} = excluded.{n}" for n in _STAGE.columns if n != "account")}
"""
_DROP = "delete from account_standing where account = any(:ids)"


class Standings:
    """The part of `ports.pages.Accounts` that counts."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def reckon(
        self, reckoning: Reckoning, risk: Callable[[Standing], int], *, most: int | None = None
    ) -> int:
        """Count anew what changed or is due, all of it or about `most` accounts; how many were.

        With `most` it waits for nobody: where another process is at it, nothing is done. Marks are taken before
        rows are counted, so that what is committed meanwhile is either counted or still marked.
        """
        if not await self.waiting(reckoning, most=1):
            return 0
        if most is None:
            await self._sql.run(_LOCK)
        elif not await self._sql.value(_TRY):
            return 0
        done = 0
        while most is None or done < most:
            taken = await self._take(reckoning, most=BATCH if most is None else min(BATCH, most))
            if not taken:
                break
            await self._count(taken, reckoning, risk=risk)
            done += len(taken)
        return done

    async def waiting(self, reckoning: Reckoning, *, most: int) -> int:
        """How many accounts are to be counted anew, counted up to `most`."""
        found = await self._sql.value(_WAITING, now=reckoning.now, formula=reckoning.formula, most=most)
        return min(int(found), most)

    async def _take(self, reckoning: Reckoning, *, most: int) -> list[str]:
        marked = await self._sql.column(_TAKE, most=most)
        due = await self._sql.column(_DUE, now=reckoning.now, formula=reckoning.formula, most=most)
        return sorted({*marked, *due})

    async def _count(self, ids: Sequence[str], reckoning: Reckoning, *, risk: Callable[[Standing], int]) -> None:
        rows = await self._sql.rows(_COUNT, ids=list(ids), now=reckoning.now, tz=reckoning.timezone)
        heard = [row for row in rows if row["last_at"] is not None]
        await self._sql.stage(_STAGE, [_row(row, reckoning.formula, risk=risk) for row in heard])
        await self._sql.run(_KEEP)
        kept = {row["account"] for row in heard}
        await self._sql.run(_DROP, ids=[one for one in ids if one not in kept])


def standing_of(row: Any) -> Standing:
    """The counts of a row; what was never counted is 0."""
    return Standing.model_validate({name: row[name] or 0 for name in _COUNTS})


def _row(row: Any, formula: str, *, risk: Callable[[Standing], int]) -> tuple[Any, ...]:
    standing = standing_of(row)
    counts = (getattr(standing, name) for name in _COUNTS)
    return (row["account"], row["due_at"], formula, *counts, row["last_at"], risk(standing))
