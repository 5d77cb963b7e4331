"""Running a search over the shelf: the matching records in order, one page of them, and the next cursor."""

import base64
import binascii
import json
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from earshot.sim.intercom import query
from earshot.sim.intercom.answers import invalid
from earshot.sim.intercom.fields import CONVERSATION_FIELDS, conversation_lookup
from earshot.sim.intercom.peek import mapping
from earshot.sim.intercom.shelf import INDEXED, Entry, Record, Shelf, id_of, order_of
from earshot.sim.workspace import Json

PAGE_DEFAULT = 20
PAGE_MOST = 150
_LAST = "\x7f"


@dataclass(frozen=True)
class Cursor:
    """The last row already given and the number of the page to come; opaque on the wire."""

    entry: Entry
    page: int

    def encoded(self) -> str:
        """Base64 of [sort value in milliseconds, id, page], as seen in the wild."""
        value, order = self.entry
        text = json.dumps([value * 1000, id_of(order), self.page], separators=(",", ":"))
        return base64.urlsafe_b64encode(text.encode()).decode()


def decoded(text: str) -> Cursor:
    """A cursor from the wire. Raises Refusal (400)."""
    try:
        value, conversation_id, page = json.loads(base64.urlsafe_b64decode(text.encode()))
        return Cursor((int(value) // 1000, order_of(str(conversation_id))), int(page))
    except (ValueError, TypeError, binascii.Error) as error:
        raise invalid("starting_after is not a valid cursor", code="invalid_cursor") from error


@dataclass(frozen=True)
class Search:
    """What is looked for; `where` None means everything."""

    where: query.Node | None
    field: str = "updated_at"
    ascending: bool = False
    per_page: int = PAGE_DEFAULT
    after: Cursor | None = None


@dataclass(frozen=True)
class Found:
    """One page of a search."""

    records: tuple[Record, ...]
    total: int
    page: int
    per_page: int
    next: str | None

    def pages(self) -> Json:
        """The `pages` object."""
        following = {"next": {"page": self.page + 1, "starting_after": self.next}} if self.next else {}
        return {
            "type": "pages",
            **following,
            "page": self.page,
            "per_page": self.per_page,
            "total_pages": -(-self.total // self.per_page),
        }


def per_page_of(value: Any, *, most: int = PAGE_MOST) -> int:
    """The page size asked for. Raises Refusal (400)."""
    if value is None:
        return PAGE_DEFAULT
    try:
        size = int(value)
    except (ValueError, TypeError) as error:
        raise invalid("per_page must be a number") from error
    if not 1 <= size <= most:
        raise invalid(f"per_page must be between 1 and {most}")
    return size


def search_of(body: Any, *, default_ascending: bool) -> Search:
    """A search from a request body. Raises Refusal (400)."""
    asked = mapping(body)
    if "query" not in asked:
        raise invalid("a search needs a query", code="invalid_query")
    where = query.parse(asked["query"], CONVERSATION_FIELDS)
    sort, paging = mapping(asked.get("sort")), mapping(asked.get("pagination"))
    after = paging.get("starting_after")
    return Search(
        where,
        field=_sort_field(sort.get("field") or "updated_at"),
        ascending=_ascending(sort.get("order"), default=default_ascending),
        per_page=per_page_of(paging.get("per_page")),
        after=decoded(str(after)) if after else None,
    )


def _sort_field(field: Any) -> str:
    kind = CONVERSATION_FIELDS.get(str(field))
    if field != "id" and kind not in (query.Kind.DATE, query.Kind.NUMBER):
        raise invalid(f"cannot sort by {field}", code="invalid_sort_field")
    return str(field)


def _ascending(order: Any, *, default: bool) -> bool:
    if order is None:
        return default
    if order not in ("ascending", "descending"):
        raise invalid("order must be ascending or descending", code="invalid_sort_order")
    return order == "ascending"


def run(shelf: Shelf, search: Search, *, strict: bool = True) -> Found:
    """Find one page: by bisection where the query is a range of the sort field, otherwise by looking."""
    entries, low, high = _span(shelf, search, strict=strict)
    start, stop = _rest(entries, search, low=low, high=high)
    if search.ascending:
        last = min(stop, start + search.per_page)
        page, more = entries[start:last], last < stop
    else:
        first = max(start, stop - search.per_page)
        page, more = list(reversed(entries[first:stop])), first > start
    number = search.after.page if search.after else 1
    return Found(
        records=tuple(record for _, order in page if (record := shelf.get(id_of(order))) is not None),
        total=high - low,
        page=number,
        per_page=search.per_page,
        next=Cursor(page[-1], number + 1).encoded() if more else None,
    )


def _rest(entries: Sequence[Entry], search: Search, *, low: int, high: int) -> tuple[int, int]:
    """The part of a span that the cursor leaves."""
    if search.after is None:
        return low, high
    if search.ascending:
        return max(low, bisect_right(entries, search.after.entry)), high
    return low, min(high, bisect_left(entries, search.after.entry))


def _span(shelf: Shelf, search: Search, *, strict: bool) -> tuple[Sequence[Entry], int, int]:
    """A sorted list of entries and the stretch of it that matches."""
    where = search.where
    needs = [] if where is None else list(query.required(where))
    if search.field in INDEXED and all(_is_range_of(need, search.field) for need in needs):
        whole = where is None or query.only_required(where)
        if whole:
            index = shelf.indexes[search.field]
            return index, *_range(index, needs, strict=strict)
    found = [
        record
        for record in _candidates(shelf, needs, strict=strict)
        if _passes(shelf, record, search=search, strict=strict)
    ]
    entries = sorted(_entry(shelf, record, field=search.field) for record in found)
    return entries, 0, len(entries)


def _passes(shelf: Shelf, record: Record, *, search: Search, strict: bool) -> bool:
    lookup = conversation_lookup(shelf, record)
    return search.where is None or query.matches(search.where, lookup, strict=strict)


def _entry(shelf: Shelf, record: Record, *, field: str) -> Entry:
    if field in INDEXED:
        return record.entry(field)
    value = conversation_lookup(shelf, record)(field)
    return (value if isinstance(value, int) else -1, order_of(record.id))


def _is_range_of(need: query.Filter, field: str) -> bool:
    return (
        need.field == field
        and need.kind is query.Kind.DATE
        and need.operator in ("=", ">", ">=", "<", "<=")
        and need.value is not None
    )


def _range(index: Sequence[Entry], needs: Sequence[query.Filter], *, strict: bool) -> tuple[int, int]:
    low, high = 0, len(index)
    for need in needs:
        exact = not strict or need.operator not in ("<", ">")
        if need.operator in ("=", ">", ">="):
            low = max(low, bisect_left(index, (need.value, "" if exact else _LAST)))
        if need.operator in ("=", "<", "<="):
            high = min(high, bisect_left(index, (need.value, _LAST if exact else "")))
    return low, max(low, high)


def _candidates(shelf: Shelf, needs: Sequence[query.Filter], *, strict: bool) -> list[Record]:
    """Few records that hold all matches: those of an id or a contact, of a time range, or all."""
    for need in needs:
        if need.operator == "=" and need.field == "contact_ids":
            return shelf.of_contact(str(need.value))
        if need.operator == "=" and need.field == "id":
            record = shelf.get(str(need.value))
            return [record] if record else []
    for field in ("updated_at", "created_at"):
        ranges = [need for need in needs if _is_range_of(need, field)]
        if ranges:
            index = shelf.indexes[field]
            low, high = _range(index, ranges, strict=strict)
            return [record for _, order in index[low:high] if (record := shelf.get(id_of(order)))]
    return list(shelf)
