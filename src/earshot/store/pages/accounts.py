"""What the pages of accounts read: ranked lists over standings, and the rows behind one account."""

# ruff: noqa: S608 (statements are put together from constant names and conditions; values are parameters)

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from earshot.ports.browse import Place
from earshot.ports.pages.accounts import (
    AccountAction,
    AccountConversation,
    AccountOrder,
    AccountPerson,
    AccountQuery,
    AccountState,
    AccountTheme,
    WeekMood,
)
from earshot.store.pages.standings import Standings, standing_of
from earshot.store.rollups import Rollups
from earshot.store.sql import Sql

_CENTS = "least(round(coalesce(a.mrr, 0) * 100), 999999999999)"
_VALUES = {
    AccountOrder.RISK: f"cast(s.risk as bigint) * 1000000000000 + cast({_CENTS} as bigint)",
    AccountOrder.STAKE: f"cast(s.risk * {_CENTS} as bigint)",
    AccountOrder.MRR: "cast(coalesce(round(a.mrr * 100), -1) as bigint)",
    AccountOrder.CONVERSATIONS: "cast(s.conversations as bigint)",
    AccountOrder.SENTIMENT: """case when s.conversations = 0 then -2000000
        else cast(round(-1000000 * s.score / s.conversations) as bigint) end""",
    AccountOrder.CHURN: "cast(s.churn_high as bigint) * 1000000 + s.churn_medium",
    AccountOrder.OPEN: "cast(s.open_matters as bigint) * 1000000 + s.open_conversations",
    AccountOrder.LATEST: "cast(floor(extract(epoch from s.last_at) * 1000000) as bigint)",
}
"""The number of each order, a whole one."""
_STATE = "select s.*, a.name, a.plan, a.mrr, a.segment, a.company"
_THEMES = """
    select f.theme_id as id, t.title, t.issue_type, count(distinct f.conversation_id) as conversations,
        count(distinct f.conversation_id) filter (where c.state in ('open', 'snoozed')) as open,
        max(f.conversation_at) as last_at
    from finding f join theme t on t.id = f.theme_id join conversation c on c.id = f.conversation_id
    where f.account = :id group by f.theme_id, t.title, t.issue_type
    order by open desc, conversations desc, last_at desc, f.theme_id limit :limit
"""
_CONVERSATIONS = """
    select i.conversation_id as id, i.conversation_at as said_at, i.summary, i.issue_type, i.priority,
        i.sentiment_score, i.churn_risk, c.state, c.rating, c.ai_outcome, c.url
    from conversation_insights i join conversation c on c.id = i.conversation_id
    where i.account = :id and (cast(:at as timestamptz) is null
        or (i.conversation_at, i.conversation_id) < (cast(:at as timestamptz), cast(:after as varchar)))
    order by i.conversation_at desc, i.conversation_id desc limit :limit
"""
_PEOPLE = """
    select customer_id as id, (array_agg(customer->>'name' order by spoken_at desc))[1] as name,
        (array_agg(customer->>'email' order by spoken_at desc))[1] as email, count(*) as conversations,
        max(spoken_at) as last_at
    from (
        select customer_id, customer, spoken_at from conversation
        where account = :id and customer_id is not null and not deleted limit 5000
    ) c group by customer_id order by conversations desc, last_at desc, customer_id limit :limit
"""
_ACTIONS = """
    select a.key, a.kind, a.status, a.dry_run, a.conversation_id, a.created_at from action a
    where a.key in (
        select own.key from conversation c join action own on own.conversation_id = c.id where c.account = :id
        union
        select m.action_key from conversation c join action_member m on m.conversation_id = c.id
        where c.account = :id
    ) order by a.created_at desc, a.key desc limit :limit
"""
_MOODS = """
    select cast(date_trunc('week', conversation_at at time zone :tz) as date) as start,
        count(*) as conversations, sum(sentiment_score) as score
    from conversation_insights where account = :id and conversation_at >= :since and times_known
    group by start order by start
"""


