"""Use case: send the report of one period of a series to each of its destinations, once.

A destination is claimed in the ledger, durably, before anything is sent. What was interrupted after that may have
arrived: it is said so, and it is not sent again unless a person asks for it.
"""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from earshot.domain.delivery import Outcome, Receipt, Result
from earshot.domain.letter import Letter, SentState
from earshot.domain.report import Edition, Report, Window
from earshot.domain.sent_report import SentReport
from earshot.errors import EarshotError
from earshot.pipeline.parts import Parts
from earshot.pipeline.reporting import report
from earshot.pipeline.reports.addresses import address_of
from earshot.pipeline.reports.destinations import Destination, destinations_of, key_of, letter_of
from earshot.pipeline.reports.filing import RENDERERS, appear
from earshot.ports.tool import Postal
from earshot.report.news import shown_by
from earshot.report.settings import ReportSeries

log = logging.getLogger(__name__)
MARGIN = 5.0
"""Seconds before the end of a claim at which a try is given up: nobody sends under a claim that is over."""
AGAIN_HINT = "look whether it arrived; to send it again: earshot report --send --again"
_OFF = {"email": "[email] enabled", "slack": "[slack] enabled"}
_STANDS = {
    SentState.DONE: "sent already",
    SentState.SENDING: "another process is sending it just now: look again in a few minutes whether it was sent",
    SentState.UNKNOWN: f"may have been sent: {AGAIN_HINT}",
}
_STATES: Mapping[Result, SentState] = {
    Result.DELIVERED: SentState.DONE,
    Result.UNKNOWN: SentState.UNKNOWN,
}


@dataclass(frozen=True, kw_only=True)
class Told:
    """How it went at one destination, in words without customers' words.

    `again`: a fault that passes by itself, or somebody else is at it: look again later.
    """

    destination: str
    state: SentState
    words: str
    fresh: bool = False
    again: bool = False

    @property
    def ok(self) -> bool:
        """Whether nobody has to do anything."""
        return self.state in {SentState.DONE, SentState.DRY}


async def send(
    parts: Parts, series: ReportSeries, *, window: Window, again: bool = False, rehearse: bool = False
) -> list[Told]:
    """Send what was not sent yet of this period; one destination that fails does not stop the others.

    `again` also sends what was sent or may have been sent; `rehearse` writes and checks everything, sends nothing.
    """
    round_ = _Round(parts, series, window=window, again=again, rehearse=rehearse)
    return [await round_.at(destination) for destination in destinations_of(series)]


