"""Files of conversations: Intercom's JSON or the plain form, one object, an array or a line each, gzipped or not.

A file is read as a stream, so memory does not grow with it. What cannot be read is yielded as `BadEntry` with
its line, and the rest goes on.
"""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from earshot.connectors.entries import Entry, entries
from earshot.connectors.intercom.customers import main_contact, to_customer
from earshot.connectors.intercom.normalise import normalise
from earshot.connectors.intercom.settings import IntercomSettings
from earshot.connectors.lenient import Json, ident, is_array, is_object, obj, objects
from earshot.connectors.plain import from_plain
from earshot.domain.customer import Customer
from earshot.errors import BadInput
from earshot.ports.source import BadEntry, Fetched
from earshot.text.clean import one_line


def read_file(
    path: Path, *, now: datetime, settings: IntercomSettings | None = None
) -> Iterator[Fetched | BadEntry]:
    """Every conversation of a file, or why it cannot be one, in the order of the file.

    `now` becomes the time of text that carries none. `settings` say which custom attributes hold plan and
    revenue. Of conversations with the same id the first counts, the others are reported.
    Raises BadInput when the file cannot be opened or is no UTF-8 text.
    """
    reader = _Reader(now, settings or IntercomSettings())
    for entry in entries(path):
        yield from reader.read(entry)


class _Reader:
    """Turns the objects of one file into conversations, remembering which ids it met where."""

    def __init__(self, now: datetime, settings: IntercomSettings) -> None:
        self._now = now
        self._settings = settings
        self._lines: dict[str, int] = {}

    def read(self, entry: Entry) -> Iterator[Fetched | BadEntry]:
        if entry.problem is not None:
            yield BadEntry(line=entry.line, reason=entry.problem)
            return
        page = entry.data.get("conversations")
        if is_array(page) and "id" not in entry.data:
            for number, item in enumerate(page, 1):
                yield self._one(entry.line, item, raw=None, where=f"item {number} of the list: ")
        else:
            yield self._one(entry.line, entry.data, raw=entry.raw)

    def _one(self, line: int, data: object, *, raw: bytes | None, where: str = "") -> Fetched | BadEntry:
        try:
            fetched = self._convert(data, raw)
        except BadInput as error:
            return BadEntry(line=line, reason=f"{where}{error}")
        key = fetched.conversation.id
        if key in self._lines:
            shown = one_line(fetched.conversation.external_id, limit=60)
            reason = f"conversation {shown} stands on line {self._lines[key]} already; the first one counts"
            return BadEntry(line=line, reason=f"{where}{reason}")
        self._lines[key] = line
        return fetched

    def _convert(self, data: object, raw: bytes | None) -> Fetched:
        if not is_object(data):
            raise BadInput("not a JSON object")
        kept = raw if raw is not None else json.dumps(data, ensure_ascii=True).encode()
        if "messages" in data:
            return from_plain(data, kept, now=self._now, segments=self._settings.segments)
        if data.get("type") == "conversation" or "conversation_parts" in data or is_object(data.get("source")):
            return normalise(data, kept, plain=False, customer=self._customer(data))
        raise BadInput("neither a conversation of Intercom nor one with `messages`")

    def _customer(self, data: Json) -> Customer | None:
        """What the file itself says of the customer; nobody is asked."""
        contact_id = main_contact(data)
        if contact_id is None:
            return None
        contacts = objects(data.get("contacts"), "contacts", "data")
        contact = next((c for c in contacts if ident(c.get("id")) == contact_id), {"id": contact_id})
        author = obj(obj(data.get("source")).get("author"))
        opener = author if ident(author.get("id")) == contact_id else {}
        return to_customer(contact, obj(data.get("company")), opener=opener, settings=self._settings)
