"""Walking the list of changed conversations so that none is missed, whatever the list does on the way."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

from earshot.connectors.intercom.client import IntercomClient
from earshot.connectors.intercom.settings import IntercomSettings
from earshot.connectors.lenient import SECONDS_END, Json, ident, integer, moment, obj, objects
from earshot.domain.run import Gap
from earshot.errors import BadInput, NotFound
from earshot.ports.clock import Clock
from earshot.ports.source import Page, Sighting

_DELETED_PER_PAGE = 60
_MOST_LOST = 25
_MOST_STALLS = 3


class Slice(NamedTuple):
    """Seconds of `updated_at`, both ends included; no end means still open. `created` narrows it further."""

    first: int
    last: int | None = None
    created: tuple[int, int] | None = None

    def __str__(self) -> str:
        if self.first == self.last:
            updated = f"conversations updated at {_iso(self.first)}"
        else:
            updated = (
                f"conversations updated {_iso(self.first)} to {'now' if self.last is None else _iso(self.last)}"
            )
        if self.created is None:
            return updated
        return f"{updated} and created {_iso(self.created[0])} to {_iso(self.created[1])}"

    def after(self, second: int) -> "Slice":
        """What is left once everything before a second was seen."""
        first = max(self.first, second)
        return self._replace(first=first if self.last is None else min(first, self.last))

    def halves(self, now: int) -> tuple["Slice", "Slice"] | None:
        """Two halves: by time of change down to one second, then by time of creation; None at the very end."""
        if self.last is None:
            return (Slice(self.first, now), Slice(now + 1)) if self.first <= now else None
        if self.first < self.last:
            middle = (self.first + self.last) // 2
            return Slice(self.first, middle), Slice(middle + 1, self.last)
        oldest, newest = self.created or (0, max(self.last, now))
        if oldest >= newest:
            return None
        middle = (oldest + newest) // 2
        return self._replace(created=(oldest, middle)), self._replace(created=(middle + 1, newest))


@dataclass
class _Round:
    """One run of cursors: the second of its last row, and whether a cursor came back."""

    previous: int = 0
    came_round: bool = False


class Listing:
    """One walk over what changed in a window.

    A search that answers 404 (Intercom does so for some conversations) is narrowed by halves until only the
    bad conversation's second is left out, and named. A cursor that repeats makes the walk go on from the last
    second seen. A walk that ends with fewer conversations than Intercom counted is walked once more.
    """

    def __init__(self, client: IntercomClient, *, settings: IntercomSettings, clock: Clock) -> None:
        self._client = client
        self._per_page = settings.page_size
        self._clock = clock
        self._ascending = True
        self._newest = 0
        self._seen: set[str] = set()
        self._lost: list[Gap] = []
        self._total: int | None = None
        self._undivided = True

    async def pages(self, window: Slice) -> AsyncIterator[Page]:
        """Pages in the order that Intercom gives; a conversation may be seen more than once."""
        for again in (False, True):
            self._total, self._undivided = None, True
            async for page in self._slices(window, again=again):
                yield page
            if self._total is None or len(self._seen) >= self._total or self._lost:
                return
        missing = (self._total or 0) - len(self._seen)
        yield self._lose(window, "Intercom counts more than its list holds", what=f"{missing} of {window}")

    async def _slices(self, window: Slice, *, again: bool) -> AsyncIterator[Page]:
        todo = [window]
        retried = False
        self._newest = window.first
        while todo:
            piece = todo.pop()
            try:
                async for page in self._walk(piece):
                    yield page
                retried = False
            except NotFound as error:
                self._undivided = False
                piece = piece.after(self._newest) if self._ascending else piece
                halves = piece.halves(int(self._clock.now().timestamp()))
                if halves is not None and len(self._lost) < _MOST_LOST:
                    todo.extend(reversed(halves))
                elif not retried:
                    retried = True
                    todo.append(piece)
                elif not again:
                    retried = False
                    yield self._lose(piece, str(error))

    async def _walk(self, piece: Slice) -> AsyncIterator[Page]:
        """All pages of one slice; where a cursor repeats, on from the last second, as long as that moves."""
        stalls = 0
        while True:
            round_trip = _Round()
            async for page in self._cursor(piece, round_trip):
                yield page
            if not round_trip.came_round:
                return
            stalls = 0 if self._newest > piece.first else stalls + 1
            if stalls > _MOST_STALLS or not self._ascending:
                yield self._lose(piece, "the list's cursor repeats itself")
                return
            piece = piece.after(self._newest)

    async def _cursor(self, piece: Slice, walk: "_Round") -> AsyncIterator[Page]:
        cursor: str | None = None
        used: set[str] = set()
        while True:
            answer = await self._client.search(search_query(piece, per_page=self._per_page, cursor=cursor))
            yield self._page(answer.data, walk)
            cursor = next_cursor(answer.data)
            if cursor is None:
                return
            if cursor in used:
                walk.came_round = True
                return
            used.add(cursor)

    def _page(self, data: Json, walk: "_Round") -> Page:
        sightings: list[Sighting] = []
        for row in objects(data.get("conversations") or data.get("data"), "conversations", "data"):
            external_id, updated_at = ident(row.get("id")), moment(row.get("updated_at"))
            if external_id is None:
                continue
            second = int(updated_at.timestamp()) if updated_at else self._newest
            self._ascending = self._ascending and second >= walk.previous
            walk.previous = second
            self._newest = max(self._newest, second)
            self._seen.add(external_id)
            at = updated_at or datetime.fromtimestamp(second, UTC)
            sightings.append(Sighting(external_id=external_id, updated_at=at))
        if self._total is None and self._undivided:
            self._total = integer(data.get("total_count"))
        return Page(sightings=tuple(sightings), total=self._total, ascending=self._ascending)

    def _lose(self, piece: Slice, reason: str, *, what: str | None = None) -> Page:
        gap = Gap(what=what or str(piece), reason=reason)
        self._lost.append(gap)
        return Page(sightings=(), total=self._total, ascending=self._ascending, gaps=(gap,))


def search_query(window: Slice, *, per_page: int, cursor: str | None = None) -> Json:
    """The search body. `>` and `<` may or may not include the second itself, so each is asked one wider."""
    filters = _between("updated_at", window.first, last=window.last)
    if window.created is not None:
        first, last = window.created
        filters += _between("created_at", first, last=last)
    pagination: Json = {"per_page": per_page}
    if cursor is not None:
        pagination["starting_after"] = cursor
    return {
        "query": {"operator": "AND", "value": filters},
        "sort": {"field": "updated_at", "order": "ascending"},
        "pagination": pagination,
    }


def _between(field: str, first: int, *, last: int | None) -> list[Json]:
    filters: list[Json] = [{"field": field, "operator": ">", "value": _checked(first - 1)}]
    if last is not None:
        filters.append({"field": field, "operator": "<", "value": _checked(last + 1)})
    return filters


def next_cursor(data: Json) -> str | None:
    """The cursor of the next page, given as an object or as a URL; None on the last page."""
    following = obj(data.get("pages")).get("next")
    if isinstance(following, str):
        return next(iter(parse_qs(urlsplit(following).query).get("starting_after", [])), None)
    cursor = obj(following).get("starting_after")
    return str(cursor) if cursor not in (None, "") else None


def next_page(data: Json, page: int) -> int | None:
    """The number of the next page of a page-numbered list; None at the end or where it does not move on."""
    following = obj(data.get("pages")).get("next")
    if isinstance(following, str):
        number = integer(next(iter(parse_qs(urlsplit(following).query).get("page", [])), None))
    else:
        number = integer(obj(following).get("page"))
    return number if number is not None and number > page else None


def deleted_path(page: int) -> str:
    """The path of one page of the deleted conversations, newest first."""
    return f"/conversations/deleted?page={page}&per_page={_DELETED_PER_PAGE}&order=desc"


def window_of(since: datetime, until: datetime | None) -> Slice:
    """The whole seconds of a window; `until` itself is not part of it."""
    last = None
    if until is not None:
        last = int(until.timestamp()) - (0 if until.microsecond else 1)
    return Slice(_checked(int(since.timestamp())), last)


def _checked(second: int) -> int:
    """Refuse what cannot be seconds: Intercom answers milliseconds with an empty list and no error."""
    if second >= SECONDS_END:
        raise BadInput(
            f"{second} is no time in Unix seconds", hint="Times to Intercom are seconds, not milliseconds."
        )
    return max(second, 0)


def _iso(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