class _Round:
    """One round over a series' destinations; the figures are gathered once, when first needed."""

    def __init__(self, parts: Parts, series: ReportSeries, *, window: Window, again: bool, rehearse: bool) -> None:
        self._parts, self._series, self._window = parts, series, window
        self._again, self._rehearse = again, rehearse
        self._figures: Report | None = None

    async def at(self, destination: Destination) -> Told:
        """Send to one destination."""
        try:
            return await self._tried(destination)
        except EarshotError as error:
            words = " ".join(filter(None, (str(error), error.hint)))
            return Told(destination=destination.name, state=SentState.FAILED, words=words)
        except Exception as error:  # noqa: BLE001 (a fault at one destination must not stop the others)
            fault = type(error).__name__  # the error's own text may hold a customer's words
            log.warning("The report %s for %s failed (%s).", self._series.name, destination.name, fault)
            words = f"an error of the program ({fault})"
            return Told(destination=destination.name, state=SentState.FAILED, words=words)

    async def _tried(self, destination: Destination) -> Told:
        stands = await self._standing(destination)
        if stands is not None:
            return stands
        tool = self._parts.make_tools().get(destination.tool)
        if destination.tool and not isinstance(tool, Postal):
            words = f"not sent: {destination.tool} is not switched on ({_OFF[destination.tool]})"
            return Told(destination=destination.name, state=SentState.FAILED, words=words)
        figures = await edition_for(
            self._parts, self._series, figures=await self._gathered(), destination=destination.name
        )
        if not isinstance(tool, Postal):
            return await self._file(destination, figures)
        letter = await self._written(destination, figures)
        if self._rehearse or destination.tool in self._parts.dry_tools:
            return await self._rehearsed(destination, figures, tool=tool, letter=letter)
        return await self._posted(destination, figures, tool=tool, letter=letter)

    async def _standing(self, destination: Destination) -> Told | None:
        """How it stands, where it is not to be sent now."""
        async with self._parts.store.unit() as unit:
            await unit.pages.reports.expire(now=self._parts.clock.now())
            held = await unit.pages.reports.of_period(self._series.name, end=self._window.end)
            await unit.commit()
        for one in held:
            settled = one.state in _STANDS and (one.state is SentState.SENDING or not self._anew(destination, one))
            if one.destination == destination.name and settled and not self._rehearse:
                return _stood(one.destination, one.state)
        return None

    def _anew(self, destination: Destination, held: SentReport) -> bool:
        """Whether it is done again though it was tried: a file that may be there is simply written."""
        return self._again or (not destination.tool and held.state is SentState.UNKNOWN)

    async def _gathered(self) -> Report:
        if self._figures is None:
            self._figures = await report(self._parts, since=self._window.start, until=self._window.end)
        return self._figures

    async def _written(self, destination: Destination, figures: Report) -> Letter:
        key = key_of(self._series.name, end=self._window.end, destination=destination.name)
        return await asyncio.to_thread(letter_of, figures, destination, key=key, charts=self._series.charts)

    async def _file(self, destination: Destination, figures: Report) -> Told:
        folder, zone = Path(destination.to[0]), ZoneInfo(self._window.timezone)
        name = f"{self._series.name}-{self._window.end.astimezone(zone):%Y-%m-%d-%H%M}"
        paths = [folder / f"{name}.{form}" for form in self._series.formats]
        if self._rehearse:
            return Told(destination=destination.name, state=SentState.DRY, words=f"would write {_listed(paths)}")
        claimed = await self._claim(destination, figures)
        if claimed is None:
            return _stood(destination.name, SentState.SENDING)
        return await self._record(claimed, await self._filed(paths, figures))

    async def _filed(self, paths: list[Path], figures: Report) -> Outcome:
        try:
            for form, path in zip(self._series.formats, paths, strict=True):
                appear(path, await asyncio.to_thread(RENDERERS[form], figures))
        except EarshotError as error:
            return Outcome(result=Result.REJECTED, reason=" ".join(filter(None, (str(error), error.hint))))
        except Exception as error:  # noqa: BLE001 (the claim must not stand as if somebody were at it)
            return Outcome(result=Result.REJECTED, reason=f"an error of the program ({type(error).__name__})")
        return Outcome(result=Result.DELIVERED, receipt=Receipt(external_id=_listed(paths)))

    async def _rehearsed(self, destination: Destination, figures: Report, *, tool: Postal, letter: Letter) -> Told:
        wrong = tool.check_letter(letter)
        words = f"dry run, nothing was sent: “{letter.title}”" + (f"; but {wrong}" if wrong else "")
        told = Told(destination=destination.name, state=SentState.DRY, words=words, fresh=True)
        if self._rehearse:
            return told
        claimed = await self._claim(destination, figures)
        if claimed is not None:
            await self._save(claimed.model_copy(update={"state": SentState.DRY, "note": wrong}))
        return told

    async def _posted(self, destination: Destination, figures: Report, *, tool: Postal, letter: Letter) -> Told:
        claimed = await self._claim(destination, figures)
        if claimed is None:
            return _stood(destination.name, SentState.SENDING)
        try:
            async with asyncio.timeout(self._parts.act.lease_seconds - MARGIN):
                outcome = await tool.post(letter)
        except TimeoutError:
            outcome = Outcome(result=Result.UNKNOWN, reason="it took too long")
        except Exception as error:  # noqa: BLE001 (a mistake in one tool must not stop the others)
            outcome = Outcome(result=Result.UNKNOWN, reason=f"the connector failed: {type(error).__name__}")
        return await self._record(claimed, outcome)

    async def _claim(self, destination: Destination, figures: Report) -> SentReport | None:
        """Take this destination upon us, durably; None where somebody was quicker."""
        now = self._parts.clock.now()
        wanted = SentReport(
            series=self._series.name,
            period_start=self._window.start,
            period_end=self._window.end,
            destination=destination.name,
            at=now,
            worker=self._parts.ids.new(),
            lease_until=now + timedelta(seconds=self._parts.act.lease_seconds),
            actor=self._parts.actor,
            shown=shown_by(figures),
        )
        async with self._parts.store.unit() as unit:
            claimed = await unit.pages.reports.claim(wanted, again=self._again or not destination.tool)
            await unit.commit()
        return claimed

    async def _record(self, claimed: SentReport, outcome: Outcome) -> Told:
        state = _STATES.get(outcome.result, SentState.FAILED)
        reason = "" if state is SentState.DONE else outcome.reason
        update = {"state": state, "reason": reason, "note": outcome.note, "receipt": outcome.receipt}
        await self._save(claimed.model_copy(update=update))
        self._parts.meter.count(
            "earshot_reports_sent_total", destination=claimed.destination.partition(":")[0], state=state.value
        )
        passing = outcome.result is Result.RETRY
        return Told(
            destination=claimed.destination, state=state, words=_words(state, outcome), fresh=True, again=passing
        )

    async def _save(self, sent: SentReport) -> None:
        async with self._parts.store.unit() as unit:
            await unit.pages.reports.record(sent.model_copy(update={"at": self._parts.clock.now()}))
            await unit.commit()


async def edition_for(parts: Parts, series: ReportSeries, *, figures: Report, destination: str) -> Report:
    """The figures as the readers at a destination get them: their sections, and what they saw before."""
    window = figures.window
    async with parts.store.unit() as unit:
        last = await unit.pages.reports.last_shown(series.name, destination=destination, before=window.end)
    edition = Edition(
        app_url=parts.public_url,
        address=address_of(parts.public_url, series.name, end=window.end),
        sections=tuple(series.sections or parts.report.sections),
        before=last.shown if last else None,
        before_end=last.period_end if last else None,
    )
    return figures.model_copy(update={"edition": edition})


def _stood(destination: str, state: SentState) -> Told:
    """How it stands where nothing is done now; what somebody else is sending may still fail."""
    return Told(destination=destination, state=state, words=_STANDS[state], again=state is SentState.SENDING)


def _words(state: SentState, outcome: Outcome) -> str:
    if state is SentState.DONE:
        return "sent" + (f" ({outcome.note})" if outcome.note else "")
    if state is SentState.UNKNOWN:
        return f"may have been sent ({outcome.reason}): {AGAIN_HINT}"
    return f"not sent: {outcome.reason or 'no reason given'}"


def _listed(paths: list[Path]) -> str:
    return ", ".join(map(str, paths))
