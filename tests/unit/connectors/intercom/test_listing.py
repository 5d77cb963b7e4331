"""Walking the list of what changed, against a list that can be held wrong in every known way."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earshot.connectors.intercom.listing import (
    Listing,
    Slice,
    next_cursor,
    next_page,
    search_query,
    window_of,
)
from earshot.errors import BadInput
from earshot.ports.source import Page
from tests.unit.connectors.scripted import Script, Waits, client_of, error, ok, settings_for_tests

Json = dict[str, Any]
NOW = int(Waits().now().timestamp())


class Shelf:
    """Conversations by time of change, searched as Intercom does it; `spoiled` ids make a search fail."""

    def __init__(self, rows: dict[str, int], *, inclusive: bool = False, ascending: bool = True) -> None:
        self.rows = rows
        self.created: dict[str, int] = {}
        self.inclusive = inclusive
        self.ascending = ascending
        self.spoiled: set[str] = set()
        self.miscount = 0
        self.after_page: Callable[[int], None] = lambda _: None
        self.repeat_cursor_on: set[int] = set()
        self.calls = 0

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        self.calls += 1
        asked = json.loads(request.content)
        found = sorted((at, key) for key, at in self.rows.items() if self._matches(asked, key))
        if not self.ascending:
            found.reverse()
        total = len(found) + self.miscount
        cursor = asked["pagination"].get("starting_after")
        if cursor:
            place = tuple(json.loads(cursor))
            found = [row for row in found if (row > place if self.ascending else row < place)]
        size = asked["pagination"]["per_page"]
        page, more = found[:size], len(found) > size
        if self.spoiled & {key for _, key in page}:
            return error(404, "not_found", "User Not Found")
        following = json.dumps(page[-1]) if more else None
        if self.calls in self.repeat_cursor_on:
            following = cursor or following
        pages = {"next": {"page": 2, "starting_after": following} if following else None}
        rows = [{"type": "conversation", "id": key, "updated_at": at} for at, key in page]
        self.after_page(self.calls)
        return ok({"conversations": rows, "pages": pages, "total_count": total})

    def _matches(self, asked: Json, key: str) -> bool:
        values = {"updated_at": self.rows[key], "created_at": self.created.get(key, self.rows[key])}
        return all(self._passes(values[f["field"]], f) for f in asked["query"]["value"])

    def _passes(self, value: int, asked: Json) -> bool:
        if value == asked["value"]:
            return self.inclusive
        return value > asked["value"] if asked["operator"] == ">" else value < asked["value"]


async def walk(shelf: Shelf, window: Slice, *, per_page: int = 3) -> tuple[list[Page], list[str]]:
    client = client_of(Script(shelf.answer))
    listing = Listing(client, settings=settings_for_tests(page_size=per_page), clock=Waits())
    pages = [page async for page in listing.pages(window)]
    return pages, [sighting.external_id for page in pages for sighting in page.sightings]


def gaps(pages: list[Page]) -> list[str]:
    return [gap.what for page in pages for gap in page.gaps]


def spread(count: int, *, step: int = 100) -> dict[str, int]:
    return {f"c{number:03d}": NOW - 10_000 + number * step for number in range(count)}


def test_the_query_is_one_group_with_an_open_end() -> None:
    assert search_query(Slice(100), per_page=150) == {
        "query": {"operator": "AND", "value": [{"field": "updated_at", "operator": ">", "value": 99}]},
        "sort": {"field": "updated_at", "order": "ascending"},
        "pagination": {"per_page": 150},
    }
    closed = search_query(Slice(100, 200, (5, 6)), per_page=150, cursor="abc")
    assert [(f["field"], f["operator"], f["value"]) for f in closed["query"]["value"]] == [
        ("updated_at", ">", 99),
        ("updated_at", "<", 201),
        ("created_at", ">", 4),
        ("created_at", "<", 7),
    ]
    assert closed["pagination"] == {"per_page": 150, "starting_after": "abc"}


def test_milliseconds_are_refused() -> None:
    with pytest.raises(BadInput, match="seconds"):
        search_query(Slice(1_700_000_000_000), per_page=1)


def test_a_window_is_whole_seconds_without_its_end() -> None:
    since = datetime(2026, 1, 1, 0, 0, 0, 900_000, tzinfo=UTC)
    until = datetime(2026, 1, 2, tzinfo=UTC)
    assert window_of(since, until) == Slice(int(since.timestamp()), int(until.timestamp()) - 1)
    assert window_of(since, until.replace(microsecond=1)).last == int(until.timestamp())
    assert window_of(since, None).last is None


@pytest.mark.parametrize(
    ("pages", "cursor"),
    [
        ({"next": {"page": 2, "starting_after": "abc"}}, "abc"),
        ({"next": {"page": 2, "starting_after": 17}}, "17"),
        ({"next": "https://api.intercom.io/x?per_page=5&starting_after=a%3D%3D"}, "a=="),
        ({"next": "https://api.intercom.io/x?page=2"}, None),
        ({"next": None}, None),
        ({"next": {}}, None),
        ({}, None),
        (None, None),
    ],
)
def test_the_next_cursor_in_every_shape(pages: Any, cursor: str | None) -> None:
    assert next_cursor({"pages": pages}) == cursor
    assert next_cursor({}) is None


@pytest.mark.parametrize(
    ("following", "page"),
    [
        ("https://api.intercom.io/conversations/deleted?per_page=60&page=2", 2),
        ({"page": 2}, 2),
        ("https://x/?page=1", None),
        ("https://x/", None),
        (None, None),
    ],
)
def test_the_next_page_number_moves_on_or_ends(following: Any, page: int | None) -> None:
    assert next_page({"pages": {"next": following}}, 1) == page


@pytest.mark.parametrize("inclusive", [True, False])
@settings(deadline=None)
@given(
    ages=st.lists(st.integers(0, 40), max_size=25),
    first=st.integers(0, 40),
    length=st.none() | st.integers(0, 40),
    ascending=st.booleans(),
)
async def test_all_of_a_window_is_listed_however_the_search_reads_its_bounds(
    inclusive: bool, ages: list[int], first: int, length: int | None, ascending: bool
) -> None:
    rows = {f"c{number}": NOW - 100 + age for number, age in enumerate(ages)}
    window = Slice(NOW - 100 + first, None if length is None else NOW - 100 + first + length)
    pages, ids = await walk(Shelf(rows, inclusive=inclusive, ascending=ascending), window)
    last = window.last or NOW
    assert {key for key, at in rows.items() if window.first <= at <= last} <= set(ids)
    assert gaps(pages) == []


async def test_pages_tell_total_and_order() -> None:
    shelf = Shelf(spread(8))
    pages, ids = await walk(shelf, Slice(0))
    assert ids == sorted(shelf.rows)
    assert [page.total for page in pages] == [8, 8, 8]
    assert all(page.ascending for page in pages)
    assert shelf.calls == 3


async def test_a_list_in_another_order_says_so_and_is_read_whole() -> None:
    pages, ids = await walk(Shelf(spread(8), ascending=False), Slice(0))
    assert len(ids) == 8
    assert not pages[-1].ascending


async def test_a_bad_conversation_costs_only_itself() -> None:
    rows = spread(20)
    rows |= {f"same{number}": rows["c007"] for number in range(10)}
    shelf = Shelf(rows)
    shelf.created = {key: NOW - 500_000 + number for number, key in enumerate(rows)}
    shelf.spoiled = {"c007"}
    pages, ids = await walk(shelf, Slice(NOW - 30 * 86_400))
    assert set(ids) == set(rows) - {"c007"}
    (gap,) = gaps(pages)
    assert datetime.fromtimestamp(rows["c007"], UTC).strftime("%Y-%m-%dT%H:%M:%SZ") in gap
    assert datetime.fromtimestamp(shelf.created["c007"], UTC).strftime("%Y-%m-%dT%H:%M:%SZ") in gap
    assert shelf.calls < 200


async def test_a_404_that_passes_by_itself_leaves_no_gap() -> None:
    shelf = Shelf(spread(6))
    shelf.spoiled = {"c004"}
    shelf.after_page = lambda call: shelf.spoiled.clear()
    pages, ids = await walk(shelf, Slice(NOW - 86_400))
    assert set(ids) == set(shelf.rows)
    assert gaps(pages) == []


async def test_a_search_that_never_works_ends_with_gaps() -> None:
    client = client_of(Script(lambda _: error(404, "not_found")))
    listing = Listing(client, settings=settings_for_tests(), clock=Waits())
    pages = [page async for page in listing.pages(Slice(NOW - 30 * 86_400))]
    assert 1 <= len(gaps(pages)) < 120
    assert "to now" in gaps(pages)[-1]
    assert client.requests < 3_000


async def test_a_repeated_cursor_goes_on_from_the_last_second() -> None:
    shelf = Shelf(spread(20))
    shelf.repeat_cursor_on = {3, 5}
    pages, ids = await walk(shelf, Slice(0))
    assert set(ids) == set(shelf.rows)
    assert gaps(pages) == []


async def test_a_cursor_that_always_repeats_ends_with_a_gap() -> None:
    same_second = {f"c{number}": NOW - 50 for number in range(9)}
    shelf = Shelf(same_second)
    shelf.repeat_cursor_on = set(range(2, 1_000))
    pages, _ = await walk(shelf, Slice(NOW - 100))
    assert "repeats" in pages[-1].gaps[0].reason
    assert shelf.calls < 50


async def test_a_repeated_cursor_in_a_list_without_order_is_a_gap() -> None:
    shelf = Shelf(spread(20), ascending=False)
    shelf.repeat_cursor_on = {3}
    pages, _ = await walk(shelf, Slice(0))
    assert "repeats" in pages[-1].gaps[0].reason


async def test_a_conversation_that_moves_while_paging_is_met_again() -> None:
    shelf = Shelf(spread(9))

    def move(call: int) -> None:
        shelf.rows["c008"] = NOW + call
        shelf.rows["c000"] = NOW + call

    shelf.after_page = move
    _, ids = await walk(shelf, Slice(0))
    assert set(ids) == set(shelf.rows)


async def test_fewer_than_counted_is_walked_again_and_then_named() -> None:
    shelf = Shelf(spread(5))
    shelf.miscount = 2
    pages, ids = await walk(shelf, Slice(NOW - 86_400))
    assert ids == sorted(shelf.rows) * 2
    assert gaps(pages)[0].startswith("2 of conversations updated")


async def test_a_count_that_was_wrong_once_is_no_gap() -> None:
    shelf = Shelf(spread(5))
    shelf.miscount = 2

    def mend(call: int) -> None:
        shelf.miscount = 0 if call >= 2 else 2

    shelf.after_page = mend
    pages, _ = await walk(shelf, Slice(NOW - 86_400))
    assert gaps(pages) == []


async def test_rows_without_id_or_time_do_not_stop_the_walk() -> None:
    rows = [{"id": None}, {"updated_at": 5}, {"id": 7}, {"id": "8", "updated_at": NOW}, "odd"]
    client = client_of(Script(lambda _: ok({"conversations": rows, "total_count": 2, "pages": None})))
    listing = Listing(client, settings=settings_for_tests(), clock=Waits())
    pages = [page async for page in listing.pages(Slice(NOW - 10))]
    assert [sighting.external_id for page in pages for sighting in page.sightings] == ["7", "8"]
