"""The ledger of reports that were sent: claimed before sending, so that each is sent once."""

# ruff: noqa: S608 (statements are put together from constant names and conditions; values are parameters)

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from earshot.domain.report import Window
from earshot.domain.sent_report import SentReport
from earshot.ports.browse import Place
from earshot.ports.pages.reports import Extras
from earshot.store.pages.report_extras import ReportExtras
from earshot.store.sql import Sql

_COLUMNS = """series, period_start, period_end, destination, state, at, worker, lease_until, tries, actor, reason,
    note, receipt, shown"""
_CLAIM = f"""
    insert into report_sent as s (series, period_start, period_end, destination, state, at, worker, lease_until,
        actor, shown)
    values (:series, :period_start, :period_end, :destination, 'sending', :at, :worker, :lease_until, :actor,
        cast(:shown as jsonb))
    on conflict (series, period_end, destination) do update set state = 'sending', at = excluded.at,
        period_start = excluded.period_start, worker = excluded.worker, lease_until = excluded.lease_until,
        actor = excluded.actor, shown = excluded.shown, tries = s.tries + 1, reason = '', note = '', receipt = null
    where s.state in ('failed', 'dry') or (:again and s.state <> 'sending')
    returning {_COLUMNS}
"""
_EXPIRE = """
    update report_sent set state = 'unknown', at = :now, lease_until = null,
        note = 'sending it was interrupted: it may have been sent'
    where state = 'sending' and lease_until < :now
"""
_RECORD = """
    update report_sent set state = :state, at = :at, reason = :reason, note = :note, lease_until = null,
        receipt = cast(:receipt as jsonb), shown = cast(:shown as jsonb)
    where series = :series and period_end = :period_end and destination = :destination and worker = :worker
        and state in ('sending', 'unknown')
"""
_LAST = f"""
    select {_COLUMNS} from report_sent where series = :series and destination = :destination
        and period_end < :before and state in ('done', 'unknown') order by period_end desc limit 1
"""
_PERIODS = f"""
    select {_COLUMNS} from report_sent where (period_end, series) in (
        select distinct period_end, series from report_sent
        where cast(:after_at as timestamptz) is null
            or (period_end, series) < (cast(:after_at as timestamptz), cast(:after as text))
        order by period_end desc, series desc limit :limit
    ) order by period_end desc, series desc, destination
"""


class PostgresReports:
    """`ports.pages.Reports` in PostgreSQL."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql
        self._extras = ReportExtras(sql)

    async def claim(self, wanted: SentReport, *, again: bool) -> SentReport | None:
        """Take the sending of a report to a destination upon oneself; commit before anything is sent."""
        values = wanted.model_dump(
            include={
                "series", "period_start", "period_end", "destination", "at", "worker", "lease_until", "actor",
            }
        )  # fmt: skip
        row = await self._sql.row(_CLAIM, **values, shown=wanted.shown.model_dump_json(), again=again)
        return None if row is None else _sent(row)

    async def expire(self, *, now: datetime) -> int:
        """What was being sent under a lease that is over becomes UNKNOWN; how many."""
        return await self._sql.run(_EXPIRE, now=now)

    async def record(self, sent: SentReport) -> bool:
        """Write how a claimed report stands now; False when somebody else claimed it meanwhile."""
        names = {"series", "period_end", "destination", "worker", "at", "reason", "note"}
        receipt = None if sent.receipt is None else sent.receipt.model_dump_json()
        shown = sent.shown.model_dump_json()
        values = sent.model_dump(include=names)
        return bool(await self._sql.run(_RECORD, **values, state=sent.state.value, receipt=receipt, shown=shown))

    async def last_shown(self, series: str, *, destination: str, before: datetime) -> SentReport | None:
        """The newest report of an earlier period that reached, or may have reached, a destination."""
        row = await self._sql.row(_LAST, series=series, destination=destination, before=before)
        return None if row is None else _sent(row)

    async def of_period(self, series: str, *, end: datetime) -> list[SentReport]:
        """How the report of a period stands at its destinations."""
        rows = await self._sql.rows(
            f"""select {_COLUMNS} from report_sent where series = :series and period_end = :end
            order by destination""",
            series=series,
            end=end,
        )
        return _all(rows)

    async def periods(self, *, after: Place | None, limit: int) -> list[SentReport]:
        """Reports by period, newest first: the rows of so many periods after a place (its time and series)."""
        at, series = (after.at, after.id) if after else (None, "")
        return _all(await self._sql.rows(_PERIODS, after_at=at, after=series, limit=limit))

    async def extras(self, window: Window, *, limit: int) -> Extras:
        """Themes that moved, customers who may leave, what was done and shipped in a window."""
        return Extras(
            movers=await self._extras.movers(window, limit=limit),
            accounts=await self._extras.accounts(window, limit=limit),
            delivered=await self._extras.delivered(window),
            shipped=await self._extras.shipped(window, limit=limit),
        )


def _all(rows: Sequence[Any]) -> list[SentReport]:
    return [_sent(row) for row in rows]


def _sent(row: Any) -> SentReport:
    read = {name: _object(row[name]) for name in ("receipt", "shown")}
    return SentReport.model_validate({**row, **read})


def _object(stored: object) -> object:
    return json.loads(stored) if isinstance(stored, str) else stored
