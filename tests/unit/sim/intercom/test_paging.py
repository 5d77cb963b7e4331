from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earshot.sim.intercom import paging, plainform, query
from earshot.sim.intercom.answers import Refusal
from earshot.sim.intercom.fields import conversation_lookup
from earshot.sim.intercom.shelf import Shelf, id_of, order_of
from earshot.sim.workspace import Json

START = 1_700_000_000


def talk(conversation_id: str, updated_at: int, *, text: str = "hello") -> Json:
    row = {"id": conversation_id, "messages": [{"author": "customer", "text": text, "created_at": START}]}
    made = plainform.conversation(row, plainform.Numbers(), end=START, seed=1)
    made["updated_at"] = updated_at
    return made


def shelf_of(times: list[int]) -> Shelf:
    shelf = Shelf()
    shelf.fill(talk(str(number + 1), at) for number, at in enumerate(times))
    return shelf


def body(
    low: int, *, order: str = "ascending", field: str = "updated_at", size: int = 3, after: str | None = None
) -> Json:
    return {
        "query": {"field": "updated_at", "operator": ">=", "value": low},
        "sort": {"field": field, "order": order},
        "pagination": {"per_page": size, **({"starting_after": after} if after else {})},
    }


def walk(shelf: Shelf, low: int, **how: Any) -> list[str]:
    ids: list[str] = []
    after: str | None = None
    while True:
        found = paging.run(shelf, paging.search_of(body(low, after=after, **how), default_ascending=False))
        ids += [record.id for record in found.records]
        after = found.next
        if after is None:
            return ids


times = st.lists(st.integers(START, START + 5), max_size=20)


@settings(deadline=None, max_examples=60)
@given(times=times, low=st.integers(START - 1, START + 6), size=st.integers(1, 7), down=st.booleans())
def test_a_walk_gives_every_match_once_in_order(times: list[int], low: int, size: int, *, down: bool) -> None:
    shelf = shelf_of(times)
    expected = sorted((at, number + 1) for number, at in enumerate(times) if at >= low)
    ids = walk(shelf, low, size=size, order="descending" if down else "ascending")
    assert ids == [str(number) for _, number in (reversed(expected) if down else expected)]


@settings(deadline=None, max_examples=40)
@given(
    times=times,
    low=st.integers(START - 1, START + 6),
    high=st.integers(START - 1, START + 6),
    size=st.integers(1, 7),
    down=st.booleans(),
    strict=st.booleans(),
)
def test_a_closed_window_holds_what_lies_in_it(
    *, times: list[int], low: int, high: int, size: int, down: bool, strict: bool
) -> None:
    shelf = shelf_of(times)
    window = {
        "operator": "AND",
        "value": [
            {"field": "updated_at", "operator": ">", "value": low},
            {"field": "updated_at", "operator": "<", "value": high},
        ],
    }
    inside = {
        str(number + 1) for number, at in enumerate(times) if (low < at < high if strict else low <= at <= high)
    }
    ids: list[str] = []
    after: str | None = None
    while True:
        asked = {**body(0, order="descending" if down else "ascending", size=size, after=after), "query": window}
        found = paging.run(shelf, paging.search_of(asked, default_ascending=False), strict=strict)
        assert found.total == len(inside)
        ids += [record.id for record in found.records]
        after = found.next
        if after is None:
            break
    assert len(ids) == len(inside)
    assert set(ids) == inside


@settings(deadline=None, max_examples=40)
@given(times=times, size=st.integers(1, 7), down=st.booleans())
def test_a_filtered_walk_agrees_with_the_indexed_one(times: list[int], size: int, *, down: bool) -> None:
    shelf = shelf_of(times)
    order = "descending" if down else "ascending"
    by_index = walk(shelf, START, size=size, order=order)
    ids: list[str] = []
    after: str | None = None
    while True:
        asked = body(START, order=order, size=size, after=after)
        asked["query"] = {
            "operator": "AND",
            "value": [asked["query"], {"field": "open", "operator": "=", "value": True}],
        }
        found = paging.run(shelf, paging.search_of(asked, default_ascending=False))
        assert found.total == len(times)
        ids += [record.id for record in found.records]
        after = found.next
        if after is None:
            break
    assert ids == by_index


@pytest.mark.parametrize("field", ["id", "created_at", "waiting_since", "statistics.count_conversation_parts"])
def test_other_sort_fields_page_too(field: str) -> None:
    ids = walk(shelf_of([START] * 12), START, field=field)
    assert ids == [str(number) for number in range(1, 13)]


