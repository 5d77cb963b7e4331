"""What people did, the views they keep, and the key that signs their sessions."""

# ruff: noqa: S608 (statements are put together from constant names and conditions; values are parameters)

import json
from collections.abc import Sequence
from datetime import datetime

from earshot.domain.visitor import Act, SavedView
from earshot.ports.browse import Place
from earshot.store.driver import Row
from earshot.store.sql import Sql

_ACT = "a.id, a.at, a.actor, a.role, a.act, a.subject, a.detail"


class PostgresPeople:
    """`ports.pages.People` in PostgreSQL."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def key(self, made: bytes, *, now: datetime) -> bytes:
        """The installation's secret key; `made` becomes it where there is none yet."""
        await self._sql.run(
            "insert into web_key (key, made_at) values (:key, :now) on conflict do nothing", key=made, now=now
        )
        return bytes(await self._sql.value("select key from web_key"))

    async def note(self, act: Act) -> None:
        """Keep what a person did."""
        await self._sql.run(
            """insert into person_act (at, actor, role, act, subject, detail)
            values (:at, :actor, :role, :act, :subject, cast(:detail as jsonb))""",
            **act.model_dump(exclude={"detail"}),
            detail=json.dumps(act.detail),
        )

    async def acts(
        self, *, actor: str = "", subject: str = "", after: Place | None, limit: int
    ) -> list[tuple[int, Act]]:
        """Acts with their numbers, newest first; of one actor or about one subject where given."""
        where, values = ["true"], dict[str, object]()
        for name, wanted in (("actor", actor), ("subject", subject)):
            if wanted:
                where.append(f"a.{name} = :{name}")
                values[name] = wanted
        if after is not None:
            where.append("(a.at, a.id) < (cast(:after_at as timestamptz), cast(:after as bigint))")
            values |= {"after_at": after.at, "after": after.count}
        rows = await self._sql.rows(
            f"""select {_ACT} from person_act a where {" and ".join(where)}
            order by a.at desc, a.id desc limit :limit""",
            limit=limit,
            **values,
        )
        return [(row["id"], _act(row)) for row in rows]

    async def views(self, owner: str, *, page: str = "") -> list[SavedView]:
        """The views of a person and everybody's, by page and name."""
        rows = await self._sql.rows(
            """select id, owner, page, name, query, made_at from saved_view
            where owner in (:owner, '') and (cast(:page as text) = '' or page = :page)
            order by page, name, owner""",
            owner=owner,
            page=page,
        )
        return [SavedView.model_validate(dict(row)) for row in rows]

    async def keep_view(self, view: SavedView) -> None:
        """Keep a view; one of that owner, page and name is replaced."""
        await self._sql.run(
            """insert into saved_view (id, owner, page, name, query, made_at)
            values (:id, :owner, :page, :name, :query, :made_at)
            on conflict (owner, page, name) do update set query = excluded.query, made_at = excluded.made_at""",
            **view.model_dump(),
        )

    async def drop_view(self, view_id: str, *, owners: Sequence[str]) -> bool:
        """Drop a view of one of these owners; whether there was one."""
        statement = "delete from saved_view where id = :id and owner = any(:owners)"
        return bool(await self._sql.run(statement, id=view_id, owners=list(owners)))

    async def older(self, before: datetime, *, most: int) -> int:
        """How many conversations were last updated before a moment, counted up to `most`."""
        statement = """select count(*) from (
            select from conversation where updated_at < :before order by updated_at limit :most
        ) late"""
        return await self._sql.value(statement, before=before, most=most)


def _act(row: Row) -> Act:
    told = {name: row[name] for name in Act.model_fields}
    return Act.model_validate({**told, "detail": _object(row["detail"])})


def _object(stored: object) -> object:
    return json.loads(stored) if isinstance(stored, str) else stored
