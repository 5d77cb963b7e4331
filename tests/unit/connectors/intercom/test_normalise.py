"""One conversation of Intercom becomes ours."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earshot.connectors.intercom.normalise import Links, normalise
from earshot.domain.conversation import Author, Conversation, State
from earshot.errors import BadInput
from earshot.ports.source import Fetched

Json = dict[str, Any]
LINKS = Links("{app}/a/inbox/{workspace}/inbox/conversation/{id}", "https://app.intercom.com", "ws1")


def part(
    number: Any, body: str | None, *, by: str = "admin", kind: Any = "comment", at: Any = None, **more: Any
) -> Json:
    return {
        "type": "conversation_part",
        "id": number,
        "part_type": kind,
        "body": body,
        "created_at": 1_700_000_000 + int(number) if at is None else at,
        "author": {"type": by, "id": f"{by}-1", "name": by.title()},
        "attachments": [],
        **more,
    }


def talk(*parts: Json, **more: Any) -> Json:
    return {
        "type": "conversation",
        "id": "123",
        "title": None,
        "created_at": 1_700_000_000,
        "updated_at": 1_700_000_900,
        "state": "open",
        "priority": "none",
        "team_assignee_id": 0,
        "source": {
            "type": "conversation",
            "id": "77",
            "delivered_as": "customer_initiated",
            "body": "The export fails",
            "author": {"type": "user", "id": "u1", "name": "Ann", "email": "ann@firm.example"},
            "attachments": [],
        },
        "statistics": {"count_conversation_parts": len(parts)},
        "conversation_parts": {"conversation_parts": list(parts), "total_count": len(parts)},
        **more,
    }


def read(data: Json, *, plain: bool = True) -> Fetched:
    return normalise(data, json.dumps(data).encode(), plain=plain, links=LINKS)


def said(conversation: Conversation) -> list[tuple[str, str]]:
    return [(message.author.value, message.text) for message in conversation.messages]


def test_the_opening_message_comes_first_with_a_key_of_its_own() -> None:
    found = read(talk(part(5, "Looking into it"))).conversation
    opening = found.messages[0]
    assert said(found) == [("customer", "The export fails"), ("agent", "Looking into it")]
    assert opening.id == "source:123"
    assert opening.created_at == datetime.fromtimestamp(1_700_000_000, UTC)
    assert (opening.author_id, opening.author_name) == ("u1", "Ann")
    assert found.url == "https://app.intercom.com/a/inbox/ws1/inbox/conversation/123"
    assert found.customer_initiated


@pytest.mark.parametrize(
    ("kind", "author"),
    [
        ("user", Author.CUSTOMER),
        ("lead", Author.CUSTOMER),
        ("contact", Author.CUSTOMER),
        ("visitor", Author.CUSTOMER),
        ("admin", Author.AGENT),
        ("team", Author.AGENT),
        ("bot", Author.BOT),
    ],
)
def test_who_wrote_a_part(kind: str, author: Author) -> None:
    assert read(talk(part(5, "words", by=kind))).conversation.messages[1].author is author


@pytest.mark.parametrize("mark", ["from_ai_agent", "is_ai_answer"])
def test_an_ai_agent_is_a_bot_whatever_it_calls_itself(mark: str) -> None:
    answer = part(5, "words")
    answer["author"][mark] = True
    assert read(talk(answer)).conversation.messages[1].author is Author.BOT


def test_unknown_kinds_are_counted_by_name_and_their_text_is_kept() -> None:
    data = talk(
        part(5, "one", kind="hologram"),
        part(6, "two", by="martian"),
        part(7, None, kind="conversation_sla_paused"),
        state="asleep",
        priority="cosmic",
    )
    data["source"]["delivered_as"] = "pigeon"
    found = read(data)
    assert found.unknown == {
        "part_type:hologram": 1,
        "author:martian": 1,
        "state:asleep": 1,
        "priority:cosmic": 1,
        "delivered_as:pigeon": 1,
    }
    assert said(found.conversation)[1:] == [("agent", "one"), ("bot", "two")]
    assert found.conversation.state is State.UNKNOWN


def test_names_of_unknown_kinds_cannot_carry_text_away() -> None:
    found = read(talk(part(5, "x", kind="\x1b[31m" + "long " * 500)))
    (name,) = found.unknown
    assert len(name) < 80
    assert "\x1b" not in name


@pytest.mark.parametrize("kind", ["assignment", "close", "assign_and_reopen", "open", "snoozed", "quick_reply"])
def test_text_on_a_routing_part_is_a_message(kind: str) -> None:
    assert said(read(talk(part(5, "Passing you on", kind=kind))).conversation)[1] == ("agent", "Passing you on")


@pytest.mark.parametrize("kind", ["note", "note_and_reopen", "internal_note", "Note", "admin_NOTE_v2"])
def test_notes_are_no_messages(kind: str) -> None:
    assert len(read(talk(part(5, "he is angry", kind=kind))).conversation.messages) == 1


@pytest.mark.parametrize(
    "kind", ["language_detection_details", "user_became_idle", "channel_and_reply_time_expectation"]
)
def test_noise_is_no_message(kind: str) -> None:
    assert len(read(talk(part(5, "English", kind=kind, by="bot"))).conversation.messages) == 1


@pytest.mark.parametrize("kind", [None, "", 7, ["note"], {"note": 1}])
def test_a_part_without_a_type_counts_only_when_a_customer_wrote_it(kind: Any) -> None:
    found = read(talk(part(5, "secret?", kind=kind), part(6, "help", kind=kind, by="user")))
    assert said(found.conversation)[1:] == [("customer", "help")]
    assert found.unknown == {"part_type:(missing)": 2}


@pytest.mark.parametrize("body", [None, "", "  \n\t ", 5, ["x"]])
def test_without_words_or_files_there_is_no_message(body: Any) -> None:
    assert len(read(talk(part(5, body))).conversation.messages) == 1


def test_files_alone_are_a_message() -> None:
    files = [{"type": "upload", "name": "a.png"}, {"type": "upload", "name": "b.png"}]
    message = read(talk(part(5, None, by="user", attachments=files))).conversation.messages[1]
    assert (message.text, message.attachments) == ("", 2)


def test_parts_are_ordered_by_time_then_by_id_as_a_number() -> None:
    data = talk(part(101, "third", at=1_700_000_050), part(99, "second", at=1_700_000_050), part(7, "first"))
    assert [text for _, text in said(read(data).conversation)[1:]] == ["first", "second", "third"]


def test_at_equal_times_the_opening_stays_first() -> None:
    assert said(read(talk(part(5, "hello", at=1_700_000_000))).conversation)[0][1] == "The export fails"


def test_plain_text_stays_byte_for_byte() -> None:
    body = "  <p>not html</p> &amp; 1 < 2\r\n\ttabs\u00a0and\u200bothers  "
    assert read(talk(part(5, body))).conversation.messages[1].text == body


def test_html_is_converted_only_where_it_is_html() -> None:
    data = talk(part(5, "<p>One &amp; <b>two</b></p><p><img src='x'></p>"), part(6, "1 < 2 &amp; 3"))
    found = read(data, plain=False).conversation
    assert [text for _, text in said(found)] == ["The export fails", "One & two", "1 < 2 &amp; 3"]
    assert found.messages[1].attachments == 1


def test_what_postgresql_cannot_hold_is_replaced() -> None:
    found = read(talk(part(5, "a\x00b\ud800c"))).conversation
    assert found.messages[1].text == "a\ufffdb\ufffdc"


def test_redacted_text_is_gone_and_named() -> None:
    data = talk(part(5, "my card is 4111", by="user", redacted=True), part(6, "ok"))
    data["source"]["redacted"] = True
    found = read(data)
    assert said(found.conversation) == [("agent", "ok")]
    assert found.redacted == ("source:123", "5")


@pytest.mark.parametrize("delivered", ["admin_initiated", "campaigns_initiated", "operator_initiated", "automated"])
def test_outbound_text_is_never_the_customers(delivered: str) -> None:
    data = talk(part(5, "who are you?", by="user"))
    data["source"]["delivered_as"] = delivered
    found = read(data).conversation
    assert found.messages[0].author is Author.BOT
    assert not found.customer_initiated
    assert [message.text for message in found.customer_messages] == ["who are you?"]


def test_without_a_way_of_delivery_the_author_decides() -> None:
    data = talk()
    del data["source"]["delivered_as"]
    assert read(data).conversation.customer_initiated
    data["source"]["author"]["type"] = "admin"
    assert not read(data).conversation.customer_initiated


@pytest.mark.parametrize("given", [123, "123", " 123 ", 123.0])
def test_ids_of_any_type_are_text(given: Any) -> None:
    data = talk(part(5, "x"), id=given, team_assignee_id=814_865)
    found = read(data).conversation
    assert (found.external_id, found.team_id, found.messages[1].id) == ("123", "814865", "5")


@pytest.mark.parametrize("nobody", [0, "0", None, ""])
def test_nobody_is_nobody(nobody: Any) -> None:
    assert read(talk(team_assignee_id=nobody)).conversation.team_id is None


@pytest.mark.parametrize("missing", [None, "", 0, [], {}, True])
def test_only_a_missing_id_makes_it_fail(missing: Any) -> None:
    with pytest.raises(BadInput, match="id"):
        read(talk(id=missing))


def test_times_in_milliseconds_or_iso_are_understood() -> None:
    found = read(talk(created_at=1_700_000_000_000, updated_at="2023-11-14T22:30:00Z")).conversation
    assert found.created_at == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    assert found.updated_at == datetime(2023, 11, 14, 22, 30, tzinfo=UTC)


def test_a_part_without_a_time_follows_the_one_before() -> None:
    data = talk(part(5, "a"), part(6, "b", at="?"), part(7, "c"))
    assert [text for _, text in said(read(data).conversation)[1:]] == ["a", "b", "c"]


def test_more_parts_than_are_returned_is_truncated() -> None:
    parts = [part(number, "x") for number in range(1, 501)]
    data = talk(*parts)
    assert not read(data).conversation.truncated
    data["statistics"]["count_conversation_parts"] = 620
    found = read(data)
    assert found.conversation.truncated
    assert (found.conversation.parts_expected, found.conversation.parts_held) == (620, 500)
    assert found.oldest_part_at == datetime.fromtimestamp(1_700_000_001, UTC)
    assert read({**data, "statistics": None, "conversation_parts": parts}).conversation.truncated


def test_missing_parts_are_seen_in_the_counts() -> None:
    data = talk(part(5, "x"))
    data["conversation_parts"]["total_count"] = 3
    found = read(data).conversation
    assert (found.parts_expected, found.parts_held, found.truncated) == (3, 1, False)


def test_a_part_sent_twice_is_one_message() -> None:
    assert len(read(talk(part(5, "x"), part(5, "x"))).conversation.messages) == 2


def test_title_tags_rating_and_state() -> None:
    data = talk(
        title="Export &amp; import",
        tags={"type": "tag.list", "tags": [{"id": "1", "name": "bug"}, {"id": 2}, {"name": "bug"}, "odd"]},
        conversation_rating={"rating": 2, "teammate": {"type": "workflow", "id": "9"}},
        state="snoozed",
    )
    found = read(data).conversation
    assert found.title == "Export & import"
    assert found.tags == ("bug", "2")
    assert found.rating == 2
    assert found.state is State.SNOOZED


def test_the_subject_stands_in_for_a_title() -> None:
    data = talk()
    data["source"]["subject"] = "<p>Invoice 7</p>"
    assert read(data, plain=False).conversation.title == "Invoice 7"


@pytest.mark.parametrize(("flag", "state"), [(True, State.OPEN), (False, State.CLOSED), ("?", State.UNKNOWN)])
def test_an_older_flag_stands_in_for_a_state(flag: Any, state: State) -> None:
    data = talk(open=flag)
    del data["state"]
    assert read(data).conversation.state is state


@pytest.mark.parametrize("rating", [0, 6, "x", None])
def test_an_impossible_rating_is_none(rating: Any) -> None:
    assert read(talk(conversation_rating={"rating": rating})).conversation.rating is None


def test_links_need_the_workspace_only_where_they_name_it() -> None:
    assert LINKS._replace(workspace=None).to("1") is None
    assert Links("{app}/a/inbox/{id}", "https://app.intercom.com", None).to("a/b?") == (
        "https://app.intercom.com/a/inbox/a%2Fb%3F"
    )


_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
_fields = [
    "title",
    "created_at",
    "updated_at",
    "state",
    "open",
    "priority",
    "team_assignee_id",
    "source",
    "contacts",
    "company",
    "tags",
    "statistics",
    "conversation_rating",
    "conversation_parts",
    "custom_attributes",
]


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(_fields), _values))
def test_nothing_in_the_json_makes_it_fail(changes: Json) -> None:
    found = read({**talk(part(5, "x")), **changes}).conversation
    assert found.external_id == "123"
    assert found.content_hash


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["comment", "close", "assignment", "whatever", "", "NOTE", None])
            | st.text(max_size=12)
            | st.integers(),
            st.booleans(),
            st.sampled_from(["admin", "bot", "team", "martian"]),
        ),
        max_size=12,
    )
)
def test_notes_never_leak(kinds: list[tuple[Any, bool, str]]) -> None:
    parts = [
        part(number, "SECRET" if is_note else "open words", by=by, kind=f"{kind}_note_{kind}" if is_note else kind)
        for number, (kind, is_note, by) in enumerate(kinds, 1)
    ]
    found = read(talk(*parts))
    assert "SECRET" not in found.conversation.model_dump_json()
