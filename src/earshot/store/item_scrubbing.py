"""Backlog items after text was withdrawn: no word, reason, quote, link or count of theirs rests on it."""

import json
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from earshot.domain.backlog import TITLE_LIMIT, Evidence
from earshot.domain.report import Window
from earshot.store.evidence import count_evidence
from earshot.store.sql import Sql
from earshot.store.taint import Taint

WITHDRAWN = "withdrawn"
"""What `drafted_as` says of an item whose words had to go: it is due to be drafted again."""
_CRITERION = "The matter is settled for the customers who raised it."
_UPDATE = """
    update backlog_item set text = cast(:text as jsonb), rice = cast(:rice as jsonb),
        evidence = cast(:evidence as jsonb), drafted_as = :drafted_as where id = :id
"""
_TOLD = """
    select id, theme_id, evidence from backlog_item where theme_id = any(:themes) or exists (
        select from jsonb_path_query(evidence, '$.**.conversation_id') said
        where said #>> '{}' = any(cast(:ids as text[]))
    ) order by id for update
"""
_NOTES = """
    select r.item_id, r.person, r.note from item_rating r join backlog_item b on b.id = r.item_id
    where b.theme_id = :theme and r.note <> ''
"""
_LISTS = ("acceptance_criteria", "labels", "components")


async def item_texts(sql: Sql, theme_id: str) -> list[str]:
    """Every text that was derived for the items of a theme."""
    return list(
        await sql.column(
            """select concat_ws(' ', text, rice) from backlog_item where theme_id = :theme
            union all
            select concat_ws(' ', e.value, e.reason) from item_edit e join backlog_item b on b.id = e.item_id
            where b.theme_id = :theme""",
            theme=theme_id,
        )
    )


async def scrub_items(sql: Sql, theme_id: str, *, taint: Taint, title: str | None) -> None:
    """Free the words of a theme's items; without a title the theme is gone, and its items go with it."""
    if title is None:
        ids = await sql.column("delete from backlog_item where theme_id = :theme returning id", theme=theme_id)
        await sql.run("delete from item_edit where item_id = any(:ids)", ids=ids)
        await sql.run("delete from item_rating where item_id = any(:ids)", ids=ids)
        await sql.run("delete from match where theme_id = :theme", theme=theme_id)
        return
    await sql.run(
        "delete from item_edit where id = any(:ids)", ids=await _stained_edits(sql, theme_id, taint=taint)
    )
    for row in await sql.rows(_NOTES, theme=theme_id):
        if taint.stains(row["note"]):
            statement = "update item_rating set note = '' where item_id = :item_id and person = :person"
            await sql.run(statement, item_id=row["item_id"], person=row["person"])
    for row in await sql.rows("select * from backlog_item where theme_id = :theme for update", theme=theme_id):
        text, rice = row["text"], row["rice"]
        if not taint.stains(text) and not taint.stains(rice):
            continue
        freed = _freed_text(json.loads(text), taint, title=title)
        await sql.run(
            _UPDATE,
            id=row["id"],
            text=json.dumps(freed),
            rice=None if rice is None else json.dumps(taint.freed(json.loads(rice))),
            evidence=row["evidence"],
            drafted_as=WITHDRAWN if freed != json.loads(text) else row["drafted_as"],
        )


async def recount_items(sql: Sql, ids: Sequence[str], *, themes: Iterable[str]) -> None:
    """Take conversations out of the evidence of items: links and quotes go, the rest is counted from rows anew."""
    for row in await sql.rows(_TOLD, ids=list(ids), themes=sorted(themes)):
        old = Evidence.model_validate_json(row["evidence"])
        window = Window(start=old.first_seen, end=old.last_seen + timedelta(microseconds=1))
        counted = (await count_evidence(sql, [row["theme_id"]], window=window)).get(row["theme_id"], old)
        gone = set(ids)
        new = counted.model_copy(
            update={
                "links": tuple(link for link in counted.links if link.conversation_id not in gone),
                "quotes": tuple(quote for quote in old.quotes if quote.conversation_id not in gone),
                "previous_conversations": old.previous_conversations,
            }
        )
        await sql.run(
            "update backlog_item set evidence = cast(:evidence as jsonb) where id = :id",
            id=row["id"],
            evidence=new.model_dump_json(),
        )


async def _stained_edits(sql: Sql, theme_id: str, *, taint: Taint) -> list[int]:
    rows = await sql.rows(
        """select e.id, e.value, e.reason from item_edit e join backlog_item b on b.id = e.item_id
        where b.theme_id = :theme""",
        theme=theme_id,
    )
    return [row["id"] for row in rows if taint.stains(row["value"]) or taint.stains(row["reason"])]


def _freed_text(text: dict[str, Any], taint: Taint, *, title: str) -> dict[str, Any]:
    """The words of an item without stained ones; where it must have some, the theme's title stands in."""
    freed = dict(text)
    for name in ("title", "description"):
        if taint.stains(text[name]):
            freed[name] = title[:TITLE_LIMIT]
    for name in _LISTS:
        freed[name] = [one for one in text[name] if not taint.stains(one)]
    freed["acceptance_criteria"] = freed["acceptance_criteria"] or [_CRITERION]
    return freed
