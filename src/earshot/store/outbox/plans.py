"""Actions that are due for planning, with everything about them; and what was planned, saved at once."""

# ruff: noqa: S608 (statements are put together from constant names and conditions; values are parameters)

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from earshot.domain.action import Action
from earshot.domain.delivery import Case, Delivery, Dossier, Link, Planned, Silence
from earshot.store.adopting import adopt
from earshot.store.decisions import COLUMNS, action_from
from earshot.store.outbox.dossiers import Dossiers
from earshot.store.outbox.rows import (
    DELIVERY,
    JOINED,
    LINK,
    LINKED,
    PLANNED,
    STATED,
    content_document,
    delivery_from,
    delivery_row,
    link_from,
    link_row,
    stated,
)
from earshot.store.outbox.silences import Silences
from earshot.store.outbox.statuses import settle, settle_there
from earshot.store.rollups import Rollups
from earshot.store.sql import Sql

RECENT = timedelta(hours=1)
"""Over which new objects of a destination are counted."""
UNREADABLE = timedelta(hours=1)
"""So much later an action is looked at again whose conversations have no reading just now."""

_DUE = f"""
    select {COLUMNS} from action a where a.plan_at is not null and a.plan_at <= :now
    order by a.urgent desc, a.plan_at, a.key limit :limit for update of a skip locked
"""
_GROWN = """
    with free as (
        select key from action where key in (select key from action_growth) order by key
        for no key update skip locked
    ), noted as (
        delete from action_growth g where key in (select key from free)
            or not exists (select from action a where a.key = g.key)
        returning key, at
    )
    update action a set plan_at = least(a.plan_at, n.at)
    from (select key, min(at) as at from noted group by key) n join free using (key)
    where a.key = n.key and a.status <> 'DISCARDED'
"""
_LATER = "update action set plan_at = :at where key = any(:keys)"
_LINKS = f"""
    select distinct on (l.object_key) {LINK} from link l
    where l.subject_id = any(:subjects) or l.action_key = any(:keys) order by l.object_key
"""
_WAITING = f"""
    select {DELIVERY}, d.ordinal from delivery d {JOINED}
    where d.state in ('held', 'pending', 'sending', 'unknown')
        and (d.object_key = any(:objects) or d.action_key = any(:keys))
    order by d.ordinal
"""
_RECENT = """
    select destination, count(*) as n from link where planned_at > :since and suppressed = 0 group by destination
"""
_INCIDENTS = """
    select distinct on (l.subject_id) l.subject_id, c.content->>'area' as area
    from link l join delivery d on d.object_key = l.object_key and d.op = 'create'
    join delivery_content c on c.delivery_id = d.id
    where l.thing = 'page' and l.standing in ('planned', 'open')
        and d.state not in ('dead', 'suppressed', 'discarded') and c.content->>'area' <> ''
    order by l.subject_id, d.ordinal desc
"""
_SAVE_LINKS = f"""
    insert into link ({", ".join(LINKED.columns)}) select {", ".join(LINKED.columns)} from planned_link
    order by object_key
    on conflict (object_key) do update set told = greatest(link.told, excluded.told),
        told_at = greatest(link.told_at, excluded.told_at), sequence = greatest(link.sequence, excluded.sequence),
        suppressed = greatest(link.suppressed, excluded.suppressed)
"""
_COUNTED = ("told", "sequence", "suppressed")
_COLUMNS = [name for name in PLANNED.columns if name not in {"n", "content"}]
_SAVE = f"""
    with new as (
        insert into delivery ({", ".join(_COLUMNS)}) select {", ".join(_COLUMNS)} from planned_delivery order by n
        on conflict (id) do nothing returning id
    )
    insert into delivery_content (delivery_id, content)
    select distinct on (p.id) p.id, p.content from planned_delivery p join new using (id) order by p.id, p.n
"""
_DESTINATIONS = """
    insert into destination_health (destination) select distinct destination from planned_delivery order by 1
    on conflict (destination) do nothing
"""
_CHANGE = f"""
    update delivery set {", ".join(f"{name} = cast(:{name} as {kind})" for name, kind in STATED.items())}
    where id = :id and state = 'held'
"""
_CONTENT = "update delivery_content set content = cast(:content as jsonb) where delivery_id = :id"
_PLANNED = """
    update action a set plan_at = p.look_at
    from unnest(cast(:keys as text[]), cast(:times as timestamptz[])) as p (key, look_at) where a.key = p.key
"""


