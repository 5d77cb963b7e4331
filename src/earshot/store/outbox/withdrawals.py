"""What is to be done or was done about conversations whose text is withdrawn: their words are not kept or sent."""

# ruff: noqa: S608 (statements are put together from constant names and conditions; values are parameters)

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, cast

from earshot.domain.delivery import Link
from earshot.store.outbox.rows import LINK, link_from
from earshot.store.outbox.statuses import settle
from earshot.store.sql import Sql
from earshot.store.taint import taint_of

ERASED = "erased"
"""What stands in for a subject that was erased."""
CAUSE = "the conversation it rests on is gone"
"""Why a delivery is discarded that nobody's words are left for."""
_PHRASE = 60
"""Characters of a summary or quote that are looked for in contents."""
_SHORTEST = 3
"""Words that make a phrase."""

_OWN = """
    select action_key as key from action_member where conversation_id = any(:ids)
    union select key from action where conversation_id = any(:ids)
"""
_LOCK = "select key from action where key = any(:keys) order by key for update"
_LEFT = (
    "select distinct action_key from action_member where action_key = any(:keys) and conversation_id <> all(:ids)"
)
_ABOUT = """
    select d.id from delivery d join delivery_content c on c.delivery_id = d.id where d.action_key = any(:keys)
"""
_ABOUT_SUBJECTS = """(
        d.action_key = any(array(select key from action where subject_id = any(:subjects)))
        or d.object_key = any(array(select object_key from link where subject_id = any(:subjects)))
    )"""
_THEMED = f"""
    select d.id, c.content from delivery d join delivery_content c on c.delivery_id = d.id where {_ABOUT_SUBJECTS}
"""
_SAYING = """
    select c.delivery_id from unnest(cast(:phrases as text[])) as p (phrase)
    join delivery_content c on c.words @@ phraseto_tsquery('pg_catalog.simple', p.phrase)
"""
_STATES = """
    select id, object_key, action_key, op, state in ('held', 'pending') and not maybe_arrived as unsent
    from delivery where id = any(:ids) order by id for update
"""
_FORGET = "delete from delivery_content where delivery_id = any(:ids)"
_DISCARD = """
    update delivery set state = 'discarded', cause = :cause, ended_at = now(), worker = '', lease_until = null
    where id = any(:ids)
"""
_DROP = "delete from delivery where id = any(:ids)"
_UNLINK = """
    delete from link l where l.object_key = any(:objects) and l.standing = 'planned'
        and not exists (select from delivery d where d.object_key = l.object_key)
"""
_UNTELL = """
    update link l set told = coalesce((
        select max(d.told) from delivery d where d.object_key = l.object_key and d.state = 'done'
    ), 0) where l.object_key = any(:objects)
"""
_AGAIN = """
    update action set plan_at = least(plan_at, created_at) where key = any(:keys) and status <> 'DISCARDED'
"""
_LEAVE = "delete from action_member where conversation_id = any(:ids)"
_IDLE = "update action set plan_at = null where key = any(:keys) and plan_at is not null"
_HEIR = """
    update {table} t set conversation_id = h.conversation_id, reason = '' from (
        select distinct on (action_key) action_key, conversation_id from action_member
        where action_key = any(:keys) and conversation_id <> all(:ids)
        order by action_key, suspect <> '', at, conversation_id collate "C"
    ) h where t.{key} = h.action_key and t.conversation_id = any(:ids)
"""
_UNNAME = "update link set subject_id = :erased where subject_id = any(:subjects)"
_UNNAME_ALL = "update delivery set subject_id = :erased where id = any(:ids) and subject_id = any(:subjects)"
_OF_SUBJECTS = f"""
    select d.id from delivery d where {_ABOUT_SUBJECTS}
"""
_OUTSIDE = f"""
    select distinct on (l.object_key) {LINK} from link l where l.receipt is not null and (
        l.subject_id = any(:subjects)
        or l.action_key in (select action_key from action_member where conversation_id = any(:ids))
        or l.object_key in (select object_key from delivery where id = any(:deliveries))
    ) order by l.object_key
"""


@dataclass(frozen=True)
class Gone:
    """Withdrawn words: whole texts, the summaries and quotes in them, and the themes that they were in."""

    texts: tuple[str, ...] = ()
    phrases: tuple[str, ...] = ()
    themes: tuple[str, ...] = ()


