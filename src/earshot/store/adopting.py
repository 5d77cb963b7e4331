"""Actions whose subject was not known yet or went into another one are found again: nothing is done twice."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from earshot.domain.action import PROVISIONAL, Action, Subject
from earshot.store.sql import Sql

STILL_THE_SAME = timedelta(hours=24)
"""So long after its last conversation an adopted action answers to its provisional subject, which is free then."""
STANDINS = (PROVISIONAL, "conversation:")
"""How the subjects begin that stand in for a theme."""

_PLACED = """
    select distinct on (a.key) a.key, f.theme_id
    from action a join action_member m on m.action_key = a.key
    join finding f on f.conversation_id = m.conversation_id and f.position = 0
    where a.unplaced and f.theme_id is not null{which}
    order by a.key, m.suspect <> '', m.at, m.conversation_id collate "C"
"""
_COUNTED = " and exists (select from theme t where t.id = f.theme_id and t.first_seen is not null)"
_ADOPT = """
    with free as (
        select key from action where key = any(:keys) and unplaced order by key for no key update{how}
    )
    update action a set subject_id = p.theme_id, unplaced = false, adopted = true
    from free join unnest(cast(:keys as text[]), cast(:themes as text[])) as p (key, theme_id) using (key)
    where a.key = free.key returning a.key
"""
_FOLLOW = """
    update {table} t set subject_id = p.theme_id
    from unnest(cast(:keys as text[]), cast(:themes as text[])) as p (key, theme_id)
    where t.action_key = p.key and t.subject_id <> p.theme_id
"""
_MERGED = """
    update {table} t set subject_id = p.theme_id{more}
    from unnest(cast(:gone as text[]), cast(:into as text[])) as p (gone, theme_id)
    where t.subject_id = p.gone
"""
_MERGED_SENT = """
    update delivery d set subject_id = p.theme_id
    from unnest(cast(:gone as text[]), cast(:into as text[])) as p (gone, theme_id)
    where d.subject_id = p.gone and (
        d.action_key = any(array(select key from action where subject_id = any(:into)))
        or d.object_key = any(array(select object_key from link where subject_id = any(:into)))
    )
"""

_FREED = """
    select d.key as old, left(encode(sha256(convert_to(d.key || ':' || a.key, 'UTF8')), 'hex'), 32) as new
    from (select distinct key from decided_action where unplaced and starts_with(subject_id, :provisional)) d
    join action a on (a.adopted or a.unplaced) and a.key = coalesce(
        (select l.action_key from action_alias l where l.key = d.key), d.key
    ) where not exists (select from action_member m where m.action_key = a.key and m.at > :since) and (
        a.adopted or exists (
            select from action_member m join finding f on f.conversation_id = m.conversation_id and f.position = 0
            where m.action_key = a.key and f.theme_id is not null
        )
    )
"""
_RENAME = """
    update decided_action d set key = f.new, subject_id = d.subject_id || ':' || left(f.new, 8)
    from unnest(cast(:old as text[]), cast(:new as text[])) as f (old, new) where d.key = f.old
"""
_POINT = """
    insert into action_alias (key, action_key, subject_id)
    select f.old, f.new, '' from unnest(cast(:old as text[]), cast(:new as text[])) as f (old, new) order by f.old
    on conflict (key) do update set action_key = excluded.action_key
"""
_KNOWN = """
    update decided_action d set action_key = coalesce(
        (select l.action_key from action_alias l where l.key = d.key),
        (select a.key from action a where a.key = d.key)
    )
"""
_STOOD_IN = """
    insert into action_alias (key, action_key, subject_id, period)
    select distinct on (d.key) d.key, s.key, d.subject_id, d.period
    from decided_action d
    join lateral (
        select a.key from action a where a.key = d.standin_key
        union all select l.action_key from action_alias l where l.key = d.standin_key
    ) s on true
    join action_member m on m.action_key = s.key and m.conversation_id = d.conversation_id
    where d.action_key is null and d.standin_key <> '' and d.standin_key <> d.key
    order by d.key, s.key
    on conflict (key) do nothing
