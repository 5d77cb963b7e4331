"""Who the customer is, and how rarely that is asked."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest

from earshot.connectors.intercom.customers import Customers, Known, main_contact, to_customer
from earshot.domain.customer import Customer, Segment
from earshot.errors import Misconfigured, Transient
from earshot.ports.source import Behind
from earshot.ports.store import Cached
from tests.unit.connectors.scripted import Script, Waits, client_of, error, ok, settings_for_tests

Json = dict[str, Any]


class Crm:
    """Contacts and companies by id."""

    def __init__(self) -> None:
        self.contacts: dict[str, Json] = {}
        self.companies: dict[str, Json] = {}
        self.merged: dict[str, str] = {}
        self.fault: httpx2.Response | None = None
        self.script = Script(self.answer)

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        if self.fault is not None:
            return self.fault
        kind, _, key = request.url.path.strip("/").partition("/")
        if kind == "contacts" and key in self.merged:
            link = f'<https://api.intercom.io/contacts/{self.merged[key]}>; rel="canonical"'
            return error(410, "contact_merged", link=link)
        if kind == "conversations":
            return ok({"total_count": 4})
        found = {"contacts": self.contacts, "companies": self.companies}[kind].get(key)
        return ok(found) if found else error(404, "not_found")

    def open(self, clock: Waits | None = None, *, directory: Any = None, **changes: Any) -> Customers:
        clock = clock or Waits()
        return Customers(
            client_of(self.script, clock, first_wait_seconds=0),
            settings=settings_for_tests(**changes),
            clock=clock,
            directory=directory,
        )


async def who(customers: Customers, conversation: Json) -> Customer | None:
    """The customer of a conversation."""
    return (await customers.known(conversation)).customer


class Drawer:
    """A directory in memory."""

    def __init__(self) -> None:
        self.held: dict[tuple[str, str], tuple[Json, datetime]] = {}
        self.saves = 0

    async def load(self, kind: str, ids: Sequence[str], *, fresh_since: datetime) -> dict[str, Cached]:
        found = {key: Cached(*self.held[kind, key]) for key in ids if (kind, key) in self.held}
        return {key: one for key, one in found.items() if one.fetched_at >= fresh_since}

    async def save(self, kind: str, objects: Mapping[str, Json], *, fetched_at: datetime) -> None:
        self.saves += 1
        self.held |= {(kind, key): (dict(data), fetched_at) for key, data in objects.items()}


def crm() -> Crm:
    made = Crm()
    made.contacts["p1"] = {
        "type": "contact",
        "id": "p1",
        "name": "Ann",
        "email": "ann@firm.example",
        "phone": "+1 555 0100",
        "signed_up_at": 1_600_000_000,
        "created_at": 1_590_000_000,
        "custom_attributes": {"tier": "gold"},
        "companies": {"data": [{"type": "company", "id": "f1"}], "total_count": 1},
    }
    made.companies["f1"] = {
        "id": "f1",
        "company_id": "own-key",
        "name": "Firm",
        "plan": {"type": "plan", "id": "9", "name": "Enterprise 2024"},
        "monthly_spend": 1_500,
        "remote_created_at": 1_500_000_000,
    }
    return made


def about(*contact_ids: str, **more: Any) -> Json:
    return {"contacts": {"contacts": [{"type": "contact", "id": key} for key in contact_ids]}, **more}


async def test_contact_and_company_make_the_customer() -> None:
    customer = await who(crm().open(), about("p1"))
    assert customer is not None
    assert (customer.id, customer.name, customer.email) == ("p1", "Ann", "ann@firm.example")
    assert (customer.company_id, customer.company) == ("f1", "Firm")
    assert (customer.plan, customer.mrr, customer.segment) == ("Enterprise 2024", 1_500.0, Segment.ENTERPRISE)
    assert customer.since == datetime.fromtimestamp(1_500_000_000, UTC)
    assert customer.signed_up_at == datetime.fromtimestamp(1_600_000_000, UTC)
    assert customer.previous_conversations is None


async def test_each_is_asked_once_however_many_ask_at_the_same_time() -> None:
    world = crm()
    customers = world.open()
    found = await asyncio.gather(*(who(customers, about("p1")) for _ in range(50)))
    assert {customer.company for customer in found if customer} == {"Firm"}
    assert world.script.paths == ["/contacts/p1", "/companies/f1"]


async def test_a_company_in_the_conversation_saves_a_request() -> None:
    world = crm()
    customer = await who(world.open(), about("p1", company=world.companies["f1"]))
    assert customer is not None
    assert customer.company == "Firm"
    assert world.script.paths == ["/contacts/p1"]


async def test_a_company_that_is_only_an_id_is_asked_for() -> None:
    world = crm()
    world.companies["f2"] = {"id": "f2", "name": "Other", "plan": {}}
    customer = await who(world.open(), about("p1", company={"type": "company", "id": "f2"}))
    assert customer is not None
    assert customer.company == "Other"


async def test_known_for_a_day_then_asked_again() -> None:
    world, clock = crm(), Waits()
    customers = world.open(clock)
    await who(customers, about("p1"))
    clock.move(23 * 3600)
    await who(customers, about("p1"))
    assert len(world.script.requests) == 2
    clock.move(2 * 3600)
    await who(customers, about("p1"))
    assert len(world.script.requests) == 4


async def test_the_directory_serves_the_next_process_for_the_rest_of_the_day() -> None:
    world, clock, drawer = crm(), Waits(), Drawer()
    first = world.open(clock, directory=drawer)
    before = await who(first, about("p1"))
    clock.move(20 * 3600)
    second = world.open(clock, directory=drawer)
    assert await who(second, about("p1")) == before
    assert len(world.script.requests) == 2
    clock.move(5 * 3600)
    await who(second, about("p1"))
    assert len(world.script.requests) == 4


async def test_only_what_is_used_is_kept() -> None:
    world, drawer = crm(), Drawer()
    customers = world.open(directory=drawer)
    await who(customers, about("p1"))
    assert "phone" not in drawer.held["contact", "p1"][0]
    assert drawer.held["contact", "p1"][0]["custom_attributes"] == {"tier": "gold"}
    assert drawer.saves == 2


async def test_what_was_learned_is_kept_at_once_with_the_moment_it_was_asked() -> None:
    world, clock, drawer = crm(), Waits(), Drawer()
    customers = world.open(clock, directory=drawer)
    world.contacts["q"] = {"id": "q"}
    for hours, key in ((0, "q"), (5, "p1")):
        clock.move(hours * 3600)
        asked = clock.now()
        await who(customers, about(key))
        assert drawer.held["contact", key][1] == asked


async def test_a_merged_contact_is_followed_and_known_under_both_ids() -> None:
    world = crm()
    world.merged = {"old": "older", "older": "p1"}
    customers = world.open()
    customer = await who(customers, about("old"))
    assert customer is not None
    assert (customer.id, customer.name) == ("p1", "Ann")
    await who(customers, about("p1"))
    await who(customers, about("old"))
    assert world.script.paths == ["/contacts/old", "/contacts/older", "/contacts/p1", "/companies/f1"]


async def test_merged_into_somebody_known_asks_who_that_is_now() -> None:
    world = crm()
    world.merged = {"old": "p1"}
    customers = world.open()
    await who(customers, about("p1"))
    customer = await who(customers, about("old"))
    assert customer is not None
    assert customer.name == "Ann"
    assert world.script.paths == ["/contacts/p1", "/companies/f1", "/contacts/old", "/contacts/p1"]


async def test_merges_in_a_circle_or_without_a_link_end() -> None:
    world = crm()
    world.merged = {"a": "b", "b": "a"}
    customer = await who(world.open(), about("a"))
    assert customer is not None
    assert len(world.script.requests) == 4
    lost = Crm()
    lost.fault = error(410, "contact_merged")
    assert (await who(lost.open(), about("x"))) is not None


async def test_a_contact_that_is_gone_keeps_the_name_the_conversation_knows() -> None:
    world = crm()
    author = {"type": "user", "id": "gone", "name": "Bo", "email": "bo@x.example"}
    customer = await who(world.open(), about("gone", source={"author": author}))
    assert customer is not None
    assert (customer.id, customer.name, customer.email, customer.company) == ("gone", "Bo", "bo@x.example", None)


async def test_a_company_that_is_gone_is_only_an_id() -> None:
    world = crm()
    world.companies.clear()
    customer = await who(world.open(), about("p1"))
    assert customer is not None
    assert (customer.company_id, customer.company, customer.plan) == ("f1", None, None)


async def test_a_failure_is_no_answer_and_is_not_remembered() -> None:
    world = crm()
    customers = world.open()
    world.fault = error(500)
    with pytest.raises(Transient):
        await who(customers, about("p1"))
    world.fault = error(403, "forbidden")
    with pytest.raises(Misconfigured):
        await who(customers, about("p1"))
    world.fault = None
    assert await who(customers, about("p1")) is not None


async def test_previous_conversations_are_counted_only_when_wished() -> None:
    world = crm()
    customer = await who(world.open(count_previous=True), about("p1"))
    assert customer is not None
    assert customer.previous_conversations == 3
    assert world.script.paths == ["/contacts/p1", "/conversations/search", "/companies/f1"]


async def test_customers_can_be_left_unread() -> None:
    world = crm()
    customer = await who(world.open(read_customers=False), about("p1"))
    assert customer is not None
    assert customer.name is None
    assert world.script.requests == []


async def test_without_a_contact_there_is_no_customer() -> None:
    assert await who(crm().open(), {"contacts": None}) is None


def test_the_contact_who_opened_it_counts() -> None:
    opener = {"source": {"author": {"type": "user", "id": "p2"}}}
    assert main_contact(about("p1", "p2", **opener)) == "p2"
    assert main_contact(about("p1", "p3", **opener)) == "p1"
    assert main_contact({"contacts": [{"id": 5}]}) == "5"


def outdated(known: Known, shared: Drawer) -> list[Behind]:
    """What somebody who stores a conversation finds changed."""
    held = {key: fetched_at for key, (_, fetched_at) in shared.held.items()}
    return [one for one in known.behind if held.get((one.kind, one.id)) != one.fetched_at]


async def test_what_another_process_learned_or_erased_is_found_by_its_time() -> None:
    world, shared, clock = crm(), Drawer(), Waits()
    one, other = (world.open(clock, directory=shared) for _ in range(2))
    for customers in (one, other):
        known = await customers.known(about("p1"))
        assert known.customer is not None
        assert {(behind.kind, behind.id) for behind in known.behind} == {("contact", "p1"), ("company", "f1")}
        assert outdated(known, shared) == []
    assert world.script.paths.count("/contacts/p1") == 1, "the other one found it in the directory"
    del world.contacts["p1"]
    clock.move(1)
    await one.refresh("contact", "p1")
    stale = await other.known(about("p1"))
    assert [behind.id for behind in outdated(stale, shared)] == ["p1"]
    other.forget(outdated(stale, shared))
    gone = await who(other, about("p1"))
    assert gone is not None
    assert (gone.name, gone.email, gone.plan, gone.since) == (None, None, None, None)
    shared.held.clear()
    world.contacts["p1"] = {"id": "p1", "name": "Someone else"}
    stale = await other.known(about("p1"))
    assert outdated(stale, shared) == list(stale.behind), "that was erased"
    other.forget(stale.behind)
    again = await who(other, about("p1"))
    assert again is not None
    assert again.name == "Someone else"


async def test_memory_beside_the_directory_lasts_minutes_and_is_bounded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world, shared, clock = crm(), Drawer(), Waits()
    customers = world.open(clock, directory=shared)
    await who(customers, about("p1"))
    shared.held["contact", "p1"] = ({"id": "p1", "name": "Changed"}, clock.now())
    for minutes, name in ((4, "Ann"), (2, "Changed")):
        clock.move(minutes * 60)
        found = await who(customers, about("p1"))
        assert found is not None
        assert found.name == name
    monkeypatch.setattr(customers, "_most", 3)
    for number in range(20):
        world.contacts[f"x{number}"] = {"id": f"x{number}", "name": "X"}
        await who(customers, about(f"x{number}"))
    assert len(customers._memory) == 3  # pyright: ignore[reportPrivateUsage]


async def test_whoever_was_merged_shows_what_the_other_one_is_called_now() -> None:
    world, shared = crm(), Drawer()
    customers = world.open(directory=shared)
    world.merged["p0"] = "p1"
    assert [one.name for key in ("p0", "p1") if (one := await who(customers, about(key)))] == ["Ann", "Ann"]
    world.contacts["p1"] = {**world.contacts["p1"], "name": "Anna"}
    await customers.refresh("contact", "p1")
    assert [one.name for key in ("p0", "p1") if (one := await who(customers, about(key)))] == ["Anna", "Anna"]
    world.contacts["p2"] = {"id": "p2", "name": "Berta"}
    world.merged["p1"] = "p2"
    del world.contacts["p1"]
    await customers.refresh("contact", "p1")
    found = [await who(customers, about(key)) for key in ("p0", "p1", "p2")]
    assert [(one.id, one.name) for one in found if one] == [("p2", "Berta")] * 3
    assert "Anna" not in str(shared.held), "nothing is kept of the one that is gone"


async def test_learning_of_another_one_who_was_merged_outdates_nobody_unless_something_changed() -> None:
    world, shared, clock = crm(), Drawer(), Waits()
    world.merged = {"a": "p1", "b": "p1", "c": "p1"}
    customers, others = world.open(clock, directory=shared), world.open(clock, directory=shared)
    first = await customers.known(about("a"))
    clock.move(1)
    second = await others.known(about("b"))
    assert outdated(first, shared) == outdated(second, shared) == []
    world.contacts["p1"] = {**world.contacts["p1"], "name": "Anna"}
    clock.move(1)
    third = await others.known(about("c"))
    assert outdated(third, shared) == []
    assert [behind.id for known in (first, second) for behind in outdated(known, shared)] == ["p1", "p1"]
    assert third.customer is not None
    assert third.customer.name == "Anna"


@pytest.mark.parametrize(
    ("company", "contact", "mrr"),
    [
        ({"monthly_spend": 0}, {}, None),
        ({"monthly_spend": 250}, {}, 250.0),
        ({"monthly_spend": 0, "custom_attributes": {"MRR": "1,250.50"}}, {}, 1_250.5),
        ({}, {"custom_attributes": {"MRR": 0}}, 0.0),
        ({"custom_attributes": {"MRR": ""}}, {"custom_attributes": {"MRR": 9}}, 9.0),
        ({"monthly_spend": "?"}, {}, None),
        ({"monthly_spend": True}, {}, None),
    ],
)
def test_revenue_and_when_it_is_unknown(company: Json, contact: Json, mrr: float | None) -> None:
    settings = settings_for_tests(mrr_attribute="MRR")
    assert to_customer(contact, company, opener={}, settings=settings).mrr == mrr


def test_attributes_can_be_named() -> None:
    settings = settings_for_tests(
        plan_attribute="Tier", since_attribute="Customer since", segment_attribute="Segment"
    )
    company = {"id": 3, "plan": {}, "custom_attributes": {"Tier": "Gold", "Customer since": "2024-05-01"}}
    contact = {"id": 4, "custom_attributes": {"Segment": "SMB", "Tier": "Silver"}}
    customer = to_customer(contact, company, opener={}, settings=settings)
    assert (customer.plan, customer.segment) == ("Gold", Segment.SMB)
    assert customer.since == datetime(2024, 5, 1, tzinfo=UTC)


def test_nothing_known_is_none_everywhere() -> None:
    customer = to_customer({"id": "p"}, {}, opener={}, settings=settings_for_tests())
    facts = customer.model_dump(exclude={"id"})
    assert set(facts.values()) == {None}
