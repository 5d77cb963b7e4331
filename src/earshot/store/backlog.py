"""Backlog items, with what people set on them laid over."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from earshot.domain.backlog import BacklogItem, ItemEdit, ItemStatus, ItemText
from earshot.domain.rice import Factor
from earshot.errors import BadInput
from earshot.store.cleaning import clean, clean_json, clean_or_none
from earshot.store.evidence import EvidenceReader
from earshot.store.existing import ExistingItems
from earshot.store.rollups import Rollups
from earshot.store.sql import Sql, Stage

_ITEM = Stage(
    "drafted_item",
    {
        "id": "text",
        "theme_id": "text",
        "text": "jsonb",
        "rice": "jsonb",
        "score": "float8",
        "evidence": "jsonb",
        "status": "text",
        "drafted_by": "text",
        "drafted_as": "text",
        "created_at": "timestamptz",
        "updated_at": "timestamptz",
    },
)
_COLUMNS = ", ".join(_ITEM.columns)
_SAVE = f"""
    insert into backlog_item ({_COLUMNS}) select {_COLUMNS} from drafted_item order by id
    on conflict (id) do update set {", ".join(f"{n} = excluded.{n}" for n in _ITEM.columns if n != "created_at")}
"""  # noqa: S608 (constant names; values are parameters)
_ITEMS = f"""
    select {_COLUMNS} from backlog_item where cast(:ids as text[]) is null or id = any(:ids)
    order by score desc nulls last, id collate "C"
"""  # noqa: S608 (constant names; values are parameters)
_SET = """
    select distinct on (item_id, field) item_id, field, value, reason, actor, at from item_edit
    where cast(:ids as text[]) is null or item_id = any(:ids) order by item_id, field, at desc, id desc
"""
_EDIT = """
    insert into item_edit (item_id, field, value, reason, actor, at)
    values (:item_id, :field, :value, :reason, :actor, :at)
"""
_STATUS = "status"
_FACTORS = {factor.value for factor in Factor}


class PostgresBacklog(EvidenceReader, ExistingItems):
    """`ports.store.Backlog` in PostgreSQL."""

    def __init__(self, sql: Sql, rollups: Rollups) -> None:
        self._sql = sql
        self._rollups = rollups

    async def save(self, items: Sequence[BacklogItem]) -> None:
        """Insert or replace items.

        Where a person set a word, the drafted word that lies under it is kept, so that it can be given back.
        """
        held = {row["id"]: row for row in await self._sql.rows(_ITEMS, ids=[item.id for item in items])}
        edits = await self._set([item.id for item in items])
        await self._sql.stage(
            _ITEM, [_item_row(one, held=held.get(one.id), edits=edits.get(one.id, {})) for one in items]
        )
        await self._sql.run(_SAVE)

    async def items(self) -> list[BacklogItem]:
        """All items with people's edits laid over them, by score, then id."""
        return await self._items(None)

    async def get(self, item_id: str) -> BacklogItem | None:
        """One item by its id (or the beginning of it, when only one begins so)."""
        ids = await self._sql.column(
            """(select id from backlog_item where id = :id) union all
            (select id from backlog_item where starts_with(id, :id) and id <> :id limit 2)""",
            id=item_id,
        )
        if not ids or (len(ids) > 1 and ids[0] != item_id):
            return None
        return (await self._items([ids[0]]))[0]

    async def some(self, ids: Sequence[str]) -> list[BacklogItem]:
        """These items, those that exist, by score, then id."""
        return await self._items(list(ids))

    async def of_theme(self, theme_id: str) -> list[BacklogItem]:
        """The items of a theme, by score, then id."""
        ids = await self._sql.column("select id from backlog_item where theme_id = :theme", theme=theme_id)
        return await self._items(ids)

    async def edit(self, edits: Sequence[ItemEdit]) -> None:
        """Keep what a person set; None as value gives the field back. BadInput when it is no field or no value."""
        for one in edits:
            _check(one)
            await self._sql.run(
                _EDIT,
                item_id=one.item_id,
                field=one.field,
                value=clean_or_none(one.value),
                reason=clean(one.reason),
                actor=clean(one.actor),
                at=one.at,
            )

    async def edits(self, item_id: str) -> list[ItemEdit]:
        """What people set on an item, newest first."""
        rows = await self._sql.rows(
            """select item_id, field, value, reason, actor, at from item_edit where item_id = :id
            order by at desc, id desc""",
            id=item_id,
        )
        return [ItemEdit.model_validate(dict(row)) for row in rows]

    async def _items(self, ids: Sequence[str] | None) -> list[BacklogItem]:
        rows = await self._sql.rows(_ITEMS, ids=ids)
        edits = await self._set(ids)
        return [_item(row, edits.get(row["id"], {})) for row in rows]

    async def _set(self, ids: Sequence[str] | None) -> dict[str, dict[str, Any]]:
        """The values in force by item and field."""
        found: dict[str, dict[str, Any]] = {}
        for row in await self._sql.rows(_SET, ids=ids):
            if row["value"] is not None:
                found.setdefault(row["item_id"], {})[row["field"]] = json.loads(row["value"])
        return found


def _check(edit: ItemEdit) -> None:
    if edit.field not in {*ItemText.model_fields, _STATUS, *_FACTORS}:
        raise BadInput(f"{edit.field!r} is no field of a backlog item")
    if edit.value is None:
        return
    sample: dict[str, Any] = {"title": "t", "description": "d", "acceptance_criteria": ["a"]}
    sample |= {"issue_type": "Task", "priority": "P3"}
    try:
        value = json.loads(edit.value)
        if edit.field in ItemText.model_fields:
            ItemText.model_validate(sample | {edit.field: value})
        elif edit.field == _STATUS:
            ItemStatus(value)
        else:
            float(value)
    except (ValidationError, ValueError, TypeError) as error:
        raise BadInput(f"{edit.field} of a backlog item cannot be set to that") from error


def _item_row(item: BacklogItem, *, held: Any, edits: Mapping[str, Any]) -> tuple[Any, ...]:
    text = item.text.model_dump(mode="json")
    status = item.status.value
    if held is not None:
        below = json.loads(held["text"])
        text |= {name: below[name] for name in edits if name in text}
        status = held["status"] if _STATUS in edits else status
    return (
        item.id,
        item.theme_id,
        json.dumps(clean_json(text)),
        None if item.rice is None else clean(item.rice.model_dump_json()),
        None if item.rice is None else item.rice.score.rice_score,
        json.dumps(clean_json(item.evidence.model_dump(mode="json"))),
        status,
        item.drafted_by.value,
        clean(item.drafted_as),
        item.created_at,
        item.updated_at,
    )


def _item(row: Any, edits: Mapping[str, Any]) -> BacklogItem:
    text = json.loads(row["text"])
    return BacklogItem.model_validate(
        {
            "id": row["id"],
            "theme_id": row["theme_id"],
            "text": text | {name: value for name, value in edits.items() if name in ItemText.model_fields},
            "rice": None if row["rice"] is None else json.loads(row["rice"]),
            "evidence": json.loads(row["evidence"]),
            "status": edits.get(_STATUS, row["status"]),
            "drafted_by": row["drafted_by"],
            "drafted_as": row["drafted_as"],
            "edited": tuple(sorted(edits)),
            "created_at": row["created_at"],
            "updated_at": row["updated_at"],
        }
    )
