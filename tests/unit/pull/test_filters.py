"""What is kept but not read."""

from typing import Any

import pytest

from earshot.domain.conversation import Author, State
from earshot.domain.customer import Customer
from earshot.pull.filters import filter_reason
from earshot.pull.settings import FilterSettings
from tests.unit.pull.samples import conversation, message


def reason(settings: FilterSettings | None = None, *messages: Any, **fields: Any) -> str | None:
    return filter_reason(conversation(*(messages or (message("1", 0),)), **fields), settings or FilterSettings())


def by(email: str | None, key: str = "c1") -> Customer:
    return Customer(id=key, email=email)


def test_ordinary_conversations_are_read() -> None:
    assert reason(customer=by("ann@firm.example"), team_id="1", tags=("bug",)) is None
    assert reason(customer=None) is None


@pytest.mark.parametrize(
    ("settings", "team", "found"),
    [
        ({"skip_teams": ("7",)}, "7", "team 7"),
        ({"skip_teams": ("7",)}, "8", None),
        ({"only_teams": ("7",)}, "7", None),
        ({"only_teams": ("7",)}, "8", "another team"),
        ({"only_teams": ("7",)}, None, "no team"),
        ({"skip_teams": ("7",)}, None, None),
    ],
)
def test_teams(settings: dict[str, Any], team: str | None, found: str | None) -> None:
    assert reason(FilterSettings(**settings), team_id=team) == found


@pytest.mark.parametrize(
    ("settings", "tags", "found"),
    [
        ({}, ("Spam",), "tag Spam"),
        ({}, ("TEST", "bug"), "tag TEST"),
        ({"skip_tags": ()}, ("spam",), None),
        ({"only_tags": ("Product",)}, ("product",), None),
        ({"only_tags": ("Product",)}, ("bug",), "none of the wanted tags"),
    ],
)
def test_tags(settings: dict[str, Any], tags: tuple[str, ...], found: str | None) -> None:
    assert reason(FilterSettings(**settings), tags=tags) == found


@pytest.mark.parametrize(
    ("email", "found"),
    [
        ("Bo@Our.example", "own staff"),
        ("bo@mail.our.example", "own staff"),
        ("bo@notour.example", None),
        ("MAILER-DAEMON@mx.example", "a machine wrote"),
        ("postmaster@firm.example", "a machine wrote"),
        (None, None),
    ],
)
@pytest.mark.parametrize("domain", ["our.example", "@our.example"])
def test_senders(email: str | None, domain: str, found: str | None) -> None:
    assert reason(FilterSettings(staff_domains=(domain,)), customer=by(email)) == found


def test_staff_by_id_and_an_empty_domain() -> None:
    assert reason(FilterSettings(staff_ids=("c1",)), customer=by(None)) == "own staff"
    assert reason(FilterSettings(staff_domains=("",)), customer=by(None)) is None


def test_outbound_that_nobody_answered() -> None:
    sent = message("1", 0, author=Author.AGENT)
    assert reason(None, sent, customer_initiated=False) == "outbound, not answered"
    assert reason(None, sent, message("2", 1), customer_initiated=False) is None
    assert reason(None, sent, customer_initiated=True) is None
    assert reason(FilterSettings(skip_unanswered_outbound=False), sent, customer_initiated=False) is None


@pytest.mark.parametrize(
    ("settings", "fields", "found"),
    [
        ({"only_states": ("open",)}, {"state": State.OPEN}, None),
        ({"only_states": ("Open",)}, {"state": State.OPEN}, None),
        ({"only_states": ("open",)}, {"state": State.CLOSED}, "state closed"),
        ({"only_states": ("open",)}, {"state": State.UNKNOWN}, "state unknown"),
        ({"only_plans": ("pro",)}, {"customer": Customer(id="1", plan=" Pro ")}, None),
        ({"only_plans": ("pro",)}, {"customer": Customer(id="1", plan="pro-trial")}, "another plan"),
        ({"only_plans": ("pro",)}, {"customer": Customer(id="1")}, "no known plan"),
        ({"only_plans": ("pro",)}, {"customer": None}, "no known plan"),
    ],
)
def test_states_and_plans(settings: dict[str, Any], fields: dict[str, Any], found: str | None) -> None:
    assert reason(FilterSettings(**settings), **fields) == found


def test_what_was_read_before_is_followed_whatever_its_state_plan_and_our_own_tags() -> None:
    settings = FilterSettings(only_states=("open",), only_plans=("pro",), skip_tags=("processed", "spam"))
    told = {"state": State.CLOSED, "customer": Customer(id="1", plan="free")}
    ours, spam = conversation(message("1", 0), tags=("Processed",), **told), conversation(tags=("spam",), **told)
    assert filter_reason(ours, settings, own_tags=("processed",), begun=True) is None
    assert filter_reason(ours, settings, own_tags=("processed",), begun=False) == "tag Processed"
    assert filter_reason(ours, settings, begun=True) == "tag Processed"
    assert filter_reason(spam, settings, own_tags=("processed",), begun=True) == "tag spam"
