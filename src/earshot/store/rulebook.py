"""How far rules are switched on, and facts of the past to try them on."""

# ruff: noqa: S608 (statements are put together from constant names and conditions; values are parameters)

from collections.abc import Sequence
from datetime import datetime

from earshot.domain.action import Action
from earshot.domain.facts import Facts
from earshot.domain.rule_state import Clause, RuleState
from earshot.store.cleaning import clean
from earshot.store.decisions import COLUMNS, action_from
from earshot.store.facts import conditions, load_facts
from earshot.store.rollups import Rollups
from earshot.store.sql import Sql

_STATES = """
    select distinct on (name, hash) name, hash, mode, share, actor, reason, at from rule_state
    order by name, hash, at desc, id desc
"""
_HISTORY = """
    select name, hash, mode, share, actor, reason, at from rule_state
    where cast(:name as text) is null or name = :name order by at desc, id desc limit :limit
"""
_SET = """
    insert into rule_state (name, hash, mode, share, actor, reason, at)
    values (:name, :hash, :mode, :share, :actor, :reason, :at)
"""
_WINDOW = "i.conversation_at >= :since and i.conversation_at < :until"
_AFTER = "(i.conversation_at, i.conversation_id) > (cast(:from_at as timestamptz), cast(:after as varchar))"
_ACTIONS = f"""
    select {COLUMNS} from action a where a.key in (
        select action_key from action_member where conversation_id = :id
        union select key from action where conversation_id = :id
    ) order by a.created_at desc, a.key
"""


class PostgresRulebook:
    """`ports.outbox.Rulebook` in PostgreSQL."""

    def __init__(self, sql: Sql, rollups: Rollups) -> None:
        self._sql = sql
        self._rollups = rollups

    async def states(self) -> list[RuleState]:
        """The newest state of every name and text of a rule that ever had one."""
        return [RuleState.model_validate(dict(row)) for row in await self._sql.rows(_STATES)]

    async def set(self, state: RuleState) -> None:
        """Add a state; older ones are kept as history."""
        words = {name: clean(getattr(state, name)) for name in ("name", "actor", "reason")}
        await self._sql.run(_SET, **words, hash=state.hash, mode=state.mode.value, share=state.share, at=state.at)

    async def history(self, name: str | None = None, *, limit: int) -> list[RuleState]:
        """States that were set, newest first: of one rule or of all."""
        rows = await self._sql.rows(_HISTORY, name=name, limit=limit)
        return [RuleState.model_validate(dict(row)) for row in rows]

    async def facts(
        self, since: datetime, until: datetime, *, clauses: Sequence[Clause] = (), limit: int, after: str = ""
    ) -> list[Facts]:
        """Facts of insights in a window of conversation time, in order of time and id, after that conversation.

        `clauses` narrow in the database (all of them hold). Facts are as the rules would see them today, which for
        ages and trends is the end of the window.
        """
        await self._rollups.refresh()
        joins, narrowed, parameters = conditions(clauses)
        from_at = after and await self._sql.value(
            "select conversation_at from conversation_insights where conversation_id = :id", id=after
        )
        which = _WINDOW
        if from_at:
            which += f" and {_AFTER}"
            parameters |= {"from_at": from_at, "after": after}
        return await load_facts(
            self._sql,
            which + narrowed,
            now=until,
            limit=limit,
            narrowing=joins,
            since=since,
            until=until,
            **parameters,
        )

    async def count(self, since: datetime, until: datetime) -> int:
        """How many insights the window holds."""
        statement = f"select count(*) from conversation_insights i where {_WINDOW}"
        return int(await self._sql.value(statement, since=since, until=until))

    async def facts_of(self, conversation_id: str) -> Facts | None:
        """Facts of one conversation, whether decided or not."""
        await self._rollups.refresh()
        at = await self._sql.value("select now()")
        found = await load_facts(self._sql, "i.conversation_id = :id", now=at, limit=1, id=conversation_id)
        return found[0] if found else None

    async def actions_of(self, conversation_id: str) -> list[Action]:
        """Actions that this conversation led to or joined."""
        return [action_from(row) for row in await self._sql.rows(_ACTIONS, id=conversation_id)]
