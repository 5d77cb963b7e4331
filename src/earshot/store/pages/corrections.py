"""What people corrected, and the readings it lies over."""

# ruff: noqa: S608 (statements are put together from constant names and conditions; values are parameters)

from collections.abc import Sequence
from datetime import datetime

from earshot.domain.correction import Correction, as_read, labels_as_read
from earshot.domain.insight import FirstLabels, Insight
from earshot.store.cleaning import clean
from earshot.store.correction_rows import COLUMNS, corrected, correction_from, in_force
from earshot.store.insight_rows import insight_from
from earshot.store.insights import INSIGHT, PostgresInsights
from earshot.store.labels import labels_from, lay_labels
from earshot.store.sql import Sql

_LOCK = "select id from conversation where id = :id for update"
_FIRST = f"select l.*, {corrected('l')} from first_labels l where l.conversation_id = :id"
_END = """
    update correction set undone_at = :now, undone_by = :actor where id = any(:ids) and undone_at is null
"""
_ADD = f"""
    insert into correction ({COLUMNS})
    values ({", ".join(f":{name.strip()}" for name in COLUMNS.split(","))})
"""
_MOVED = "update conversation_insights set updated_at = :now where conversation_id = :id"


class PostgresCorrections:
    """`ports.pages.Corrections` in PostgreSQL."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def of(self, ids: Sequence[str]) -> dict[str, list[Correction]]:
        """What is corrected now, by conversation; `was` is what the model itself says."""
        return await in_force(self._sql, ids)

    async def history(self, conversation_id: str) -> list[Correction]:
        """Every correction of a conversation, also those taken back, newest first."""
        rows = await self._sql.rows(
            f"select {COLUMNS} from correction where conversation_id = :id order by made_at desc, id desc",
            id=conversation_id,
        )
        return [correction_from(row) for row in rows]

    async def get(self, correction_id: str) -> Correction | None:
        """One correction."""
        row = await self._sql.row(f"select {COLUMNS} from correction where id = :id", id=correction_id)
        return None if row is None else correction_from(row)

    async def held(self, conversation_id: str, *, lock: bool = False) -> tuple[Insight | None, FirstLabels | None]:
        """What is stored of a conversation, whichever of its texts it is of; with `lock` nobody else changes it."""
        if lock:
            await self._sql.run(_LOCK, id=conversation_id)
        insight = await self._sql.row(f"{INSIGHT} where i.conversation_id = :id", id=conversation_id)
        labels = await self._sql.row(_FIRST, id=conversation_id)
        return (
            None if insight is None else insight_from(insight),
            None if labels is None else labels_from(labels),
        )

    async def change(
        self,
        conversation_id: str,
        *,
        new: Correction | None = None,
        undone: Sequence[str] = (),
        actor: str,
        now: datetime,
    ) -> None:
        """Take corrections back (`undone`: their ids), add one, and lay what is then in force over the reading.

        Figures and themes are counted anew, and the rules judge again.
        """
        insight, labels = await self.held(conversation_id, lock=True)
        before = (await self.of([conversation_id])).get(conversation_id, [])
        await self._sql.run(_END, ids=list(undone), now=now, actor=clean(actor))
        if new is not None:
            words = {name: clean(getattr(new, name)) for name in ("value", "reason", "actor")}
            await self._sql.run(_ADD, **new.model_dump() | words | {"field": new.field.value})
        if insight is not None:
            await PostgresInsights(self._sql).lay({conversation_id: as_read(insight, before)})
            await self._sql.run(_MOVED, id=conversation_id, now=now)
        if labels is not None:
            await lay_labels(self._sql, [labels_as_read(labels, before)])