async def withdraw(sql: Sql, ids: Sequence[str], *, gone: Gone, final: bool) -> None:
    """Take these conversations' words out of what was and is to be sent.

    What was not sent yet is planned anew from what is left; with `final` (the conversations do not come back) it is
    discarded where nothing is left. What was sent keeps its state and receipt, not its words.
    """
    own = list(await sql.column(_OWN, ids=list(ids)))
    await sql.run(_LOCK, keys=own)
    left = set(await sql.column(_LEFT, keys=own, ids=list(ids)))
    orphans = {key for key in own if key not in left} if final else set[str]()
    about = set[str](await sql.column(_ABOUT, keys=own)) | await saying(sql, gone)
    await _take_back(sql, about, orphans=orphans)
    if final:
        await sql.run(_HEIR.format(table="action", key="key"), keys=own, ids=list(ids))
        await sql.run(_HEIR.format(table="escalation_actions", key="action_key"), keys=own, ids=list(ids))
        await sql.run(_LEAVE, ids=list(ids))
        await sql.run(_IDLE, keys=sorted(orphans))


async def forget_subjects(sql: Sql, subjects: Sequence[str]) -> None:
    """Forget whom these subjects name: what was not sent about them is discarded, the rest loses its words."""
    about = await sql.column(_OF_SUBJECTS, subjects=list(subjects))
    rows = await sql.rows(_STATES, ids=about)
    await _take_back(sql, about, orphans={row["action_key"] for row in rows})
    await sql.run("delete from action_alias where subject_id = any(:subjects)", subjects=list(subjects))
    await sql.run(_UNNAME_ALL, erased=ERASED, ids=about, subjects=list(subjects))
    await sql.run(_UNNAME, erased=ERASED, subjects=list(subjects))


async def forget_actions(sql: Sql, keys: Sequence[str]) -> None:
    """Remove what hangs on removed actions; what was sent for them stays, without them."""
    for table in ("action_member", "action_alias"):
        await sql.run(f"delete from {table} where action_key = any(:keys)", keys=list(keys))
    await sql.run("delete from queue_decision where subject = any(:keys)", keys=list(keys))


async def outside(sql: Sql, ids: Sequence[str], *, gone: Gone, subjects: Sequence[str]) -> list[Link]:
    """Things outside that may hold words of these conversations, or are about these subjects."""
    said = sorted(await saying(sql, gone))
    rows = await sql.rows(_OUTSIDE, ids=list(ids), subjects=list(subjects), deliveries=said)
    return [link_from(row) for row in rows]


async def saying(sql: Sql, gone: Gone) -> set[str]:
    """Deliveries whose content says withdrawn words: a summary or quote, or a word that only was said there."""
    heads = {text if len(text) <= _PHRASE else text[:_PHRASE].rpartition(" ")[0] for text in gone.phrases}
    telling = sorted(head for head in heads if len(head.split()) >= _SHORTEST)
    found = set[str](await sql.column(_SAYING, phrases=telling)) if telling else set[str]()
    rows = await sql.rows(_THEMED, subjects=list(gone.themes))
    told: dict[str, str] = {
        row["id"]: "\n".join(_texts(json.loads(row["content"]))) for row in rows if row["id"] not in found
    }
    taint = await taint_of(sql, "", withdrawn=gone.texts, derived=told.values())
    return found | {one for one, text in told.items() if taint.stains(text)}


async def _take_back(sql: Sql, ids: Iterable[str], *, orphans: Collection[str]) -> None:
    rows = await sql.rows(_STATES, ids=sorted(set(ids)))
    unsent = [row for row in rows if row["unsent"]]
    dropped = [row for row in unsent if row["action_key"] in orphans]
    anew = [row for row in unsent if row["action_key"] not in orphans and row["op"] in {"create", "update"}]
    await sql.run(_FORGET, ids=[row["id"] for row in rows])
    await sql.run(_DISCARD, ids=[row["id"] for row in dropped], cause=CAUSE)
    await sql.run(_DROP, ids=[row["id"] for row in anew])
    objects = sorted({row["object_key"] for row in anew})
    await sql.run(_UNTELL, objects=objects)
    await sql.run(_UNLINK, objects=objects)
    await sql.run(_AGAIN, keys=sorted({row["action_key"] for row in anew}))
    await settle(sql, {row["action_key"] for row in unsent})


def _texts(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in cast("dict[str, Any]", value).values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in cast("list[Any]", value):
            yield from _texts(item)