class Plans:
    """The part of `ports.outbox.Outbox` about planning."""

    def __init__(self, sql: Sql, rollups: Rollups) -> None:
        self._sql = sql
        self._rollups = rollups
        self._dossiers = Dossiers(sql, rollups)

    async def due(self, limit: int, *, now: datetime) -> list[Case]:
        """Live and dry actions that grew or whose time to look again has come, urgent ones and oldest first.

        They are held until the commit. One nobody of whose conversations can be read just now is left for later.
        Nobody is waited for who holds an action: they may want the counts, which are held from here on.
        """
        await self._rollups.settle()
        await adopt(self._sql, at_once=True)
        await self._sql.run(_GROWN)
        while rows := await self._sql.rows(_DUE, now=now, limit=limit):
            actions = [action_from(row) for row in rows]
            dossiers = await self._dossiers.read(actions)
            unreadable = [action.key for action in actions if action.key not in dossiers]
            if unreadable:
                await self._sql.run(_LATER, keys=unreadable, at=now + UNREADABLE)
            if dossiers:
                return await self._cases([dossiers[a.key] for a in actions if a.key in dossiers], now=now)
        return []

    async def dossier(self, action_key: str) -> Dossier | None:
        """Everything known about an action's subject, for previews; None when there is no such action."""
        row = await self._sql.row(
            f"""select {COLUMNS} from action a
            where a.key = coalesce((select action_key from action_alias where key = :key), :key)""",
            key=action_key,
        )
        return None if row is None else next(iter((await self._dossiers.read([action_from(row)])).values()), None)

    async def save_plans(self, plans: Sequence[Planned], *, now: datetime) -> int:
        """Insert new links and deliveries, note what known links were told, free held ones; how many are new.

        A known delivery is left alone, and counts of a link never go down. Each action is looked at again when its
        plan says so.
        """
        if not plans:
            return 0
        await self._sql.stage(LINKED, [link_row(link) for link in _merged(plans)])
        await self._sql.run(_SAVE_LINKS)
        deliveries = [delivery for plan in plans for delivery in plan.deliveries]
        await self._sql.stage(PLANNED, [delivery_row(n, one) for n, one in enumerate(deliveries)])
        await self._sql.run(_DESTINATIONS)
        new = await self._sql.run(_SAVE)
        for delivery in (one for plan in plans for one in plan.changed):
            await self._free(delivery)
        keys = {plan.action_key: plan.look_at for plan in plans}
        await self._sql.run(_PLANNED, keys=list(keys), times=list(keys.values()))
        await settle(self._sql, {one.action_key for plan in plans for one in (*plan.deliveries, *plan.changed)})
        await settle_there(self._sql, {plan.action_key for plan in plans if _stands(plan)}, now=now)
        return new

    async def _free(self, delivery: Delivery) -> None:
        if await self._sql.run(_CHANGE, id=delivery.id, **stated(delivery)):
            await self._sql.run(_CONTENT, id=delivery.id, content=content_document(delivery.content))

    async def _cases(self, dossiers: Sequence[Dossier], *, now: datetime) -> list[Case]:
        actions = [dossier.action for dossier in dossiers]
        links = await self._links(actions)
        waiting = await self._waiting(actions, links)
        recent = await self._sql.rows(_RECENT, since=now - RECENT)
        counted = {row["destination"]: row["n"] for row in recent}
        incidents = await self._sql.rows(_INCIDENTS)
        silences = tuple(await Silences(self._sql).silences(now=now))
        return [
            _case(dossier, links, waiting=waiting, counted=counted, incidents=incidents, silences=silences)
            for dossier in dossiers
        ]

    async def _links(self, actions: Sequence[Action]) -> list[Link]:
        subjects = sorted({action.subject_id for action in actions})
        rows = await self._sql.rows(_LINKS, subjects=subjects, keys=[action.key for action in actions])
        return sorted(
            (link_from(row) for row in rows), key=lambda one: (one.planned_at, one.episode, one.object_key)
        )

    async def _waiting(self, actions: Sequence[Action], links: Sequence[Link]) -> list[Delivery]:
        objects = [link.object_key for link in links]
        rows = await self._sql.rows(_WAITING, objects=objects, keys=[action.key for action in actions])
        return [delivery_from(row) for row in rows]


def _case(
    dossier: Dossier,
    links: Sequence[Link],
    *,
    waiting: Sequence[Delivery],
    counted: dict[str, int],
    incidents: Sequence[Any],
    silences: tuple[Silence, ...],
) -> Case:
    action = dossier.action
    own = tuple(one for one in links if action.key == one.action_key or action.subject_id == one.subject_id)
    objects = {link.object_key for link in own}
    areas = {row["area"] for row in incidents if row["subject_id"] != action.subject_id}
    return Case(
        dossier=dossier,
        links=own,
        waiting=tuple(one for one in waiting if one.action_key == action.key or one.object_key in objects),
        recent_objects=counted,
        incidents=tuple(sorted(areas)),
        silences=silences,
    )


def _merged(plans: Sequence[Planned]) -> list[Link]:
    """The plans' links, each once: as the first plan has it, with the most that any of them told and planned."""
    links: dict[str, Link] = {}
    for link in (one for plan in plans for one in plan.links):
        known = links.get(link.object_key)
        if known is not None:
            most = {name: max(getattr(known, name), getattr(link, name)) for name in _COUNTED}
            told_at = max((at for at in (known.told_at, link.told_at) if at), default=None)
            link = known.model_copy(update={**most, "told_at": told_at})  # noqa: PLW2901 (the merged one)
        links[link.object_key] = link
    return list(links.values())


def _stands(plan: Planned) -> bool:
    """Whether everything that the plan wants is there already."""
    standing = {link.standing.value for link in plan.links}
    return bool(standing) and not plan.deliveries and not plan.changed and standing <= {"open", "done"}