def test_a_row_that_moves_is_seen_again_and_the_rest_once() -> None:
    shelf = shelf_of([START, START + 1, START + 2, START + 3])
    first = paging.run(shelf, paging.search_of(body(START, size=2), default_ascending=False))
    shelf.put(talk("1", START + 9))
    rest = paging.run(shelf, paging.search_of(body(START, size=9, after=first.next), default_ascending=False))
    assert [record.id for record in rest.records] == ["3", "4", "1"]


def test_pages_counts() -> None:
    shelf = shelf_of([START] * 7)
    first = paging.run(shelf, paging.search_of(body(START), default_ascending=False))
    assert {**first.pages(), "next": None} == {
        "type": "pages",
        "page": 1,
        "per_page": 3,
        "total_pages": 3,
        "next": None,
    }
    second = paging.run(shelf, paging.search_of(body(START, after=first.next), default_ascending=False))
    assert (second.page, second.total) == (2, 7)


def test_without_sort_the_order_is_the_settings() -> None:
    shelf = shelf_of([START, START + 1])
    asked = {"query": {"field": "updated_at", "operator": ">", "value": 0}}
    down = paging.run(shelf, paging.search_of(asked, default_ascending=False))
    up = paging.run(shelf, paging.search_of(asked, default_ascending=True))
    assert [r.id for r in down.records] == ["2", "1"] == [r.id for r in reversed(up.records)]


def test_id_order_is_by_number_and_keeps_other_ids() -> None:
    ids = ["10", "9", "sumo-1", "a-2", "215470000000000"]
    assert [id_of(order) for order in sorted(map(order_of, ids))] == ["9", "10", "215470000000000", "a-2", "sumo-1"]


def test_candidates_come_from_the_contact_and_the_id() -> None:
    shelf = shelf_of([START, START + 1])
    record = shelf.get("2")
    assert record is not None
    for field, value in (("contact_ids", record.contact_ids[0]), ("id", "2")):
        asked = {"query": {"field": field, "operator": "=", "value": value}}
        found = paging.run(shelf, paging.search_of(asked, default_ascending=False))
        assert ([r.id for r in found.records], found.total) == (["2"], 1)
    nobody = {"query": {"field": "id", "operator": "=", "value": "404"}}
    assert paging.run(shelf, paging.search_of(nobody, default_ascending=False)).total == 0


def test_milliseconds_find_nothing() -> None:
    assert walk(shelf_of([START]), START * 1000) == []


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({}, "invalid_query"),
        ([], "invalid_query"),
        ({**body(1), "sort": {"field": "updated_at", "order": "asc"}}, "invalid_sort_order"),
        ({**body(1), "sort": {"field": "state", "order": "ascending"}}, "invalid_sort_field"),
        ({**body(1), "pagination": {"per_page": 151}}, "parameter_invalid"),
        ({**body(1), "pagination": {"per_page": 0}}, "parameter_invalid"),
        ({**body(1), "pagination": {"per_page": "many"}}, "parameter_invalid"),
        ({**body(1), "pagination": {"starting_after": "nonsense"}}, "invalid_cursor"),
    ],
)
def test_refused(asked: Any, code: str) -> None:
    with pytest.raises(Refusal) as refused:
        paging.search_of(asked, default_ascending=False)
    assert refused.value.code == code


@given(value=st.integers(0, 2**33), number=st.integers(1, 10**15), page=st.integers(1, 9999))
def test_a_cursor_comes_back_whole(value: int, number: int, page: int) -> None:
    cursor = paging.Cursor((value, order_of(str(number))), page)
    assert paging.decoded(cursor.encoded()) == cursor


def test_drop_and_put_keep_every_index_sorted() -> None:
    shelf = shelf_of([START + 3, START + 1, START + 2])
    assert shelf.drop("2")
    assert not shelf.drop("2")
    shelf.put(talk("2", START + 8))
    assert shelf.ids() == ["1", "2", "3"]
    assert [id_of(order) for _, order in shelf.indexes["updated_at"]] == ["3", "1", "2"]
    assert len(shelf) == 3


def test_fields_deep_in_the_json_are_searchable() -> None:
    shelf = shelf_of([START])
    record = shelf.get("1")
    assert record is not None
    look = conversation_lookup(shelf, record)
    assert look("source.delivered_as") == "customer_initiated"
    assert look("channel_initiated") == "conversation"
    assert look("statistics.count_conversation_parts") == 0
    assert look("conversation_rating.score") is None
    assert query.matches(query.Filter("source.body", "~", "hello", query.Kind.WORDS), look)
