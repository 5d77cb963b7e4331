from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earshot.act.backoff import LONGEST_PARK, parks, wait
from earshot.act.judging import GONE, MAY_HAVE_BEEN_SENT, after, is_overdue, resend_of
from earshot.domain.delivery import Content, Delivery, DeliveryState, Op, Outcome, Receipt, Result, Thing
from earshot.ports.tool import Abilities, Resend

from .cases import NOW, SETTINGS

S = DeliveryState
R = Result


def delivery(thing: Thing = Thing.TICKET, op: Op = Op.CREATE, **more: object) -> Delivery:
    return Delivery.model_validate(
        {
            "id": "d1",
            "object_key": "o1",
            "action_key": "a1",
            "destination": "jira",
            "thing": thing,
            "op": op,
            "subject_id": "t1",
            "content": Content(title="t"),
            "state": S.SENDING,
            "not_before": NOW,
            "created_at": NOW,
            "worker": "w1",
            "lease_until": NOW + timedelta(minutes=2),
            **more,
        }
    )


def abilities(resend: Resend = Resend.LOOK_UP, *, settle: float = 60.0) -> Abilities:
    return Abilities(orders={}, resend=dict.fromkeys(Thing, resend), settle_after=settle)


def judged(
    outcome: Outcome,
    of: Delivery | None = None,
    *,
    resend: Resend = Resend.LOOK_UP,
    seconds: float = 0,
    dice: float = 1.0,
) -> Delivery:
    now = NOW + timedelta(seconds=seconds)
    return after(of or delivery(), outcome, abilities=abilities(resend), settings=SETTINGS, now=now, dice=dice)


def test_what_was_delivered_is_done() -> None:
    done = judged(
        Outcome(result=R.DELIVERED, receipt=Receipt(external_id="ENG-1"), status=201, note="dropped priority")
    )
    assert (done.state, done.attempts, done.last_status, done.note) == (S.DONE, 1, 201, "dropped priority")
    assert done.receipt == Receipt(external_id="ENG-1")
    assert done.ended_at == NOW


@pytest.mark.parametrize("result", list(Result))
def test_the_lease_stays_for_the_store_to_compare(result: Result) -> None:
    stands = judged(Outcome(result=result))
    assert (stands.worker, stands.lease_until) == ("w1", NOW + timedelta(minutes=2))


def test_a_refusal_is_final_and_names_the_fields() -> None:
    dead = judged(Outcome(result=R.REJECTED, status=400, reason="not on the screen", fields=("priority", "team")))
    assert (dead.state, dead.cause) == (S.DEAD, "refused: not on the screen (priority, team)")


def test_what_is_gone_is_dead() -> None:
    assert (judged(Outcome(result=R.GONE)).state, judged(Outcome(result=R.GONE)).cause) == (S.DEAD, GONE)


@pytest.mark.parametrize("result", [R.AUTH_FAILED, R.PAUSED])
def test_a_shut_door_keeps_the_row_and_counts_no_try(result: Result) -> None:
    kept = judged(Outcome(result=result, status=401, reason="the token was refused"), delivery(attempts=9))
    assert (kept.state, kept.attempts, kept.cause) == (S.PENDING, 9, "the token was refused")


def test_a_fault_is_tried_again_later() -> None:
    again = judged(Outcome(result=R.RETRY, status=503), delivery(attempts=2), dice=0.5)
    assert (again.state, again.attempts, again.maybe_arrived) == (S.PENDING, 3, False)
    assert again.not_before == NOW + timedelta(seconds=4)


def test_tries_end_by_their_number() -> None:
    dead = judged(Outcome(result=R.RETRY, reason="no connection"), delivery(attempts=9))
    assert (dead.state, dead.cause) == (S.DEAD, "given up after 10 tries: no connection")


def test_tries_end_by_time_counted_from_the_first_one() -> None:
    day = 24 * 3600
    waited_for_approval = delivery(attempts=0)
    fresh = judged(Outcome(result=R.RETRY), waited_for_approval, seconds=3 * day)
    assert (fresh.state, fresh.first_tried_at) == (S.PENDING, NOW + timedelta(days=3))
    old = delivery(attempts=2, first_tried_at=NOW)
    assert judged(Outcome(result=R.RETRY), old, seconds=day - 1).state is S.PENDING
    assert judged(Outcome(result=R.RETRY), old, seconds=day).state is S.DEAD


