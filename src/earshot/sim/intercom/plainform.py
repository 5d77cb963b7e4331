"""The plain form of a conversation, whatever help desk it comes from, turned into Intercom's objects."""

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from earshot.sim.chance import between, fraction
from earshot.sim.intercom import shape
from earshot.sim.intercom.peek import mapping, members, sequence
from earshot.sim.intercom.tally import settle
from earshot.sim.workspace import Json

SPREAD_SECONDS = 90 * 86_400
_FIRST_PART = 1_000_000_000
_AUTHORS = frozenset({"customer", "agent", "bot"})
AGENTS: tuple[Json, ...] = tuple(
    shape.admin(str(991_267_500 + place), name, team_ids=[5_017_691])
    for place, name in enumerate(("Noor Haddad", "Ilse Brandt", "Tomas Okafor", "June Park", "Rafa Lima"))
)
BOT: Json = {"type": "bot", "id": "991267499", "name": "Operator", "email": "operator@agents.example.com"}


class Numbers:
    """Part ids: digits of one length, rising, as in one workspace."""

    def __init__(self) -> None:
        self._last = _FIRST_PART

    def new(self) -> str:
        """The next id."""
        self._last += 1
        return str(self._last)


def check(record: Json) -> None:
    """Raise ValueError, TypeError or KeyError where a plain conversation cannot be served."""
    messages = sequence(record["messages"])
    if not messages:
        raise ValueError("`messages` must be a list with at least one message")
    for place, message in enumerate(messages):
        if message["author"] not in _AUTHORS:
            raise ValueError(f"message {place}: author must be customer, agent or bot")
        if not isinstance(message["text"], str):
            raise TypeError(f"message {place}: `text` must be text")
    _times(record, end=0, seed=0)


def contact_key(record: Json, speaker: str) -> str:
    """The contact id of a customer's voice: the record's own customer for the first, otherwise made up."""
    own = mapping(record.get("customer")).get("id")
    if own and speaker == _first_customer(record):
        return str(own)
    return hashlib.blake2b(f"{record['id']}/{speaker}".encode(), digest_size=12).hexdigest()


def conversation(record: Json, numbers: Numbers, *, end: int, seed: int) -> Json:
    """A plain conversation as Intercom would hold it. The first message is the source."""
    times = _times(record, end=end, seed=seed)
    voices = _Voices(record)
    first, rest = record["messages"][0], record["messages"][1:]
    by_customer = first["author"] == "customer"
    opening = shape.source(
        numbers.new(),
        "customer_initiated" if by_customer else "admin_initiated",
        author=voices.author(first),
        said=shape.spoken(first["text"]),
    )
    talk = shape.conversation(str(record["id"]), times[0], opening=opening, contact=None)
    talk["title"] = record.get("title") or None
    talk["contacts"]["contacts"] = voices.contacts()
    talk["conversation_parts"]["conversation_parts"] = [
        shape.part(numbers.new(), "comment", at=at, author=voices.author(said), said=shape.spoken(said["text"]))
        for said, at in zip(rest, times[1:], strict=True)
    ]
    talk["updated_at"] = max(times)
    settle(talk)
    _close_some(talk, seed)
    return talk


def _close_some(talk: Json, seed: int) -> None:
    answered = talk["waiting_since"] is None
    if answered and fraction(seed, "closed", talk["id"]) < 0.7:
        talk.update(open=False, state="closed", read=True)


def _times(record: Json, *, end: int, seed: int) -> list[int]:
    """When each message was written, in Unix seconds; invented where unknown, never before the one before."""
    given = [_seconds(message.get("created_at")) for message in record["messages"]]
    start = _seconds(record.get("created_at"))
    gaps = [between(60, 5_400, seed, record["id"], place) for place in range(len(given))]
    if start is None and given[0] is None:
        start = _invented_start(gaps[1:], end=end, seed=seed, key=record["id"])
    times: list[int] = []
    for at, gap in zip(given, gaps, strict=True):
        before = times[-1] + gap if times else (start or 0)
        times.append(at if at is not None else before)
    return times


def _invented_start(gaps: list[int], *, end: int, seed: int, key: object) -> int:
    length = sum(gaps)
    return end - length - int(fraction(seed, "start", key) * max(0, SPREAD_SECONDS - length))


