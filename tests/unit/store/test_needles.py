import json

import pytest

from earshot.store.needles import Needles, parsed

MAIL = Needles(frozenset({"jane.roe@corp.example"}))


@pytest.mark.parametrize(
    "text",
    [
        "jane.roe@corp.example",
        "Write to Jane.Roe@Corp.Example.",
        "<jane.roe@corp.example>",
        "https://x.example/?to=jane.roe%40corp.example&b",
        "jane.roe&#64;corp.example",
    ],
)
def test_a_mail_address_is_found_and_masked_in_every_writing(text: str) -> None:
    assert MAIL.in_text(text)
    assert not MAIL.in_text(MAIL.masked(text))
    assert "[erased]" in MAIL.masked(text)


@pytest.mark.parametrize(
    "text", ["mrjane.roe@corp.example", "jane.roe@corp.example.org", "x.jane.roe@corp.example", "jane.roe@corp", ""]
)
def test_other_people_s_addresses_are_left_alone(text: str) -> None:
    assert not MAIL.in_text(text)
    assert MAIL.masked(text) == text


def test_short_ids_are_never_looked_for_in_text() -> None:
    needles = Needles(frozenset({"42"}))
    assert needles.pattern is None
    assert not needles.in_text("42")
    assert needles.masked("42") == "42"
    assert not needles.in_json({"id": "42"})
    assert needles.is_party({"author": {"id": 42}})


@pytest.mark.parametrize(
    "data",
    [
        {"contacts": {"contacts": [{"type": "contact", "id": "65f0c0ffee"}]}},
        {"source": {"author": {"type": "user", "id": "65F0C0FFEE"}}},
        {"customer": {"external_id": "65f0c0ffee"}},
        [{"parts": [{"author": {"id": "65f0c0ffee"}}]}],
    ],
)
def test_people_are_recognised_where_json_names_them(data: object) -> None:
    assert Needles(frozenset({"65f0c0ffee"})).is_party(data)


def test_a_tag_or_a_mention_is_no_person() -> None:
    needles = Needles(frozenset({"65f0c0ffee", "a@b.example"}))
    assert not needles.is_party({"tags": [{"type": "tag", "id": "65f0c0ffee"}], "body": "a@b.example"})
    assert needles.in_json({"body": ["ask a@b.example"]})


def test_json_is_masked_throughout() -> None:
    data = {"jane.roe@corp.example": ["x jane.roe@corp.example", 1, None, {"n": True}]}
    assert MAIL.masked_json(data) == {"[erased]": ["x [erased]", 1, None, {"n": True}]}


def test_the_cheap_test_is_never_wrongly_false() -> None:
    for raw in (b'"JANE.ROE@corp.example"', b'"\\u006aane.roe@corp.example"', b"jane.roe%40corp.example"):
        assert MAIL.may_be_in(raw)
    assert not MAIL.may_be_in(b"nothing here")


def test_what_is_not_json_is_one_text() -> None:
    assert parsed(b"not json \xff") == "not json �"
    assert parsed(json.dumps({"a": 1}).encode()) == {"a": 1}
