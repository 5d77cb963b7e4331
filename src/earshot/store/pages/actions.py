"""Actions and deliveries for people: lists by keyset, bounded counts, names of subjects."""

# ruff: noqa: S608 (statements are put together from constant names and conditions; values are parameters)

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from earshot.domain.action import Action, Subject
from earshot.domain.delivery import Delivery, DeliveryState, Standing
from earshot.errors import BadInput
from earshot.ports.browse import Place
from earshot.ports.pages.actions import HeldOf, Line, OutboxQuery
from earshot.store.decisions import COLUMNS, action_from
from earshot.store.outbox.rows import DELIVERY, JOINED, delivery_from
from earshot.store.sql import Sql

PER_ACTION = 5
"""Deliveries of one action in a list, the newest."""
_OUTWARD = "a.kind not in ('ADD_TO_PM_QUEUE', 'INCREMENT_FEATURE_COUNTER')"
"""As the index says it."""
_OF_ACTIONS: Mapping[str, str] = {
    "kind": "a.kind = :kind",
    "rule": "a.rule = :rule",
    "since": "a.created_at >= :since",
    "until": "a.created_at < :until",
    "conversation": """a.key in (
        select action_key from action_member where conversation_id = :conversation
        union select key from action where conversation_id = :conversation
    )""",
}
_OF_DELIVERIES: Mapping[str, str] = {"state": "d.state = :state", "destination": "d.destination = :destination"}
_STANDING = "(select standing from link where link.object_key = d.object_key) as standing"
_NEWEST = f"""
    select {DELIVERY}, d.ordinal, {_STANDING} from unnest(cast(:keys as text[])) k (key) cross join lateral (
        select * from delivery where action_key = k.key order by ordinal desc limit {PER_ACTION}
    ) d {JOINED} order by d.ordinal desc
"""
_COUNTS = """
    select s.state, (select count(*) from (
        select from delivery d where d.state = s.state limit :most
    ) few) as n from unnest(cast(:states as text[])) s (state)
"""
_HELD = """
    select a.rule, count(*) as count, min(d.created_at) as oldest from (
        select action_key, created_at from delivery where state = 'held' order by created_at, ordinal limit :most
    ) d join action a on a.key = d.action_key group by a.rule order by count(*) desc, a.rule collate "C"
"""
_BY_ID = f"select {DELIVERY} from delivery d {JOINED} where d.id = any(:ids) order by d.ordinal"
_NAMES = {
    Subject.THEME: "select id, title as name from theme where id = any(:ids)",
    Subject.CUSTOMER: "select id, name from account where id = any(:ids) and name is not null",
}


class PostgresActions:
    """`ports.pages.actions.Actions` in PostgreSQL."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def lines(self, query: OutboxQuery, *, after: Place | None, limit: int) -> list[Line]:
        """Lines, newest first, of at most so many actions."""
        if query.state or query.destination:
            return await self._deliveries(query, after=after, limit=limit)
        return await self._actions(query, after=after, limit=limit)

    async def counts(self, *, most: int) -> dict[DeliveryState, int]:
        """How many deliveries are in each state, each counted up to `most`."""
        rows = await self._sql.rows(_COUNTS, states=[state.value for state in DeliveryState], most=most)
        return {DeliveryState(row["state"]): row["n"] for row in rows}

    async def held(self, *, most: int) -> list[HeldOf]:
        """What waits for approval by rule, of the oldest `most`; the rule with the most first."""
        return [HeldOf.model_validate(dict(row)) for row in await self._sql.rows(_HELD, most=most)]

    async def deliveries(self, ids: Collection[str]) -> list[Delivery]:
        """The deliveries of these ids, in the order of planning."""
        return [delivery_from(row) for row in await self._sql.rows(_BY_ID, ids=list(ids))]

    async def about(self, actions: Sequence[Action]) -> dict[str, str]:
        """Names of the subjects of actions by the action's key; left out where there is none."""
        named: dict[str, str] = {}
        for subject, statement in _NAMES.items():
            of = {action.key: action.subject_id for action in actions if action.subject is subject}
            if of:
                rows = await self._sql.rows(statement, ids=sorted(set(of.values())))
                names = {row["id"]: row["name"] for row in rows}
                named |= {key: names[id_] for key, id_ in of.items() if id_ in names}
        return named

    async def _actions(self, query: OutboxQuery, *, after: Place | None, limit: int) -> list[Line]:
        where, values = _conditions(query, _OF_ACTIONS)
        if not query.inside and query.kind is None:
            where.append(_OUTWARD)
        if after is not None:
            where.append("(a.created_at, a.key) < (cast(:after_at as timestamptz), cast(:after as text))")
            values |= {"after_at": after.at, "after": after.id}
        rows = await self._sql.rows(
            f"""select {COLUMNS} from action a where {" and ".join(where)}
            order by a.created_at desc, a.key desc limit :limit""",
            limit=limit,
            **values,
        )
        actions = [action_from(row) for row in rows]
        planned: dict[str, list[Mapping[str, Any]]] = {}
        for row in await self._sql.rows(_NEWEST, keys=[action.key for action in actions]):
            planned.setdefault(row["action_key"], []).append(dict(row))
        about = await self.about(actions)
        return [
            _line(action, row, about=about, place=Place(id=action.key, at=action.created_at))
            for action in actions
            for row in planned.get(action.key) or [None]
        ]

    async def _deliveries(self, query: OutboxQuery, *, after: Place | None, limit: int) -> list[Line]:
        where, values = _conditions(query, {**_OF_ACTIONS, **_OF_DELIVERIES})
        if after is not None:
            if after.count is None:
                raise BadInput("This address is cut off.", hint="Begin on the first page of the list.")
            where.append("(d.created_at, d.ordinal) < (cast(:after_at as timestamptz), cast(:after as bigint))")
            values |= {"after_at": after.at, "after": after.count}
        rows = await self._sql.rows(
            f"""select {DELIVERY}, d.ordinal, {_STANDING} from delivery d
            join action a on a.key = d.action_key {JOINED} where {" and ".join(where)}
            order by d.created_at desc, d.ordinal desc limit :limit""",
            limit=limit,
            **values,
        )
        keys = list(dict.fromkeys(row["action_key"] for row in rows))
        found = await self._sql.rows(f"select {COLUMNS} from action a where a.key = any(:keys)", keys=keys)
        actions = {row["key"]: action_from(row) for row in found}
        about = await self.about(list(actions.values()))
        return [
            _line(
                actions[row["action_key"]],
                row,
                about=about,
                place=Place(id=row["id"], at=row["created_at"], count=row["ordinal"]),
            )
            for row in rows
        ]


def _conditions(query: OutboxQuery, known: Mapping[str, str]) -> tuple[list[str], dict[str, Any]]:
    where, values = ["true"], dict[str, Any]()
    for name, condition in known.items():
        if wanted := getattr(query, name):
            where.append(condition)
            values[name] = getattr(wanted, "value", wanted)
    return where, values


def _line(action: Action, row: Mapping[str, Any] | Any, *, about: Mapping[str, str], place: Place) -> Line:
    return Line(
        action=action,
        delivery=None if row is None else delivery_from(row),
        about=about.get(action.key, ""),
        standing=None if row is None or row["standing"] is None else Standing(row["standing"]),
        place=place,
    )
