"""Every call is booked before it is made and closed however it ends; attempts never stack."""

import asyncio

import pytest

from earshot.classify.breaker import Breaker, BreakerOpen
from earshot.classify.llm.booking import Patience, Spent, finished
from earshot.domain.call import Outcome, Purpose
from earshot.errors import Misconfigured, Rejected
from earshot.ports.ledger import BudgetSpent
from earshot.ports.model import Answer, Finish, Unanswered
from tests.unit.classify.llm.standins import (
    REQUEST,
    USAGE,
    Book,
    Judgement,
    Prices,
    Scripted,
    Time,
    answer,
    booked,
    judge,
    unanswered,
)


async def test_an_answer_is_booked_with_its_cost() -> None:
    ledger, spent = Book(), Spent()
    got = await booked(Scripted([answer()]), ledger).ask(
        REQUEST, judge, tokens=70, spent=spent, conversation_id="c1", purpose=Purpose.SAMPLE
    )
    assert got.text == "fine"
    assert ledger.tokens == [70]
    (opened,), (closed,) = ledger.opened, ledger.closed
    assert (opened.outcome, opened.bound_usd, opened.conversation_id) == (Outcome.STARTED, 3.0, "c1")
    assert (closed.id, closed.outcome, closed.usage, closed.purpose) == (
        opened.id,
        Outcome.OK,
        USAGE,
        Purpose.SAMPLE,
    )
    assert (closed.cost_usd, closed.latency_ms) == (1.1, 700)
    assert closed.price_date is not None
    assert (spent.input_tokens, spent.output_tokens, spent.cost_usd, spent.latency_ms) == (1000, 100, 1.1, 700)


async def test_an_invalid_answer_is_asked_again_and_paid_for_each_time() -> None:
    ledger, spent, model = Book(), Spent(), Scripted([answer("rubbish"), answer("rubbish"), answer()])
    got = await booked(model, ledger).ask(REQUEST, judge, tokens=1, spent=spent)
    assert got.outcome is Outcome.OK
    assert ledger.outcomes == ["invalid", "invalid", "ok"]
    assert model.asked == [REQUEST] * 3
    assert spent.cost_usd == pytest.approx(3.3)


async def test_invalid_answers_use_up_the_attempts() -> None:
    ledger = Book()
    got = await booked(Scripted([answer("rubbish")]), ledger, attempts=2).ask(REQUEST, judge, tokens=1)
    assert got.outcome is Outcome.INVALID
    assert len(ledger.closed) == 2


async def test_no_answer_is_tried_again_after_a_rest_that_grows() -> None:
    ledger, clock = Book(), Time()
    model = Scripted([unanswered(), unanswered(Outcome.ERROR), answer()])
    await booked(model, ledger, clock=clock).ask(REQUEST, judge, tokens=1)
    assert ledger.outcomes == ["overloaded", "error", "ok"]
    assert clock.slept == [1.0, 2.0]
    assert [call.bound_usd for call in ledger.closed] == [None, None, 3.0]


async def test_the_last_failure_is_raised_and_attempts_do_not_multiply() -> None:
    ledger = Book()
    model = Scripted([unanswered(), answer("rubbish"), unanswered(Outcome.ERROR)])
    with pytest.raises(Unanswered) as raised:
        await booked(model, ledger).ask(REQUEST, judge, tokens=1)
    assert raised.value.outcome is Outcome.ERROR
    assert len(model.asked) == 3


async def test_the_wait_a_provider_asks_for_is_kept_but_not_beyond_the_deadline() -> None:
    ledger, clock = Book(), Time()
    await booked(Scripted([unanswered(retry_after=9.0), answer()]), ledger, clock=clock).ask(
        REQUEST, judge, tokens=1
    )
    assert clock.slept == [9.0]
    with pytest.raises(Unanswered):
        await booked(Scripted([unanswered(retry_after=31.0), answer()]), ledger, clock=clock).ask(
            REQUEST, judge, tokens=1
        )
    assert clock.slept == [9.0]


async def test_a_full_rate_limit_pauses_everybody_and_uses_no_attempt() -> None:
    ledger, clock = Book(), Time()
    full = [unanswered(Outcome.RATE_LIMITED, retry_after=4.0) for _ in range(5)]
    got = await booked(Scripted([*full, answer()]), ledger, clock=clock, attempts=1).ask(REQUEST, judge, tokens=1)
    assert got.outcome is Outcome.OK
    assert ledger.pauses == [("acme", "small-1", 4.0)] * 5
    assert clock.slept == []


