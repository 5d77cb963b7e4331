"""What the rules have not seen yet, and the actions they decided."""

# ruff: noqa: S608 (statements are put together from constant names and conditions; values are parameters)

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from earshot.domain.action import INWARD, Action, ActionKind, ActionMember, ActionStatus, Subject
from earshot.domain.facts import Facts
from earshot.store.adopting import adopt, is_placed, resolve
from earshot.store.cleaning import clean, clean_json
from earshot.store.facts import load_facts
from earshot.store.label_facts import known_facts, undecided_labels
from earshot.store.rollups import Rollups
from earshot.store.sql import Sql, Stage

URGENT = frozenset({ActionKind.PAGE_ONCALL_ENGINEER, ActionKind.CREATE_JIRA_P0})
"""Kinds that are planned before all others."""

ACTION = {
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
    "period": "bigint",
    "parameters": "jsonb",
    "rule_hash": "text",
    "suspect": "text",
    "approve": "boolean",
}
_PLANNED = {"urgent": "boolean", "unplaced": "boolean", "plan_at": "timestamptz"}
_DECIDED = Stage("decided_action", ACTION | _PLANNED | {"standin_key": "text", "action_key": "text"})
COLUMNS = ", ".join(f"a.{name}" for name in ACTION)
"""What `action_from` needs, of table action under the name a."""
_INSERT = f"""
    with new as (
        insert into action ({", ".join((*ACTION, *_PLANNED))}, conversation_at, times_known)
        select {", ".join(f"d.{name}" for name in (*ACTION, *_PLANNED))}, coalesce(i.conversation_at, d.created_at),
            coalesce(i.times_known, true)
        from (
            select distinct on (key) * from decided_action where action_key is null
            order by key, suspect <> '', conversation_id collate "C"
        ) d left join conversation_insights i using (conversation_id) order by d.key
        on conflict (key) do nothing returning *
    )
    insert into escalation_actions (conversation_id, action_type, reason, status, created_at, completed_at,
        action_key)
    select conversation_id, kind, reason, status, created_at,
        case when status = 'COMPLETED' then created_at end, key from new order by created_at, key
"""
_JOIN = """
    insert into action_member (action_key, conversation_id, rule, suspect, at)
    select distinct on (1, 2) coalesce(action_key, key), conversation_id, rule, suspect, created_at
    from decided_action order by 1, 2, suspect <> '', rule collate "C"
    on conflict (action_key, conversation_id) do update set suspect = excluded.suspect
    where (action_member.suspect = '') <> (excluded.suspect = '')
    returning action_key, suspect
"""
_GROWN = """
    with wanted as (
        select key from action where kind <> all(:inward) and status <> 'DISCARDED' and (
            key = any(:keys) or key in (select coalesce(action_key, key) from decided_action where suspect = '')
        )
    ), free as (
        select key from action where key in (select key from wanted) order by key for update skip locked
    ), due as (
        update action a set plan_at = least(a.plan_at, cast(:now as timestamptz)) from free
        where a.key = free.key and (a.key = any(:keys) or a.plan_at > :now)
    )
    insert into action_growth (key, at) select key, :now from wanted where key not in (select key from free)
"""
"""What grew is due for planning, and so is what could not be planned while a conversation was being read again. An
action that is just being planned is noted beside: nobody waits for a plan in order to hear a customer."""
_DECIDE = """
    with read as (
        select conversation_id from conversation_insights
        where conversation_id = any(:ids) and decided_at is null order by conversation_id for update
    ), labelled as (
        select conversation_id from first_labels
        where conversation_id = any(:ids) and decided_at is null order by conversation_id for update
    ), judged as (
        update conversation_insights i set decided_at = :now from read r
        where i.conversation_id = r.conversation_id returning i.conversation_id
    )
    update first_labels l set decided_at = :now from labelled d
    where l.conversation_id = d.conversation_id
        and not exists (select from judged j where j.conversation_id = l.conversation_id)
"""
"""Labels that are newer than what was judged of the same conversation are still to be judged."""
_FIND = f"""
    select {COLUMNS} from action a where a.key in (
        (select key from action where starts_with(key, :prefix) limit :limit) union
        (select action_key from action_alias where starts_with(key, :prefix) limit :limit) union
        (select action_key from delivery where starts_with(id, :prefix) limit :limit)
    ) order by a.created_at desc, a.key limit :limit
"""
_GET = f"""
    select {COLUMNS}, w.n from unnest(cast(:keys as text[])) with ordinality as w (key, n)
    join action a on a.key = coalesce((select action_key from action_alias l where l.key = w.key), w.key)
    order by w.n
"""
_TAKE_OFF = """
    with taken as (
        update action set status = :status, completed_at = cast(:now as timestamptz)
        where key = :key and status = :before and kind = any(:inward) returning key, status, completed_at
    ), told as (
        update escalation_actions e set status = t.status, completed_at = t.completed_at
        from taken t where e.action_key = t.key
    )
    select key from taken
"""


