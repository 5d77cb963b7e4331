"""The contract of every tool: what it answers to each way an order can end, and what it never shows."""

import importlib
import logging
import pkgutil
import random
from collections.abc import Sequence

import pytest

from earshot.domain.delivery import Op, Order, Result
from earshot.domain.document import Document
from earshot.ports.tool import Resend
from earshot.sim.tools.settings import ToolFault
from tests.contract.tools import cases
from tests.contract.tools.case import HOSTILE, Bench, ToolCase, order


def _all() -> list[ToolCase]:
    names = sorted(module.name for module in pkgutil.iter_modules(cases.__path__))
    return [importlib.import_module(f"{cases.__name__}.{name}").CASE for name in names]


CASES = _all()
EVERY_ORDER = [
    pytest.param(case, wanted, id=f"{case.name}-{wanted.thing}") for case in CASES for wanted in case.orders
]
every_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
every_order = pytest.mark.parametrize(("case", "wanted"), EVERY_ORDER)


def _resend(bench: Bench, wanted: Order) -> Resend:
    return bench.tool.abilities.resend[wanted.thing]


async def _settled(bench: Bench, wanted: Order) -> None:
    """What the outbox does with an order of which nobody knows: it ends with one thing, or is left alone."""
    again = wanted.model_copy(update={"again": True})
    bench.clock.pass_by(bench.tool.abilities.settle_after + 1)
    match _resend(bench, wanted):
        case Resend.SAME_KEY:
            assert (await bench.tool.deliver(again)).result is Result.DELIVERED
        case Resend.LOOK_UP:
            found = await bench.tool.find(wanted)
            assert found.result in (Result.DELIVERED, Result.REJECTED), found
            if found.result is Result.REJECTED:
                assert (await bench.tool.deliver(again)).result is Result.DELIVERED
        case Resend.NEVER:
            return
    assert bench.objects() == 1
    assert bench.duplicates() == 0


@every_case
async def test_it_says_what_it_can(case: ToolCase) -> None:
    async with case.bench() as bench:
        abilities = bench.tool.abilities
        assert bench.tool.name
        assert abilities.per_second > 0
        assert set(abilities.resend) == set(abilities.orders)
        assert all(Op.CREATE in ops for ops in abilities.orders.values())
        access = await bench.tool.access()
        assert access.can


@every_order
async def test_an_order_is_done_once(case: ToolCase, wanted: Order) -> None:
    async with case.bench() as bench:
        assert bench.tool.check(wanted) == ""
        outcome = await bench.tool.deliver(wanted)
        assert outcome.result is Result.DELIVERED, outcome
        assert bench.objects() == 1


@every_order
@pytest.mark.parametrize("fault", [ToolFault.LOST, ToolFault.LATE_HANG, ToolFault.LATE_ERROR, ToolFault.RESET])
async def test_an_answer_that_was_lost_leads_to_one_thing(case: ToolCase, wanted: Order, fault: ToolFault) -> None:
    async with case.bench() as bench:
        bench.strike(fault)
        outcome = await bench.tool.deliver(wanted)
        if outcome.result is Result.RETRY:
            assert _resend(bench, wanted) is Resend.SAME_KEY or fault is ToolFault.RESET, outcome
        else:
            assert outcome.result is Result.UNKNOWN, outcome
        await _settled(bench, wanted)


@every_order
@pytest.mark.parametrize("fault", [ToolFault.GARBAGE, ToolFault.HUGE])
async def test_an_answer_that_cannot_be_read_makes_nothing_twice(
    case: ToolCase, wanted: Order, fault: ToolFault
) -> None:
    async with case.bench() as bench:
        bench.strike(fault)
        outcome = await bench.tool.deliver(wanted)
        assert outcome.result in (Result.DELIVERED, Result.UNKNOWN), outcome
        if outcome.result is Result.UNKNOWN:
            await _settled(bench, wanted)
        assert bench.duplicates() == 0


