"""Pages of lists: an opaque cursor that says where the next page begins, bound to the question it belongs to."""

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Generic, TypeVar

from fastapi import Path
from pydantic import Field, ValidationError

from earshot.domain.model import Noun
from earshot.errors import BadInput
from earshot.ports.browse import Place
from earshot.pull.window import parse_when
from earshot.web.api.problems import Refused

Item = TypeVar("Item")

When = Annotated[
    str | None, Field(max_length=40, description="24h, 7d, or a date or time in ISO 8601.", examples=["7d"])
]
KEY = r"^[^\x00-\x1f\x7f]{0,300}$"
"""What ids look like in an address."""
Id = Annotated[str, Path(pattern=r"^[^\x00-\x1f\x7f]{1,300}$")]
"""An id in an address."""


class PageOf(Noun, Generic[Item]):
    """A page of a list. `next` is the `cursor` of the next page; null on the last one."""

    items: list[Item]
    next: str | None = Field(default=None, description="The cursor of the next page; null on the last one.")


def moment(text: str | None, *, now: datetime) -> datetime | None:
    """A moment as parameters give it. Raises Refused."""
    if text is None:
        return None
    try:
        return parse_when(text, now=now)
    except BadInput as error:
        raise Refused(422, str(error), hint=error.hint) from None


def cursor_of(place: Place | None, question: Mapping[str, object]) -> str | None:
    """The cursor for a place in the answer to a question; None for none."""
    if place is None:
        return None
    text = json.dumps([_mark(question), place.model_dump(mode="json", exclude_none=True)], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def place_of(cursor: str | None, question: Mapping[str, object]) -> Place | None:
    """The place a cursor stands for. Raises Refused where it is none, or of another question."""
    if not cursor:
        return None
    try:
        mark, place = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        found = Place.model_validate(place)
    except (binascii.Error, ValueError, TypeError, ValidationError, RecursionError):
        raise Refused(400, "The cursor is not one of ours.", hint="Begin again without `cursor`.") from None
    if mark != _mark(question) or "\x00" in found.id:
        raise Refused(
            400,
            "The cursor belongs to another question.",
            hint="Repeat the parameters of the first page, or begin again without `cursor`.",
        )
    return found


def _mark(question: Mapping[str, object]) -> str:
    text = json.dumps({name: str(value) for name, value in sorted(question.items())})
    return hashlib.sha256(text.encode()).hexdigest()[:12]