async def test_a_rate_limit_that_stays_full_is_not_waited_for_for_ever() -> None:
    class Slow(Book):
        async def pause(self, provider: str, model: str, *, seconds: float) -> None:
            await clock.sleep(seconds)

    clock = Time()
    model = Scripted([unanswered(Outcome.RATE_LIMITED, retry_after=20.0)])
    with pytest.raises(Unanswered):
        await booked(model, Slow(), clock=clock, attempts=2).ask(REQUEST, judge, tokens=1)
    assert len(model.asked) == 4


@pytest.mark.parametrize(
    ("error", "outcome", "bound"),
    [
        (unanswered(Outcome.TIMEOUT, lost=True), "timeout", 3.0),
        (unanswered(Outcome.ERROR, lost=True), "lost", 3.0),
        (unanswered(Outcome.TIMEOUT), "error", None),
        (unanswered(Outcome.RATE_LIMITED), "rate_limited", None),
        (Rejected("too long"), "error", None),
        (Misconfigured("no key"), "error", None),
        (asyncio.CancelledError(), "lost", 3.0),
        (ZeroDivisionError(), "lost", 3.0),
    ],
)
async def test_what_may_be_charged_keeps_its_bound(error: BaseException, outcome: str, bound: float | None) -> None:
    ledger = Book()
    with pytest.raises(type(error)):
        await booked(Scripted([error, unanswered(retry_after=99.0)]), ledger, attempts=1).ask(
            REQUEST, judge, tokens=1
        )
    assert (ledger.outcomes[0], ledger.closed[0].bound_usd) == (outcome, bound)
    assert ledger.closed[0].cost_usd is None


async def test_a_call_under_way_that_is_cancelled_is_lost() -> None:
    ledger, model = Book(), Scripted([answer()], gate=asyncio.Event())
    task = asyncio.create_task(booked(model, ledger).ask(REQUEST, judge, tokens=1))
    await model.begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ledger.outcomes == ["lost"]
    assert ledger.closed[0].bound_usd == 3.0


async def test_a_fault_of_ours_in_judging_still_books_what_was_paid() -> None:
    def broken(_: Answer) -> Judgement:
        raise ZeroDivisionError

    ledger = Book()
    with pytest.raises(ZeroDivisionError):
        await booked(Scripted([answer()]), ledger).ask(REQUEST, broken, tokens=1)
    assert ledger.closed[0].cost_usd == 1.1
    assert ledger.outcomes == ["invalid"]


async def test_an_unknown_price_is_never_zero() -> None:
    ledger, spent = Book(), Spent()
    await booked(Scripted([answer()]), ledger, prices=Prices(known=False)).ask(
        REQUEST, judge, tokens=1, spent=spent
    )
    assert ledger.closed[0].cost_usd is None
    assert ledger.closed[0].usage == USAGE
    assert spent.cost_usd is None


async def test_an_answer_without_usage_keeps_its_bound() -> None:
    ledger = Book()
    await booked(Scripted([answer(usage=None)]), ledger).ask(REQUEST, judge, tokens=1)
    assert (ledger.closed[0].cost_usd, ledger.closed[0].usage, ledger.closed[0].bound_usd) == (None, None, 3.0)


async def test_a_spent_budget_asks_nothing() -> None:
    model = Scripted([answer()])
    with pytest.raises(BudgetSpent):
        await booked(model, Book(budget=0)).ask(REQUEST, judge, tokens=1)
    assert model.asked == []


async def test_an_open_breaker_books_nothing_and_is_not_tried_again() -> None:
    ledger, clock = Book(), Time()
    model = Scripted([unanswered()])
    guarded = Breaker(model, failures=1, seconds=30, clock=clock)
    with pytest.raises(BreakerOpen):
        await booked(guarded, ledger, clock=clock).ask(REQUEST, judge, tokens=1)
    assert (len(model.asked), len(ledger.opened), len(ledger.closed)) == (1, 1, 1)


def test_rests_have_jitter_and_an_end() -> None:
    low, high = Patience(jitter=lambda: 0.0), Patience(jitter=lambda: 1.0)
    assert [low.pause(n) for n in (1, 2, 9)] == [0.5, 1.0, 4.0]
    assert [high.pause(n) for n in (1, 2, 9)] == [1.0, 2.0, 8.0]


def test_how_plain_text_ends() -> None:
    assert finished(Answer(text="A summary.")) is Outcome.OK
    assert finished(Answer(text=" ")) is Outcome.INVALID
    assert finished(Answer(text="A summ", finish=Finish.LENGTH)) is Outcome.TRUNCATED
    assert finished(Answer(finish=Finish.REFUSAL)) is Outcome.REFUSED
