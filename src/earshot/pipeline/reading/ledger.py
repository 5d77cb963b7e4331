"""The ledger over the store: calls are written in groups, one transaction at a time.

A lone call is booked at once. Calls that arrive while a transaction runs, or shortly after it, share the next one,
so that a busy process writes a few transactions a second and not two per call.

Each call reserves the most that it can cost, and gives back what it did not need. Where only reserves stand between
a call and the budget, it waits for them; when nothing is under way any more, the budget is spent.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import tzinfo

from earshot.domain.call import Call, Outcome
from earshot.errors import Misconfigured
from earshot.pipeline.reading.measuring import measure
from earshot.pipeline.reading.owing import StoreDebt
from earshot.pipeline.reading.purse import Purse
from earshot.ports.clock import Clock
from earshot.ports.ledger import BudgetSpent
from earshot.ports.meter import Meter, NoMeter
from earshot.ports.store import Opening, Pace, Store

GATHER = 0.05
"""Seconds between the beginnings of two transactions, while calls come thick and fast."""
LAZY = 0.25
"""Seconds after which a closed call is written, when no other call takes it along."""


@dataclass(frozen=True)
class Limits:
    """What every call must keep to. `None` is no limit; budgets in US dollars."""

    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    run_budget_usd: float | None = None
    day_budget_usd: float | None = None

    def pace(self, provider: str, model: str) -> Pace:
        """The limits of one model."""
        return Pace(
            key=f"{provider}:{model}",
            requests_per_minute=self.requests_per_minute,
            tokens_per_minute=self.tokens_per_minute,
        )


@dataclass
class _Slot:
    """A call that waits to be booked; `wait` becomes the seconds to its turn, None when the day refuses it."""

    opening: Opening
    wait: asyncio.Future[float | None]


@dataclass
class _Pause:
    """A provider's request to wait: from when until when, on the monotonic clock."""

    since: float = 0.0
    until: float = 0.0


@dataclass
class _Pages:
    """What is not written yet."""

    openings: list[_Slot] = field(default_factory=list[_Slot])
    closings: list[Call] = field(default_factory=list[Call])

    def __bool__(self) -> bool:
        return bool(self.openings or self.closings)