def _seconds(value: Any) -> int | None:
    if value is None or value == "":
        return None
    if isinstance(value, (int, float)):
        return int(value / 1000 if value > 10**11 else value)
    moment = datetime.fromisoformat(str(value))
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


def _first_customer(record: Json) -> str:
    return next(
        (str(m.get("speaker") or "customer") for m in record["messages"] if m["author"] == "customer"),
        "customer",
    )


class _Voices:
    """Who speaks in one conversation, as Intercom's people."""

    def __init__(self, record: Json) -> None:
        self._record = record
        self._agents: list[str] = []
        self._customers: dict[str, Json] = {}
        self._customer(_first_customer(record))

    def author(self, message: Json) -> Json:
        """The author object of a message."""
        speaker = str(message.get("speaker") or message["author"])
        if message["author"] == "bot":
            return dict(BOT)
        if message["author"] == "customer":
            return shape.author_of(self._customer(speaker), "user")
        if speaker not in self._agents:
            self._agents.append(speaker)
        return shape.author_of(AGENTS[self._agents.index(speaker) % len(AGENTS)], "admin")

    def contacts(self) -> list[Json]:
        """References to everybody on the customer's side."""
        return [
            {"type": "contact", "id": person["id"], "external_id": f"ext-{person['id']}"}
            for person in self._customers.values()
        ]

    def _customer(self, speaker: str) -> Json:
        if speaker not in self._customers:
            self._customers[speaker] = person_of(self._record, speaker)
        return self._customers[speaker]


def person_of(record: Json, speaker: str) -> Json:
    """Id, name and e-mail of a customer's voice."""
    key = contact_key(record, speaker)
    own = mapping(record.get("customer")) if speaker == _first_customer(record) else {}
    return {"id": key, "name": own.get("name"), "email": own.get("email") or f"{key}@customer.example.com"}


@dataclass
class Cast:
    """Everybody met in a file: contacts, their companies, and tags, by id."""

    app_id: str
    since: int
    contacts: dict[str, Json] = field(default_factory=dict[str, Json])
    companies: dict[str, Json] = field(default_factory=dict[str, Json])
    tags: dict[str, Json] = field(default_factory=dict[str, Json])

    def meet_plain(self, record: Json) -> None:
        """Take in the customers of a plain conversation."""
        speakers = [str(m.get("speaker") or "customer") for m in record["messages"] if m["author"] == "customer"]
        for speaker in dict.fromkeys([_first_customer(record), *speakers]):
            person = person_of(record, speaker)
            self._meet(person["id"], person["name"], email=person["email"])
        facts = mapping(record.get("customer"))
        if facts.get("company") or facts.get("plan") or facts.get("mrr"):
            self._employ(self.contacts[contact_key(record, _first_customer(record))], facts)

    def meet_intercom(self, record: Json) -> None:
        """Take in the contacts, the company and the tags of an Intercom conversation."""
        opening = mapping(mapping(record.get("source")).get("author"))
        for reference in members(record.get("contacts"), "contacts"):
            own = opening if str(opening.get("id")) == str(reference["id"]) else {}
            self._meet(str(reference["id"]), own.get("name"), email=own.get("email"))
        if record.get("company"):
            firm = mapping(record["company"])
            self.companies[str(firm["id"])] = firm
        for tag in members(record.get("tags"), "tags"):
            self.tags[str(tag["id"])] = {"type": "tag", "id": str(tag["id"]), "name": tag["name"]}

    def _meet(self, contact_id: str, name: str | None, *, email: str | None) -> None:
        if contact_id not in self.contacts:
            self.contacts[contact_id] = shape.contact(
                contact_id, self.app_id, at=self.since, name=name, email=email
            )

    def _employ(self, person: Json, facts: Json) -> None:
        name = str(facts.get("company") or f"Company of {person['id']}")
        firm_id = hashlib.blake2b(name.encode(), digest_size=12).hexdigest()
        if firm_id not in self.companies:
            self.companies[firm_id] = shape.company(
                firm_id,
                self.app_id,
                at=_seconds(facts.get("since")) or self.since,
                name=name,
                plan=facts.get("plan"),
                spend=int(float(facts.get("mrr") or 0)),
            )
        if not person["companies"]["data"]:
            shape.attach(person, self.companies[firm_id])