def test_a_page_is_given_up_after_half_an_hour() -> None:
    page = delivery(Thing.PAGE, attempts=2, first_tried_at=NOW)
    assert judged(Outcome(result=R.RETRY), page, seconds=1799).state is S.PENDING
    assert judged(Outcome(result=R.RETRY), page, seconds=1800).state is S.DEAD


def test_a_page_that_waits_too_long_is_told_otherwise_though_it_was_never_tried() -> None:
    waiting = delivery(Thing.PAGE, state=S.PENDING)
    late = NOW + timedelta(minutes=30)
    assert not is_overdue(waiting, SETTINGS, now=late - timedelta(seconds=1))
    assert is_overdue(waiting, SETTINGS, now=late)
    assert is_overdue(delivery(Thing.PAGE, state=S.DEAD), SETTINGS, now=NOW)
    for state in (S.DONE, S.HELD, S.DRY, S.DISCARDED, S.SUPPRESSED):
        assert not is_overdue(waiting.model_copy(update={"state": state}), SETTINGS, now=late)
    assert not is_overdue(delivery(Thing.TICKET), SETTINGS, now=late)


@pytest.mark.parametrize(
    ("resend", "state"), [(Resend.SAME_KEY, S.PENDING), (Resend.LOOK_UP, S.UNKNOWN), (Resend.NEVER, S.DONE)]
)
def test_what_may_have_arrived_is_settled_as_its_tool_can(resend: Resend, state: DeliveryState) -> None:
    stands = judged(Outcome(result=R.UNKNOWN, reason="cut"), resend=resend, dice=0.0)
    assert (stands.state, stands.maybe_arrived) == (state, True)
    assert (stands.note == MAY_HAVE_BEEN_SENT) is (state is S.DONE)
    if state is S.UNKNOWN:
        assert stands.not_before == NOW + timedelta(seconds=60)


def test_nobody_looks_something_up_for_ever() -> None:
    assert judged(Outcome(result=R.UNKNOWN), delivery(attempts=9)).state is S.DEAD


def test_a_change_in_place_may_be_sent_again() -> None:
    never = abilities(Resend.NEVER)
    here = Receipt(external_id="1")
    assert resend_of(delivery(Thing.MESSAGE, Op.UPDATE, receipt=here), never) is Resend.SAME_KEY
    assert resend_of(delivery(Thing.MESSAGE, Op.CREATE), never) is Resend.NEVER
    assert resend_of(delivery(Thing.MAIL, Op.UPDATE, receipt=here), never) is Resend.NEVER
    assert resend_of(delivery(Thing.TICKET, Op.REOPEN, receipt=here), abilities()) is Resend.LOOK_UP


# waiting


def test_retry_after_wins_and_a_long_one_parks_without_counting() -> None:
    assert judged(Outcome(result=R.RETRY, retry_after=17), delivery(attempts=6)).not_before == NOW + timedelta(
        seconds=17
    )
    parked = judged(Outcome(result=R.RETRY, retry_after=7200), delivery(attempts=6))
    assert (parked.attempts, parked.not_before) == (6, NOW + timedelta(hours=2))
    assert parks(3601)
    assert not parks(3600)
    assert wait(1, asked=10**9, thing=Thing.TICKET, settings=SETTINGS, dice=1) == LONGEST_PARK


def test_waits_double_up_to_five_minutes() -> None:
    waits = [wait(n, asked=None, thing=Thing.TICKET, settings=SETTINGS, dice=1.0) for n in range(1, 11)]
    assert waits == [2, 4, 8, 16, 32, 64, 128, 256, 300, 300]


@given(st.integers(0, 10_000), st.floats(0, 1), st.sampled_from(Thing))
@settings(max_examples=80)
def test_every_wait_is_positive_and_bounded(tries: int, dice: float, thing: Thing) -> None:
    seconds = wait(tries, asked=None, thing=thing, settings=SETTINGS, dice=dice)
    assert 0 < seconds <= (300 if thing is not Thing.EVENT else 86_400 * 1.1)


def test_events_keep_the_schedule_of_standard_webhooks() -> None:
    waits = [wait(n, asked=None, thing=Thing.EVENT, settings=SETTINGS, dice=0.5) for n in range(1, 10)]
    assert waits == [5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400]
    event = delivery(Thing.EVENT, attempts=8, first_tried_at=NOW)
    assert judged(Outcome(result=R.RETRY), event, seconds=3 * 86_400).state is S.PENDING
    assert judged(Outcome(result=R.RETRY), event.model_copy(update={"attempts": 9})).state is S.DEAD