class PostgresAccounts(Standings):
    """`ports.pages.Accounts` in PostgreSQL."""

    def __init__(self, sql: Sql, rollups: Rollups) -> None:
        super().__init__(sql)
        self._rollups = rollups

    async def ranked(self, query: AccountQuery, *, after: Place | None, limit: int) -> list[AccountState]:
        """Accounts that were heard, in the order asked for."""
        where, values = _conditions(query)
        if after is not None:
            where.append('(value < :value or value = :value and account collate "C" > cast(:after as text))')
            values |= {"value": after.count or 0, "after": after.id}
        rows = await self._sql.rows(
            f"""/* ranked accounts */ select * from (
                {_STATE}, {_VALUES[query.order]} as value from account_standing s join account a on a.id = s.account
            ) ranked where {" and ".join(where) or "true"}
            order by value desc, account collate "C" limit :limit""",
            limit=limit,
            **values,
        )
        return [_state(row) for row in rows]

    async def get(self, account_id: str) -> AccountState | None:
        """One account."""
        row = await self._sql.row(
            f"{_STATE} from account_standing s join account a on a.id = s.account where s.account = :id",
            id=account_id,
        )
        return None if row is None else _state(row)

    async def plans(self) -> list[str]:
        """The plans that accounts have."""
        return list(
            await self._sql.column("select distinct plan from account where plan is not null order by 1 limit 200")
        )

    async def themes(self, account_id: str, *, limit: int) -> list[AccountTheme]:
        """What an account raises: open matters first, then by conversations."""
        rows = await self._sql.rows(_THEMES, id=account_id, limit=limit)
        return [AccountTheme.model_validate(dict(row)) for row in rows]

    async def conversations(self, account_id: str, *, after: Place | None, limit: int) -> list[AccountConversation]:
        """Its read conversations, newest first."""
        place = after or Place(id="")
        rows = await self._sql.rows(_CONVERSATIONS, id=account_id, at=place.at, after=place.id, limit=limit)
        return [AccountConversation.model_validate(dict(row)) for row in rows]

    async def people(self, account_id: str, *, limit: int) -> list[AccountPerson]:
        """Who wrote, the most conversations first."""
        rows = await self._sql.rows(_PEOPLE, id=account_id, limit=limit)
        return [AccountPerson.model_validate(dict(row)) for row in rows]

    async def actions(self, account_id: str, *, limit: int) -> list[AccountAction]:
        """What its conversations led to, newest first."""
        rows = await self._sql.rows(_ACTIONS, id=account_id, limit=limit)
        return [AccountAction.model_validate(dict(row)) for row in rows]

    async def moods(self, account_id: str, *, since: datetime, timezone: str) -> Sequence[WeekMood]:
        """Its sentiment by local week since then, oldest first; weeks without conversations are left out."""
        rows = await self._sql.rows(_MOODS, id=account_id, since=since, tz=timezone)
        return [WeekMood.model_validate(dict(row)) for row in rows]


def _state(row: Any) -> AccountState:
    told = {name: row[name] for name in ("name", "plan", "mrr", "segment", "company", "risk", "last_at")}
    return AccountState(id=row["account"], standing=standing_of(row), value=row.get("value") or 0, **told)


def _conditions(query: AccountQuery) -> tuple[list[str], dict[str, Any]]:
    where: list[str] = []
    values: dict[str, Any] = {}
    if query.companies is not None:
        where.append("company = :company")
        values["company"] = query.companies
    for name in ("segment", "plan"):
        if asked := getattr(query, name):
            where.append(f"{name} = :{name}")
            values[name] = asked
    if query.least_risk:
        where.append("risk >= :least")
        values["least"] = query.least_risk
    for n, word in enumerate(query.words):
        where.append(f"(position(:word{n} in lower(name)) > 0 or lower(account) = :word{n})")
        values[f"word{n}"] = word
    return where, values