class PostgresDecisions:
    """`ports.store.Decisions` in PostgreSQL."""

    def __init__(self, sql: Sql, rollups: Rollups) -> None:
        self._sql = sql
        self._rollups = rollups

    async def undecided(self, limit: int, *, now: datetime) -> list[Facts]:
        """Facts of insights and labels that no rule has judged since they last changed, insights first."""
        await self._rollups.refresh()
        full = await load_facts(self._sql, "i.decided_at is null", now=now, limit=limit)
        return full or await undecided_labels(self._sql, now=now, limit=limit)

    async def of(self, ids: Sequence[str], *, now: datetime) -> list[Facts]:
        """Facts of these conversations as far as they are known, judged before or not."""
        return await known_facts(self._sql, ids, now=now)

    async def save(self, actions: Sequence[Action], *, decided: Sequence[str], now: datetime) -> int:
        """Insert new actions, mark conversations decided; how many actions were new.

        The conversation of a known action joins it. An action that was decided before its subject was known, or of
        a theme that was merged since, is known by its new key too. What grew by a trusted one is due for planning.
        """
        new = 0
        if actions:
            if any(is_placed(action) for action in actions):
                await adopt(self._sql)
            await self._sql.stage(_DECIDED, [_staged(action, now=now) for action in actions])
            await resolve(self._sql, actions, now=now)
            new = await self._sql.run(_INSERT)
            joined = await self._sql.rows(_JOIN)
            grown = sorted({row["action_key"] for row in joined if not row["suspect"]})
            await self._sql.run(_GROWN, now=now, keys=grown, inward=[kind.value for kind in INWARD])
        if decided:
            await self._sql.run(_DECIDE, now=now, ids=list(decided))
        return new

    async def get(self, keys: Sequence[str]) -> list[Action]:
        """Actions by key (or by a further key), those that exist, in that order."""
        return [action_from(row) for row in await self._sql.rows(_GET, keys=list(keys))]

    async def find(self, prefix: str, *, limit: int) -> list[Action]:
        """Actions whose key, or the id of one of whose deliveries, begins so; newest first."""
        return [action_from(row) for row in await self._sql.rows(_FIND, prefix=prefix, limit=limit)]

    async def members(self, key: str, *, limit: int) -> list[ActionMember]:
        """The conversations of an action, newest first."""
        rows = await self._sql.rows(
            """select conversation_id, rule, suspect, at from action_member where action_key = :key
            order by at desc, conversation_id collate "C" limit :limit""",
            key=key,
            limit=limit,
        )
        return [ActionMember.model_validate(dict(row)) for row in rows]

    async def take_off(self, key: str, *, status: ActionStatus, before: ActionStatus, now: datetime) -> bool:
        """Give an action that stays inside (`INWARD`) a status, if it still has the other one; whether it had."""
        rows = await self._sql.column(
            _TAKE_OFF,
            key=key,
            status=status.value,
            before=before.value,
            now=now if status is ActionStatus.COMPLETED else None,
            inward=[kind.value for kind in INWARD],
        )
        return bool(rows)

    async def list(self, status: ActionStatus | None, *, limit: int) -> list[Action]:
        """Actions, newest first."""
        rows = await self._sql.rows(
            f"""select {COLUMNS} from action a
            where status = coalesce(cast(:status as text), status)
            order by created_at desc, key limit :limit""",
            status=status.value if status else None,
            limit=limit,
        )
        return [action_from(row) for row in rows]


def action_from(row: Mapping[str, Any] | Any) -> Action:
    """The action of a row with `COLUMNS`."""
    told = {name: row[name] for name in ACTION}
    return Action.model_validate({**told, "parameters": json.loads(row["parameters"])})


def _staged(action: Action, *, now: datetime) -> tuple[Any, ...]:
    outward = action.kind not in INWARD and action.status is ActionStatus.PENDING
    return (
        action.key,
        action.kind.value,
        action.subject.value,
        clean(action.subject_id),
        action.conversation_id,
        action.rule,
        clean(action.reason),
        action.status.value,
        action.dry_run,
        action.created_at,
        action.period,
        json.dumps(clean_json(action.parameters)),
        action.rule_hash,
        clean(action.suspect),
        action.approve,
        action.kind in URGENT,
        action.subject is Subject.THEME and not is_placed(action),
        now if outward else None,
        action.standin_key,
        None,
    )