@every_order
async def test_a_limit_is_waited_for(case: ToolCase, wanted: Order) -> None:
    async with case.bench() as bench:
        bench.strike(ToolFault.TOO_MANY)
        outcome = await bench.tool.deliver(wanted)
        assert outcome.result is Result.RETRY, outcome
        assert bench.objects() == 0
        if case.waits:
            assert outcome.retry_after == pytest.approx(7.0, abs=1.0)
        assert (await bench.tool.deliver(wanted)).result is Result.DELIVERED
        assert bench.objects() == 1


@every_order
async def test_refused_credentials_pause_the_destination(case: ToolCase, wanted: Order) -> None:
    async with case.bench() as bench:
        bench.strike(ToolFault.UNAUTHORIZED)
        outcome = await bench.tool.deliver(wanted)
        assert outcome.result == case.refuses.get(ToolFault.UNAUTHORIZED, Result.AUTH_FAILED), outcome
        assert bench.objects() == 0


@every_order
@pytest.mark.parametrize("fault", [ToolFault.SERVER_ERROR, ToolFault.HTML])
async def test_a_broken_service_is_tried_again(case: ToolCase, wanted: Order, fault: ToolFault) -> None:
    async with case.bench() as bench:
        bench.strike(fault)
        outcome = await bench.tool.deliver(wanted)
        assert outcome.result in (Result.RETRY, Result.UNKNOWN), outcome
        assert bench.objects() == 0
        if outcome.result is Result.RETRY:
            assert (await bench.tool.deliver(wanted)).result is Result.DELIVERED
        else:
            await _settled(bench, wanted)


@every_order
async def test_what_was_never_sent_is_tried_again(case: ToolCase, wanted: Order) -> None:
    async with case.bench() as bench:
        bench.cut_off()
        assert (await bench.tool.deliver(wanted)).result is Result.RETRY


@every_order
async def test_what_comes_later_keeps_to_the_same_thing(case: ToolCase, wanted: Order) -> None:
    async with case.bench() as bench:
        made = await bench.tool.deliver(wanted)
        assert made.receipt is not None or bench.tool.abilities.resend[wanted.thing] is Resend.NEVER
        if made.receipt is None:
            return
        can = bench.tool.abilities.orders[wanted.thing]
        for number, op in enumerate(op for op in (Op.UPDATE, Op.RESOLVE, Op.REOPEN) if op in can):
            later = wanted.model_copy(update={"op": op, "receipt": made.receipt, "request_key": f"{number:032x}"})
            assert bench.tool.check(later) == "", op
            outcome = await bench.tool.deliver(later)
            assert outcome.result is Result.DELIVERED, (op, outcome)
            assert op is Op.REOPEN or bench.duplicates() == 0


@pytest.mark.parametrize("seed", range(12))
@every_order
async def test_whatever_goes_wrong_there_is_one_thing_at_the_end(case: ToolCase, wanted: Order, seed: int) -> None:
    dice = random.Random(f"{seed} {wanted.thing}")
    faults = [dice.choice(list(ToolFault)) for _ in range(dice.randint(1, 5))]
    async with case.bench() as bench:
        end = await _carried_out(bench, wanted, faults=faults)
        never = bench.tool.abilities.resend[wanted.thing] is Resend.NEVER
        assert bench.objects() <= 1, faults
        assert bench.objects() == 1 or (never and end is Result.UNKNOWN), faults
        assert bench.duplicates() == 0, faults


async def _carried_out(bench: Bench, wanted: Order, *, faults: list[ToolFault]) -> Result:
    """Do as the outbox does until the order has ended; a fault strikes each of the first tries."""
    arrived = False
    for _ in range(12):
        if faults:
            bench.strike(faults.pop())
        outcome = await bench.tool.deliver(wanted.model_copy(update={"again": arrived}))
        if outcome.result is Result.DELIVERED:
            return Result.DELIVERED
        assert outcome.result in (Result.RETRY, Result.UNKNOWN, Result.AUTH_FAILED), outcome
        if outcome.result is not Result.UNKNOWN:
            continue
        arrived = True
        bench.clock.pass_by(bench.tool.abilities.settle_after + 1)
        if _resend(bench, wanted) is Resend.NEVER:
            return Result.UNKNOWN
        if _resend(bench, wanted) is Resend.LOOK_UP and await _is_there(bench, wanted):
            return Result.DELIVERED
    raise AssertionError("it never ended")