"""
_ADOPTED = """
    insert into action_alias (key, action_key, subject_id, period)
    select distinct on (d.key) d.key, a.key, d.subject_id, d.period
    from decided_action d join action a on a.subject_id = d.subject_id and a.subject = d.subject
        and a.kind = d.kind and a.dry_run = d.dry_run
        and coalesce(a.parameters->>'to', '') = coalesce(d.parameters->>'to', '')
        and coalesce(a.parameters->>'channel', '') = coalesce(d.parameters->>'channel', '')
    where d.action_key is null and d.subject = 'theme' and a.adopted and abs(a.period - d.period) <= 1
        and (d.period = 0 or not exists (
            select from action_alias o where o.action_key = a.key and o.subject_id = d.subject_id
        ))
    order by d.key, a.created_at, a.key
    on conflict (key) do nothing
"""
"""Periods are numbered by the subject, so that those of two subjects may differ by one; one of them is taken."""

_SAME_MATTER = """
    update decided_action d set action_key = s.action_key from (
        select distinct on (d.key, d.conversation_id) d.key, d.conversation_id, a.key as action_key
        from decided_action d join action_member m on m.conversation_id = d.conversation_id
        join action a on a.key = m.action_key and a.kind = d.kind and a.dry_run = d.dry_run
            and coalesce(a.parameters->>'to', '') = coalesce(d.parameters->>'to', '')
            and coalesce(a.parameters->>'channel', '') = coalesce(d.parameters->>'channel', '')
        where d.action_key is null and d.unplaced and a.unplaced and abs(a.period - d.period) <= 1
        order by d.key, d.conversation_id, a.created_at, a.key
    ) s where d.key = s.key and d.conversation_id = s.conversation_id
"""
"""What labels led to and the reading leads to again, though it sees the matter elsewhere: this conversation alone,
as others may well mean another matter."""


def is_placed(action: Action) -> bool:
    """Whether its subject is a theme, not what stands in for one: actions of that theme are looked for then."""
    return action.subject is Subject.THEME and not action.subject_id.startswith(STANDINS)


async def adopt(sql: Sql, *, at_once: bool = False) -> None:
    """Give actions whose theme became known that theme as their subject, and what was made for them too.

    Done before plans are made, when something is decided about a theme, and when what stood in for one is freed;
    other decisions need not wait for it. `at_once`: those that somebody holds, or whose theme was not counted yet,
    are left for the next time.
    """
    placed = await sql.rows(_PLACED.format(which=_COUNTED if at_once else ""))
    known = {row["key"]: row["theme_id"] for row in placed}
    if not known:
        return
    adopting = _ADOPT.format(how=" skip locked" if at_once else "")
    keys = await sql.column(adopting, keys=list(known), themes=list(known.values()))
    values = {"keys": keys, "themes": [known[key] for key in keys]}
    for table in ("link", "delivery") if keys else ():
        await sql.run(_FOLLOW.format(table=table), **values)


async def carry(sql: Sql, merged: Sequence[tuple[str, str]]) -> None:
    """Give what was done for themes that went into others (gone, into) to those."""
    if not merged:
        return
    heirs: dict[str, str] = {}
    for gone, into in merged:
        heirs = {one: into if heir == gone else heir for one, heir in heirs.items()} | {gone: into}
    values: dict[str, Any] = {"gone": list(heirs), "into": list(heirs.values())}
    await sql.run(_MERGED.format(table="action", more=", adopted = true") + " and t.subject = 'theme'", **values)
    await sql.run(_MERGED.format(table="link", more=""), **values)
    await sql.run(_MERGED_SENT, **values)


async def resolve(sql: Sql, actions: Sequence[Action], *, now: datetime) -> None:
    """Find the action of every staged decision that is known under another key; what is left is new."""
    themes = [one.subject_id for one in actions if one.subject is Subject.THEME]
    unplaced = any(one.startswith(PROVISIONAL) for one in themes)
    since = now - STILL_THE_SAME
    if unplaced and (freed := await sql.rows(_FREED, since=since, provisional=PROVISIONAL)):
        await adopt(sql)
        values = {"old": [row["old"] for row in freed], "new": [row["new"] for row in freed]}
        await sql.run(_RENAME, **values)
        await sql.run(_POINT, **values)
    await sql.run(_KNOWN)
    if any(one.standin_key not in {"", one.key} for one in actions) and await sql.run(_STOOD_IN):
        await sql.run(_KNOWN)
    if any(map(is_placed, actions)) and await sql.run(_ADOPTED):
        await sql.run(_KNOWN)
    if any(one.startswith(STANDINS) for one in themes):
        await sql.run(_SAME_MATTER)
