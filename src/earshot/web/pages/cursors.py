"""Where the next page of a list begins, as a parameter of its address."""

import base64
import binascii

from pydantic import ValidationError

from earshot.errors import BadInput
from earshot.ports.browse import Place


def cursor_of(place: Place | None) -> str:
    """The parameter for a place, "" for none."""
    if place is None:
        return ""
    return base64.urlsafe_b64encode(place.model_dump_json(exclude_none=True).encode()).decode().rstrip("=")


def place_of(cursor: str) -> Place | None:
    """The place of a parameter. Raises BadInput where it is none."""
    if not cursor:
        return None
    try:
        found = Place.model_validate_json(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError, ValidationError):
        raise BadInput("This address is cut off.", hint="Begin on the first page of the list.") from None
    if "\x00" in found.id:
        raise BadInput("This address is cut off.", hint="Begin on the first page of the list.")
    return found
