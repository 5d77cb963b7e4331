"""A simulated workspace from a file of conversations: plain JSON lines or Intercom JSON, gzipped or not.

Plain: `{id, title?, created_at?, messages: [{author, text, created_at?, speaker?}], customer?}`. Ids are kept as
they are. Text without times is spread over the 90 days before `end` by seed, so trends have something to show.
"""

import gzip
import json
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from earshot.errors import BadInput
from earshot.sim.intercom import plainform, shape
from earshot.sim.intercom.peek import is_object, mapping, members
from earshot.sim.intercom.plainform import AGENTS, Cast
from earshot.sim.intercom.tally import settle
from earshot.sim.workspace import Json, SimWorkspace

APP_ID = "simload"


@dataclass(frozen=True)
class FileConversations:
    """The conversations of a file as Intercom objects, built anew on every iteration so that memory stays flat."""

    path: Path
    end: datetime
    seed: int

    def __iter__(self) -> Iterator[Json]:
        numbers = plainform.Numbers()
        for number, record in _records(self.path):
            with _placed(self.path, number):
                yield _conversation(record, numbers, end=self.end, seed=self.seed)


def load(path: Path, *, end: datetime, seed: int = 0) -> SimWorkspace:
    """Read a file into a workspace; times are invented up to midnight (UTC) before `end`.

    Raises BadInput with the line of the first record that cannot be served.
    """
    midnight = end.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    cast = Cast(APP_ID, int((midnight - timedelta(days=400)).timestamp()))
    seen: set[str] = set()
    for number, record in _records(path):
        with _placed(path, number):
            _meet(record, cast, seen=seen)
    return SimWorkspace(
        app=shape.workspace_app(APP_ID, f"Loaded from {path.name}", at=cast.since),
        admins=[dict(agent) for agent in AGENTS],
        teams=[shape.team("5017691", "Support", admin_ids=[int(agent["id"]) for agent in AGENTS])],
        tags=list(cast.tags.values()),
        contacts=list(cast.contacts.values()),
        companies=list(cast.companies.values()),
        conversations=FileConversations(path, midnight, seed),
    )


def _records(path: Path) -> Iterator[tuple[int, Json]]:
    with path.open("rb") as peek:
        gzipped = peek.read(2) == b"\x1f\x8b"
    with gzip.open(path, "rb") if gzipped else path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            if line.strip():
                yield number, _parsed(line, path, number=number)


def _parsed(line: bytes, path: Path, *, number: int) -> Json:
    with _placed(path, number):
        record: Any = json.loads(line)
        if not is_object(record):
            raise TypeError("not a JSON object")
        return mapping(record)


@contextmanager
def _placed(path: Path, number: int) -> Generator[None]:
    """Turn whatever goes wrong with a line into a BadInput that names the line."""
    try:
        yield
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        reason = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        raise BadInput(
            f"{path} line {number}: {reason}",
            hint="Each line must be one conversation, plain (id, messages) or in Intercom's JSON.",
        ) from error


def _meet(record: Json, cast: Cast, *, seen: set[str]) -> None:
    conversation_id = str(record["id"])
    if conversation_id in seen:
        raise ValueError(f"conversation {conversation_id} appears twice")
    seen.add(conversation_id)
    if "messages" in record:
        plainform.check(record)
        cast.meet_plain(record)
    else:
        cast.meet_intercom(record)


def _conversation(record: Json, numbers: plainform.Numbers, *, end: datetime, seed: int) -> Json:
    if "messages" in record:
        return plainform.conversation(record, numbers, end=int(end.timestamp()), seed=seed)
    return _completed(record)


def _completed(record: Json) -> Json:
    """An Intercom conversation with whatever fields it lacks, otherwise as it came."""
    at = int(record["created_at"])
    author = {"type": "user", "id": None, "name": None, "email": None}
    opening = shape.source(f"s{record['id']}", "customer_initiated", author=author, said={"body": ""})
    blank = shape.conversation(str(record["id"]), at, opening=opening, contact=None)
    talk: Json = {**blank, **record, "id": str(record["id"])}
    talk["source"] = {**opening, **mapping(record.get("source"))}
    counted = mapping(record.get("statistics")).get("count_conversation_parts")
    held = members(talk["conversation_parts"], "conversation_parts")
    if counted is None:
        settle(talk)
    talk["conversation_parts"]["total_count"] = max(counted or 0, len(held))
    return talk
