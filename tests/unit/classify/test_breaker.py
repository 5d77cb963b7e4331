"""The breaker: closed, open, half-open with one probe; only outages count."""

import asyncio

import pytest

from earshot.classify.breaker import Breaker, BreakerOpen
from earshot.domain.call import Outcome
from earshot.errors import EarshotError, Misconfigured, Rejected
from earshot.ports.model import Unanswered
from earshot.telemetry.meter import PrometheusMeter
from tests.unit.classify.llm.standins import REQUEST, Scripted, Time, answer, unanswered
from tests.unit.telemetry.test_meter import read


async def fail(breaker: Breaker, times: int) -> None:
    for _ in range(times):
        with pytest.raises(Unanswered):
            await breaker.ask(REQUEST)


async def test_it_opens_after_failures_in_a_row_and_lets_nothing_through() -> None:
    model, clock = Scripted([unanswered()]), Time()
    breaker = Breaker(model, failures=3, seconds=30, clock=clock)
    await fail(breaker, 3)
    with pytest.raises(BreakerOpen) as refused:
        await breaker.ask(REQUEST)
    assert len(model.asked) == 3
    assert refused.value.retry_after == 30
    assert "acme:small-1" in str(refused.value)


async def test_one_answer_in_between_keeps_it_closed() -> None:
    model = Scripted([unanswered(), unanswered(), answer(), unanswered(), unanswered(), answer()])
    breaker = Breaker(model, failures=3, seconds=30, clock=Time())
    await fail(breaker, 2)
    await breaker.ask(REQUEST)
    await fail(breaker, 2)
    assert await breaker.ask(REQUEST)


@pytest.mark.parametrize(
    "error", [Rejected("bad schema"), Misconfigured("bad key"), unanswered(Outcome.RATE_LIMITED)]
)
async def test_answers_of_a_provider_that_is_there_do_not_count(error: EarshotError) -> None:
    model = Scripted([error])
    breaker = Breaker(model, failures=2, seconds=30, clock=Time())
    for _ in range(5):
        with pytest.raises(type(error)):
            await breaker.ask(REQUEST)
    assert len(model.asked) == 5


async def test_half_open_lets_exactly_one_probe_through() -> None:
    gate = asyncio.Event()
    model, clock = Scripted([unanswered(), unanswered(), answer()]), Time()
    breaker = Breaker(model, failures=2, seconds=30, clock=clock)
    await fail(breaker, 2)
    await clock.sleep(30)
    model.gate = gate
    probe = asyncio.create_task(breaker.ask(REQUEST))
    await asyncio.sleep(0)
    for _ in range(3):
        with pytest.raises(BreakerOpen):
            await breaker.ask(REQUEST)
        with pytest.raises(BreakerOpen):
            breaker.check()
    gate.set()
    await probe
    assert len(model.asked) == 3
    await breaker.ask(REQUEST)


async def test_a_failed_probe_opens_it_again() -> None:
    model, clock = Scripted([unanswered()]), Time()
    breaker = Breaker(model, failures=2, seconds=30, clock=clock)
    await fail(breaker, 2)
    await clock.sleep(30)
    await fail(breaker, 1)
    assert len(model.asked) == 3
    with pytest.raises(BreakerOpen):
        breaker.check()
    await clock.sleep(30)
    breaker.check()


async def test_a_cancelled_probe_leaves_room_for_the_next() -> None:
    model, clock = Scripted([unanswered(), answer()]), Time()
    breaker = Breaker(model, failures=1, seconds=30, clock=clock)
    await fail(breaker, 1)
    await clock.sleep(30)
    model.gate = asyncio.Event()
    probe = asyncio.create_task(breaker.ask(REQUEST))
    await asyncio.sleep(0)
    probe.cancel()
    with pytest.raises(asyncio.CancelledError):
        await probe
    model.gate = None
    assert await breaker.ask(REQUEST)


async def test_a_call_that_began_before_does_not_end_somebody_elses_probe() -> None:
    gate, clock = asyncio.Event(), Time()
    model = Scripted([unanswered(), unanswered(), answer()], gate=gate)
    breaker = Breaker(model, failures=1, seconds=30, clock=clock)
    early, late = (asyncio.create_task(breaker.ask(REQUEST)) for _ in range(2))
    await asyncio.sleep(0)
    gate.set()
    await asyncio.gather(early, late, return_exceptions=True)
    with pytest.raises(BreakerOpen):
        breaker.check()


async def test_the_wait_a_provider_asks_for_is_kept() -> None:
    model, clock = Scripted([unanswered(retry_after=120.0)]), Time()
    breaker = Breaker(model, failures=1, seconds=30, clock=clock)
    await fail(breaker, 1)
    await clock.sleep(119)
    with pytest.raises(BreakerOpen):
        breaker.check()
    await clock.sleep(1)
    breaker.check()


async def test_its_state_is_shown() -> None:
    meter, clock = PrometheusMeter(strict=True), Time()
    breaker = Breaker(
        Scripted([unanswered(), unanswered(), answer()]), failures=2, seconds=30, clock=clock, meter=meter
    )
    sample = "earshot_llm_circuit_state[('model', 'small-1'), ('provider', 'acme')]"
    states = [read(meter)[sample]]
    await fail(breaker, 2)
    states.append(read(meter)[sample])
    await clock.sleep(30)
    await breaker.ask(REQUEST)
    states.append(read(meter)[sample])
    assert states == [0, 2, 0]
