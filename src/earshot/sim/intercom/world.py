"""The simulated workspace: its state and everything that can happen to it."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from typing import Any

from earshot.ports.clock import Clock, SystemClock
from earshot.sim.intercom import changes, shape
from earshot.sim.intercom.answers import not_found
from earshot.sim.intercom.faults import Faults
from earshot.sim.intercom.limits import Window
from earshot.sim.intercom.peek import members
from earshot.sim.intercom.plainform import BOT
from earshot.sim.intercom.render import noticed
from earshot.sim.intercom.settings import Fault, SimSettings
from earshot.sim.intercom.shelf import Record, Shelf, id_of
from earshot.sim.intercom.webhooks import Webhooks
from earshot.sim.scripts import Script
from earshot.sim.workspace import Json, SimWorkspace, Truth

_FIRST_NEW_ID = 2_000_000_000
_REPLIED = {
    "customer": "conversation.user.replied",
    "agent": "conversation.admin.replied",
    "note": "conversation.admin.noted",
    "bot": "conversation.operator.replied",
}
STATES = {
    "close": "conversation.admin.closed",
    "open": "conversation.admin.opened",
    "snoozed": "conversation.admin.snoozed",
}
"""The part types that change a conversation's state, and the topics that tell of them."""


class World:
    """A workspace that lives. Not for several threads at a time. `webhooks` tells of changes, where it is set."""

    def __init__(
        self, workspace: SimWorkspace, *, settings: SimSettings | None = None, clock: Clock | None = None
    ) -> None:
        self.webhooks: Webhooks | None = None
        self.settings = settings or SimSettings()
        self.clock = clock or SystemClock()
        self.shelf = Shelf()
        self.tickets: list[Json] = []
        self.shelf.fill(self._noting_tickets(workspace.conversations))
        self.workspace_app = workspace.app
        self.admins = _by_id(workspace.admins)
        self.teams = _by_id(workspace.teams)
        self.tags = _by_id(workspace.tags)
        self.contacts = _by_id(workspace.contacts)
        self.companies = _by_id(workspace.companies)
        self.attributes: list[Json] = []
        self.deleted = {key: (at, True) for key, at in workspace.deleted.items()}
        self.merged = dict(workspace.merged)
        self.truths = list(workspace.truths)
        self.matters = list(workspace.matters)
        self.window = Window(self.settings.rate_per_minute)
        self.faults = Faults(self.settings.faults, self.shelf.ids())
        self.requests: Counter[str] = Counter()
        self.statuses: Counter[int] = Counter()
        self.retrieved: Counter[str] = Counter()
        self._last_id = _FIRST_NEW_ID
        self._crowd()

    def now(self) -> int:
        """The clock in Unix seconds."""
        return int(self.clock.now().timestamp())

    def new_id(self) -> str:
        """A fresh id for a part, a tag or a message."""
        self._last_id += 1
        return str(self._last_id)

    def record(self, conversation_id: str) -> Record:
        """A conversation's record. Raises Refusal (404)."""
        record = self.shelf.get(conversation_id)
        if record is None:
            raise not_found()
        return record

    def change(self, conversation_id: str, act: Callable[[Json], Any], *, topic: str = "") -> Json:
        """Change a conversation in place and put it back; the changed conversation. Raises Refusal (404).

        A webhook of that topic tells of it; "" where Intercom has none.
        """
        talk = self.shelf.open_up(self.record(conversation_id))
        act(talk)
        self.shelf.put(talk)
        if topic:
            self._tell_of(topic, conversation_id)
        return talk

    def reply(self, conversation_id: str, author: str, *, text: str) -> Json:
        """A customer, an agent or a bot writes plain text, or an agent a note; the whole conversation."""
        said, part_id, at = shape.spoken(text), self.new_id(), self.now()
        if author == "customer":
            return self.change(
                conversation_id,
                lambda talk: self._customer_says(talk, part_id, said=said, at=at),
                topic=_REPLIED[author],
            )
        staff = BOT if author == "bot" else shape.author_of(self._admin(), "admin")
        kind = "note" if author == "note" else "comment"
        return self.change(
            conversation_id,
            lambda talk: changes.staff_says(talk, part_id, said=said, author=staff, kind=kind, at=at),
            topic=_REPLIED[author],
        )

    def begin(self, text: str, *, contact_id: str | None = None) -> Json:
        """A customer (the first one unless told) begins a conversation. Raises Refusal (404)."""
        person = next(iter(self.contacts.values()), None) if contact_id is None else self.contacts.get(contact_id)
        if person is None:
            raise not_found("User Not Found")
        said, author = shape.spoken(text), shape.author_of(person, "user")
        opening = shape.source(self.new_id(), "customer_initiated", author=author, said=said)
        talk = shape.conversation(self.new_id(), self.now(), opening=opening, contact=person)
        self.add(talk)
        return talk

    def set_state(self, conversation_id: str, kind: str) -> Json:
        """An agent closes, opens or snoozes: `kind` is one of `STATES`."""
        part_id, at, author = self.new_id(), self.now(), shape.author_of(self._admin(), "admin")
        until = at + 86_400 if kind == "snoozed" else None
        return self.change(
            conversation_id,
            lambda talk: changes.set_state(talk, part_id, author=author, kind=kind, at=at, until=until),
            topic=STATES[kind],
        )

    def rate(self, conversation_id: str, rating: int, *, remark: str | None = None) -> Json:
        """A customer rates a conversation, from 1 to 5."""
        at = self.now()
        return self.change(
            conversation_id,
            lambda talk: changes.rate(talk, rating, remark=remark, at=at),
            topic="conversation.rating.added",
        )

    def touch(self, conversation_id: str) -> Json:
        """Raise `updated_at` without any new words."""
        return self.change(conversation_id, lambda talk: changes.touch(talk, self.now()))

    def redact(self, conversation_id: str, message_id: str | None = None) -> Json:
        """Blank a part or the source; None takes the newest message with words."""
        blanked: list[str] = []
        talk = self.change(
            conversation_id, lambda talk: blanked.append(changes.redact(talk, message_id, at=self.now()))
        )
        part = {"type": "conversation_part", "id": blanked[0], "conversation_id": conversation_id}
        self._tell("conversation_part.redacted", part)
        return talk

    def delete(self, conversation_id: str, *, retain_metrics: bool = True) -> None:
        """Delete a conversation; it stays in the list of deletions. Raises Refusal (404)."""
        self.record(conversation_id)
        self.shelf.drop(conversation_id)
        self.deleted[conversation_id] = (self.now(), retain_metrics)
        self._tell("conversation.deleted", {"type": "conversation", "id": conversation_id})

    def add(self, talk: Json) -> None:
        """Put a new conversation into the workspace."""
        self.shelf.put(talk)
        by_customer = talk["source"]["delivered_as"] == "customer_initiated"
        self._tell_of(f"conversation.{'user' if by_customer else 'admin.single'}.created", str(talk["id"]))

    def merge_contact(self, contact_id: str, into: str) -> None:
        """Merge one contact into another: the old one answers 410 from now on. Raises Refusal (404)."""
        if contact_id not in self.contacts or into not in self.contacts:
            raise not_found("User Not Found")
        self.merged[contact_id] = into
        merged_from = {"type": "contact", "id": contact_id}
        self._tell("contact.merged", {"type": "contact", "id": into, "merged_from": merged_from})

    def delete_contact(self, contact_id: str) -> None:
        """Delete a contact; its conversations stay. Raises Refusal (404)."""
        if self.contacts.pop(contact_id, None) is None:
            raise not_found("User Not Found")
        self._tell("contact.deleted", {"type": "contact", "id": contact_id})

    def update_contact(self, contact_id: str, values: Json) -> Json:
        """Change fields of a contact. Raises Refusal (404)."""
        person = self.contacts.get(contact_id)
        if person is None:
            raise not_found("User Not Found")
        person.update(values, updated_at=max(self.now(), int(person["updated_at"]) + 1))
        self._tell("contact.user.updated", dict(person))
        return person

    def canonical(self, contact_id: str) -> str:
        """The contact that a merged one ended up in, through any chain."""
        seen: set[str] = set()
        while contact_id in self.merged and contact_id not in seen:
            seen.add(contact_id)
            contact_id = self.merged[contact_id]
        return contact_id

    def script_fault(self, kind: Fault, *, times: int = 1, path: str = "/") -> None:
        """Make a fault strike the next `times` requests whose path begins with `path`."""
        self.faults.script(Script(kind, times, path))

    def stats(self) -> Json:
        """Requests by endpoint, statuses, faults served, retrievals by conversation."""
        return {
            "conversations": len(self.shelf),
            "requests": dict(self.requests),
            "total_requests": self.requests.total(),
            "statuses": {str(status): count for status, count in self.statuses.items()},
            "faults": dict(self.faults.struck),
            "retrieves": dict(self.retrieved),
            "failing": sorted(self.faults.failing),
            "poisoned": sorted(self.faults.poisoned),
            "webhooks": None if self.webhooks is None else self.webhooks.stats(),
        }

    def reset_stats(self) -> None:
        """Begin counting anew."""
        for counter in (self.requests, self.statuses, self.retrieved, self.faults.struck):
            counter.clear()

    def truth(self) -> list[Truth]:
        """What was planted in the workspace."""
        return list(self.truths)

    def truth_json(self) -> Json:
        """The planted truth as JSON."""
        return {
            "truths": [asdict(truth) for truth in self.truths],
            "matters": [asdict(matter) for matter in self.matters],
        }

    def move_some(self) -> None:
        """Let a few conversations move, where that fault is on."""
        index = self.shelf.indexes["id"]
        for _ in range(self.faults.moves() if index else 0):
            self.touch(id_of(index[self.faults.pick(len(index))][1]))

    def _noting_tickets(self, talks: Iterable[Json]) -> Iterator[Json]:
        for talk in talks:
            linked = members(talk.get("linked_objects"), "data")
            self.tickets += [shape.ticket(one, talk) for one in linked if one["type"] == "ticket"]
            yield talk

    def _crowd(self) -> None:
        """Put many conversations into one same second, where that fault is on."""
        crowd = self.faults.crowd(self.shelf.ids())
        second = max((self.record(one).updated_at for one in crowd), default=0)
        for one in crowd:
            self.change(one, lambda talk: talk.update(updated_at=second))

    def _tell_of(self, topic: str, conversation_id: str) -> None:
        if self.webhooks is not None:
            self._tell(topic, noticed(self.shelf.open_up(self.record(conversation_id))))

    def _tell(self, topic: str, item: Json) -> None:
        if self.webhooks is not None:
            self.webhooks.tell(topic, item, at=self.now())

    def _admin(self) -> Json:
        return next(iter(self.admins.values()))

    def _customer_says(self, talk: Json, part_id: str, *, said: Json, at: int) -> None:
        person = changes.speaker_of(talk)
        if person is None:
            first = (talk["contacts"]["contacts"] or [{"id": "nobody"}])[0]
            person = self.contacts.get(first["id"], first)
        changes.customer_says(talk, part_id, said=said, person=person, at=at)


def _by_id(items: list[Json]) -> dict[str, Json]:
    return {str(item["id"]): item for item in items}