async def _is_there(bench: Bench, wanted: Order) -> bool:
    """Look it up until that gives an answer."""
    for _ in range(6):
        found = await bench.tool.find(wanted)
        if found.result in (Result.DELIVERED, Result.REJECTED):
            return found.result is Result.DELIVERED
        assert found.result in (Result.RETRY, Result.UNKNOWN, Result.AUTH_FAILED), found
    raise AssertionError("it cannot be looked up")


@every_order
async def test_hostile_words_are_only_words(case: ToolCase, wanted: Order) -> None:
    hostile = order(
        wanted.thing, words=HOSTILE, parameters=wanted.content.parameters, conversation=wanted.content.conversation
    )
    async with case.bench() as bench:
        assert bench.tool.check(hostile) == ""
        outcome = await bench.tool.deliver(hostile)
        assert outcome.result is Result.DELIVERED, outcome
        assert bench.bodies()
        for body in bench.bodies():
            case.inert(body)


ODD: dict[str, dict[str, object]] = {
    "numbers that are none": {"facts": {"rice_score": float("nan"), "estimated_mrr_impact": float("inf")}},
    "nothing but a title": {
        "body": Document(),
        "facts": {},
        "labels": (),
        "components": (),
        "links": (),
        "url": None,
    },
    "half characters": {"title": "a\ud800\x00b\udc00", "area": "\ud800", "company": "\x00"},
    "very long": {"title": "word " * 20_000, "labels": tuple(f"label {n} " * 50 for n in range(50))},
    "no e-mail": {"email": "", "contact": "", "company": "", "said_at": None, "due_at": None},
    "a strange e-mail": {"email": 'a"\r\nBcc: x@evil.example'},
    "invisible": {"title": "\u200b\u202e"},
}


@every_order
@pytest.mark.parametrize("odd", ODD)
async def test_odd_contents_raise_nothing(case: ToolCase, wanted: Order, odd: str) -> None:
    strange = wanted.model_copy(update={"content": wanted.content.model_copy(update=ODD[odd])})
    async with case.bench() as bench:
        wrong = bench.tool.check(strange)
        bench.tool.preview(strange)
        outcome = await bench.tool.deliver(strange)
        assert outcome.result is (Result.REJECTED if wrong else Result.DELIVERED), (wrong, outcome)
        assert bench.objects() == (0 if wrong else 1)


@every_order
async def test_what_the_check_refuses_is_never_sent(case: ToolCase, wanted: Order) -> None:
    odd = wanted.model_copy(update={"op": Op.UPDATE, "receipt": None})
    async with case.bench() as bench:
        wrong = bench.tool.check(odd)
        outcome = await bench.tool.deliver(odd)
        if wrong:
            assert outcome.result is Result.REJECTED
            assert bench.bodies() == []
        assert bench.objects() <= 1


@every_order
@pytest.mark.parametrize("fault", [None, *ToolFault])
async def test_no_secret_and_no_customer_text_is_shown(
    case: ToolCase, wanted: Order, fault: ToolFault | None, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    telling = order(
        wanted.thing,
        words="Zanzibar words",
        parameters=wanted.content.parameters,
        conversation=wanted.content.conversation,
    )
    async with case.bench() as bench:
        if fault is not None:
            bench.strike(fault)
        outcome = await bench.tool.deliver(telling)
        shown = [repr(bench.tool), str(bench.tool), bench.tool.preview(telling), repr(outcome), caplog.text]
        _hides(shown, case.secrets)
        _hides([outcome.reason, outcome.note, caplog.text], ["Zanzibar"])


def _hides(shown: Sequence[str], forbidden: Sequence[str]) -> None:
    for text in shown:
        for one in forbidden:
            assert one not in text, text[:300]
