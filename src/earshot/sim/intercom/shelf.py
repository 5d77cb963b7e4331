"""The conversations of a simulated workspace: compressed JSON beside the few fields that searches use most."""

import json
from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import zstandard

from earshot.sim.intercom.answers import encode
from earshot.sim.workspace import Json

Entry = tuple[int, str]
"""A place in a sorted index: the value and the id's order key."""

INDEXED = ("updated_at", "created_at", "id")
_NOT_DIGITS = "999"


def order_of(conversation_id: str) -> str:
    """A text that sorts ids as Intercom does: digits by number, anything else after them."""
    if conversation_id.isascii() and conversation_id.isdigit():
        return f"{len(conversation_id):03}{conversation_id}"
    return _NOT_DIGITS + conversation_id


def id_of(order: str) -> str:
    """The id behind an order key."""
    return order[3:]


@dataclass(slots=True)
class Record:
    """One conversation on the shelf; `blob` is its compressed JSON with all parts."""

    id: str
    created_at: int
    updated_at: int
    open: bool
    read: bool
    state: str
    priority: str
    waiting_since: int | None
    snoozed_until: int | None
    admin_assignee_id: int
    team_assignee_id: int
    contact_ids: tuple[str, ...]
    teammate_ids: tuple[str, ...]
    tag_ids: tuple[str, ...]
    blob: bytes

    def entry(self, field: str) -> Entry:
        """Where the record stands in the index of a field."""
        value = 0 if field == "id" else getattr(self, field)
        return (value if isinstance(value, int) else -1, order_of(self.id))


class Shelf:
    """Conversations by id, by contact, and sorted by time; reading and writing cost O(log n)."""

    def __init__(self) -> None:
        self._records: dict[str, Record] = {}
        self._by_contact: dict[str, set[str]] = {}
        self.indexes: dict[str, list[Entry]] = {field: [] for field in INDEXED}
        self._pack = zstandard.ZstdCompressor(level=1)
        self._unpack = zstandard.ZstdDecompressor()

    def __len__(self) -> int:
        return len(self._records)

    def __iter__(self) -> Iterator[Record]:
        return iter(self._records.values())

    def fill(self, talks: Iterable[Json]) -> None:
        """Put many conversations on an empty shelf; far faster than one `put` each."""
        for talk in talks:
            self._place(self._record(talk))
        for field, index in self.indexes.items():
            index[:] = sorted(record.entry(field) for record in self._records.values())

    def put(self, talk: Json) -> None:
        """Add a conversation or replace the one with its id."""
        self.drop(str(talk["id"]))
        record = self._record(talk)
        self._place(record)
        for field, index in self.indexes.items():
            insort(index, record.entry(field))

    def drop(self, conversation_id: str) -> bool:
        """Take a conversation away; whether it was there."""
        record = self._records.pop(conversation_id, None)
        if record is None:
            return False
        for contact_id in record.contact_ids:
            self._by_contact[contact_id].discard(conversation_id)
        for field, index in self.indexes.items():
            del index[bisect_left(index, record.entry(field))]
        return True

    def get(self, conversation_id: str) -> Record | None:
        """The record with this id."""
        return self._records.get(conversation_id)

    def of_contact(self, contact_id: str) -> list[Record]:
        """The conversations of a contact."""
        return [self._records[one] for one in self._by_contact.get(contact_id, ())]

    def open_up(self, record: Record) -> Json:
        """The whole conversation, a fresh copy."""
        talk: Any = json.loads(self._unpack.decompress(record.blob))
        return talk

    def ids(self) -> list[str]:
        """All ids, in their order."""
        return [id_of(order) for _, order in self.indexes["id"]]

    def _place(self, record: Record) -> None:
        self._records[record.id] = record
        for contact_id in record.contact_ids:
            self._by_contact.setdefault(contact_id, set()).add(record.id)

    def _record(self, talk: Json) -> Record:
        return Record(
            id=str(talk["id"]),
            created_at=int(talk["created_at"]),
            updated_at=int(talk["updated_at"]),
            open=bool(talk.get("open")),
            read=bool(talk.get("read")),
            state=talk.get("state") or "open",
            priority=str(talk.get("priority") or "none"),
            waiting_since=talk.get("waiting_since"),
            snoozed_until=talk.get("snoozed_until"),
            admin_assignee_id=int(talk.get("admin_assignee_id") or 0),
            team_assignee_id=int(talk.get("team_assignee_id") or 0),
            contact_ids=_ids(talk.get("contacts"), "contacts"),
            teammate_ids=_ids(talk.get("teammates"), "admins"),
            tag_ids=_ids(talk.get("tags"), "tags"),
            # A copy: the compressor's own buffer is cut in place and would leave its unused rest unusable.
            blob=bytes(memoryview(self._pack.compress(encode(talk)))),
        )


def _ids(holder: Json | None, key: str) -> tuple[str, ...]:
    return tuple(str(item["id"]) for item in (holder or {}).get(key) or ())