class StoreLedger:
    """Implements `ports.ledger.Ledger`. One per process; it belongs to one event loop."""

    def __init__(
        self, store: Store, *, limits: Limits, zone: tzinfo, clock: Clock, meter: Meter | None = None
    ) -> None:
        self._store = store
        self._limits = limits
        self._zone = zone
        self._clock = clock
        self._meter = meter or NoMeter()
        self._purse = Purse(limits.run_budget_usd)
        self._run_id: str | None = None
        self._pages = _Pages()
        self._writer: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._wrote = -GATHER
        self._fault: Exception | None = None
        self._pauses: dict[str, _Pause] = {}
        self._under_way: set[str] = set()
        self._debts: set[StoreDebt] = set()

    def begin(self, run_id: str | None) -> None:
        """A new run begins: its budget is whole, and its calls carry its id."""
        self._purse = Purse(self._limits.run_budget_usd)
        self._run_id = run_id

    async def open(self, call: Call, *, tokens: int) -> Call:
        """Book a call before it is made: durable, within budget; returns when its turn has come."""
        self._affordable(call)
        purse = self._purse
        await purse.reserve(call.id, call.bound_usd or 0.0, before_waiting=StoreDebt.release_own)
        try:
            booked = call.model_copy(update={"run_id": call.run_id or self._run_id})
            wait = await self._book(Opening(call=booked, tokens=tokens))
        except BaseException:
            purse.settle(call.id, 0.0)
            raise
        try:
            await self._turn(call, wait)
        except asyncio.CancelledError:
            self.close(booked.model_copy(update={"outcome": Outcome.CANCELLED, "bound_usd": None}))
            raise
        return booked.model_copy(update={"started_at": self._clock.now()})

    def close(self, call: Call) -> None:
        """Book how a call ended. Written soon after; `flush` waits for it."""
        measure(self._meter, call)
        debt = StoreDebt.current()
        if debt is not None and not debt.over:
            debt.keep(call)
            self._debts.add(debt)
        else:
            self._pages.closings.append(call)
        self._under_way.discard(call.id)
        self._purse.settle(call.id, call.cost_usd if call.cost_usd is not None else call.bound_usd or 0.0)
        self._wake_soon()

    def debt(self) -> StoreDebt:
        """A new debt. Until its end the calls counted towards it stand as under way."""
        return StoreDebt(self._settle)

    def _settle(self, debt: StoreDebt, calls: Sequence[Call]) -> None:
        """What a debt held is to be written."""
        self._debts.discard(debt)
        self._pages.closings += calls
        self._purse.stir()
        self._wake_soon()

    async def pause(self, provider: str, model: str, *, seconds: float) -> None:
        """No call of this model starts within so many seconds, in any process."""
        key = f"{provider}:{model}"
        pause, now = self._pauses.setdefault(key, _Pause()), self._clock.monotonic()
        if now + seconds <= pause.until:
            return
        self._pauses[key] = _Pause(since=pause.since if now < pause.until else now, until=now + seconds)
        async with self._store.unit() as unit:
            await unit.calls.pause(key, seconds=seconds)
            await unit.commit()

    async def flush(self) -> None:
        """Return when everything closed so far is durable, but for what debts hold; raises what hindered it."""
        while self._pages or self._writing:
            self._wake()
            if self._writer is not None:
                await asyncio.shield(self._writer)
            self._raise_fault()

    def _affordable(self, call: Call) -> None:
        budget = self._limits.run_budget_usd, self._limits.day_budget_usd
        if call.bound_usd is None and budget != (None, None):
            raise Misconfigured(
                f"The price of {call.provider}:{call.model} is not known, so no budget can be kept.",
                hint=f'Name it in the settings, [llm.prices."{call.provider}:{call.model}"], or leave budgets out.',
            )

    async def _book(self, opening: Opening) -> float:
        """Write one opening down with whatever else is to be written; the seconds to its turn."""
        while True:
            purse, seen = self._purse, self._purse.settled
            slot = _Slot(opening, asyncio.get_running_loop().create_future())
            self._pages.openings.append(slot)
            self._wake()
            try:
                wait = await slot.wait
            except asyncio.CancelledError:
                self._withdraw(slot)
                raise
            if wait is not None:
                return wait
            if StoreDebt.release_own():  # what it did not need may be what is missing
                continue
            if purse.settled == seen and not self._under_way and not self._debts:
                raise BudgetSpent(
                    f"The day's budget of ${self._limits.day_budget_usd} is spent.",
                    hint="What is left is read on the next day; [llm] day_budget_usd raises the budget.",
                )
            await purse.ended(since=seen)

    def _withdraw(self, slot: _Slot) -> None:
        """Nobody waits for this opening any more: not to be written, or to be closed once it is."""
        if slot in self._pages.openings:
            self._pages.openings.remove(slot)
            return
        unsent = slot.opening.call.model_copy(update={"outcome": Outcome.CANCELLED, "bound_usd": None})
        self._pages.closings.append(unsent)

    async def _turn(self, call: Call, wait: float) -> None:
        """Sleep until a call's turn. A pause that begins meanwhile moves the turn back."""
        booked = self._clock.monotonic()
        due = booked + wait
        while (left := due - self._clock.monotonic()) > 0:
            await self._clock.sleep(left)
            pause = self._pauses.get(f"{call.provider}:{call.model}")
            if pause is not None and booked <= pause.since < due:
                booked, due = pause.until, pause.until + due - pause.since

    @property
    def _writing(self) -> bool:
        return self._writer is not None and not self._writer.done()

    def _wake_soon(self) -> None:
        if self._pages and self._timer is None and not self._writing:
            self._timer = asyncio.get_running_loop().call_later(LAZY, self._wake)

    def _wake(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._pages and not self._writing:
            self._writer = asyncio.create_task(self._write())

    async def _write(self) -> None:
        """Write until nothing is left; what hinders it is told to those who wait."""
        while self._pages:
            since = self._clock.monotonic() - self._wrote
            if since < GATHER:
                await self._clock.sleep(GATHER - since)
            self._wrote = self._clock.monotonic()
            pages, self._pages = self._pages, _Pages()
            try:
                waits = await self._transaction(pages)
            except Exception as error:  # noqa: BLE001 (told to all who wait, whatever it is)
                self._spoilt(pages, error)
                if not self._pages.openings:
                    return
            else:
                self._fault = None
                self._tell(pages.openings, waits)

    async def _transaction(self, pages: _Pages) -> list[float | None]:
        """Closings first: what they give back counts for the openings. The answers, in the openings' order."""
        day = self._clock.now().astimezone(self._zone).date().isoformat()
        by_pace: dict[str, list[_Slot]] = {}
        for slot in pages.openings:
            by_pace.setdefault(f"{slot.opening.call.provider}:{slot.opening.call.model}", []).append(slot)
        waits: dict[str, float | None] = {}
        async with self._store.unit() as unit:
            if pages.closings:
                await unit.calls.close(pages.closings)
            for slots in by_pace.values():
                call = slots[0].opening.call
                answers = await unit.calls.open(
                    [slot.opening for slot in slots],
                    pace=self._limits.pace(call.provider, call.model),
                    day=day,
                    day_budget=self._limits.day_budget_usd,
                )
                waits |= {s.opening.call.id: a for s, a in zip(slots, answers, strict=True)}
            await unit.commit()
        return [waits[slot.opening.call.id] for slot in pages.openings]

    def _tell(self, slots: list[_Slot], waits: list[float | None]) -> None:
        for slot, wait in zip(slots, waits, strict=True):
            if slot.wait.done():
                continue
            if wait is not None:
                self._under_way.add(slot.opening.call.id)
            slot.wait.set_result(wait)

    def _spoilt(self, pages: _Pages, error: Exception) -> None:
        """Nothing was written: closings wait for the next try, openings fail where they stand."""
        self._pages.closings = [*pages.closings, *self._pages.closings]
        waiting = [slot for slot in pages.openings if not slot.wait.done()]
        for slot in waiting:
            slot.wait.set_exception(error)
        if not waiting:
            self._fault = error

    def _raise_fault(self) -> None:
        fault, self._fault = self._fault, None
        if fault is not None:
            raise fault
