"""Webhooks of Intercom: who signed them and what they say."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earshot.connectors.intercom.webhook import NEEDED, TOPICS, parse, verify
from earshot.domain.notification import Concern, Effect, Notification
from earshot.errors import BadInput

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
SECRET = "earshot_test_client_secret"
VECTOR = (
    b'{"type":"notification_event","id":"notif_00000000-0000-0000-0000-000000000001","topic":"ping",'
    b'"app_id":"abc123","created_at":1763800000,"delivery_attempts":1,"first_sent_at":1763800000,'
    b'"data":{"type":"notification_event_data","item":{"type":"ping","message":"hello"}}}'
)
SIGNATURE = b"sha1=db9bcba747cd1b7e33d8b3cb8d1db7db7311e570"


def said(topic: str, item: Any, **more: Any) -> Notification:
    envelope = {"id": "notif_1", "topic": topic, "app_id": "abc", "data": {"item": item}, **more}
    return parse(json.dumps(envelope).encode(), received_at=NOW).notification


def told(topic: str, item: Any) -> tuple[Effect, Concern, str]:
    found = said(topic, item)
    return found.effect, found.concern, found.external_id


def test_the_vector_of_the_reference() -> None:
    assert len(VECTOR) == 268
    assert verify(VECTOR, SIGNATURE, secret=SECRET)
    assert verify(VECTOR, SIGNATURE.upper().replace(b"SHA1", b"SHA1"), secret=SECRET)


@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"sha1=",
        SIGNATURE[5:],
        SIGNATURE[:-1],
        SIGNATURE[:-1] + b"1",
        b"sha256=" + SIGNATURE[5:],
        b"sha1=\xff\xfe",
        SIGNATURE + b",sha1=00",
    ],
)
def test_other_signatures_do_not_hold(header: bytes) -> None:
    assert not verify(VECTOR, header, secret=SECRET)


def test_another_body_or_secret_does_not_hold() -> None:
    assert not verify(VECTOR + b" ", SIGNATURE, secret=SECRET)
    assert not verify(VECTOR, SIGNATURE, secret=SECRET + "x")


def test_a_ping_asks_for_nothing() -> None:
    delivery = parse(VECTOR, received_at=NOW, trace="00-aa-bb-01")
    found = delivery.notification
    assert delivery.app_id == "abc123"
    assert (found.effect, found.concern, found.external_id) == (Effect.NOTHING, Concern.WORKSPACE, "abc123")
    assert found.id == "notif_00000000-0000-0000-0000-000000000001"
    assert found.occurred_at == datetime.fromtimestamp(1_763_800_000, UTC)
    assert (found.received_at, found.trace) == (NOW, "00-aa-bb-01")


@pytest.mark.parametrize("topic", [topic for topic in TOPICS if topic.startswith("conversation")])
def test_conversation_topics(topic: str) -> None:
    effect = Effect.DELETED if topic == "conversation.deleted" else Effect.CHANGED
    assert told(topic, {"type": "conversation", "id": "12"}) == (effect, Concern.CONVERSATION, "12")


@pytest.mark.parametrize(
    ("topic", "item", "effect", "concern", "key"),
    [
        ("contact.deleted", {"type": "contact", "id": "6f"}, Effect.DELETED, Concern.CONTACT, "6f"),
        ("contact.deleted", {"type": "user", "id": "6f"}, Effect.DELETED, Concern.CONTACT, "6f"),
        ("contact.archived", {"type": "contact", "id": "6f"}, Effect.CHANGED, Concern.CONTACT, "6f"),
        (
            "contact.merged",
            {"type": "contact", "id": "new", "merged_from": {"type": "contact", "id": "old"}},
            Effect.CHANGED,
            Concern.CONTACT,
            "old",
        ),
        ("contact.merged", {"type": "contact", "id": "new"}, Effect.CHANGED, Concern.CONTACT, "new"),
        ("contact.tag.created", {"type": "tag", "contact": {"id": "6f"}}, Effect.CHANGED, Concern.CONTACT, "6f"),
        ("company.updated", {"type": "company", "id": "c1"}, Effect.CHANGED, Concern.COMPANY, "c1"),
        ("company.deleted", {"type": "company", "id": "c1"}, Effect.DELETED, Concern.COMPANY, "c1"),
    ],
)
def test_people_and_companies(topic: str, item: Any, effect: Effect, concern: Concern, key: str) -> None:
    assert told(topic, item) == (effect, concern, key)


@pytest.mark.parametrize(
    "item",
    [
        {"type": "conversation_part", "id": "7", "conversation_id": 12},
        {"type": "conversation_part", "id": "7", "conversation": {"id": "12"}},
        {"type": "conversation_part", "id": "7", "conversation": "12"},
        {"id": "12"},
        {"type": "conversation", "id": 12},
    ],
)
def test_the_id_is_found_in_several_places(item: Any) -> None:
    assert told("conversation_part.redacted", item)[2] == "12"


@pytest.mark.parametrize(
    "item",
    [
        None,
        [],
        "12",
        {"type": "conversation_part", "id": "7"},
        {"type": "conversation", "id": ""},
        {"type": "conversation", "id": "a/b"},
        {"type": "conversation", "id": {"id": "12"}},
        {"type": "conversation", "id": True},
        {"type": "conversation", "id": "1" * 201},
        {"type": "conversation", "id": "1\x00"},
        {"type": "company", "company_id": "12"},
    ],
)
def test_without_an_id_there_is_nothing_to_do(item: Any) -> None:
    """A part's own id must never pass as a conversation's: numbers of both overlap."""
    assert told("conversation.deleted", item) == (Effect.NOTHING, Concern.WORKSPACE, "abc")


def test_unknown_topics_ask_for_nothing() -> None:
    for topic in ("ticket.closed", "visitor.signed_up", "conversations.deleted"):
        assert told(topic, {"type": "conversation", "id": "1"})[0] is Effect.NOTHING
    assert told("conversation.something.new", {"type": "conversation", "id": "1"})[0] is Effect.CHANGED


@pytest.mark.parametrize(
    ("at", "wanted"),
    [
        (1_763_800_000, datetime.fromtimestamp(1_763_800_000, UTC)),
        (1_763_800_000_123, datetime.fromtimestamp(1_763_800_000.123, UTC)),
        ("2026-11-30T10:00:00Z", NOW - timedelta(hours=2)),
        ("2026-11-30T10:00:00", NOW - timedelta(hours=2)),
        (None, NOW),
        (0, NOW),
        (-(10**40), NOW),
        (10**400, NOW),
        (float("inf"), NOW),
        (float("nan"), NOW),
        ("0001-01-01T00:00:00+14:00", NOW),
        ("soon", NOW),
        ([1], NOW),
        (NOW.timestamp() + 200_000, NOW),
    ],
)
def test_when_it_happened(at: Any, wanted: datetime) -> None:
    assert said("ping", {}, created_at=at).occurred_at == wanted


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"{",
        b"\xff\xfe\x00",
        b'{"id":"n","topic":"ping"}',
        b'{"id":"","topic":"ping","app_id":"a"}',
        b'{"id":"n","topic":"ping","app_id":"a\\u0000"}',
        b'{"id":"n","topic":"ping\\ud800","app_id":"a"}',
        b'{"id":{},"topic":"ping","app_id":"a"}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"id":' + b"9" * 5_000 + b"}",
    ],
)
def test_garbage_is_refused_and_not_quoted(body: bytes) -> None:
    with pytest.raises(BadInput) as caught:
        parse(body, received_at=NOW)
    assert len(str(caught.value)) < 60


@given(st.binary(max_size=300))
def test_no_bytes_raise_anything_else(body: bytes) -> None:
    try:
        parse(body, received_at=NOW)
    except BadInput:
        return


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.just("conversation"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "type", "item", "data", "conversation", "conversation_id", "contact", "x"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(
    st.dictionaries(st.sampled_from(["data", "created_at", "self"]), JSON),
    st.sampled_from([*TOPICS, "ping", "x"]),
)
def test_any_json_within_an_envelope_is_understood(more: dict[str, Any], topic: str) -> None:
    envelope = {"id": "notif_1", "topic": topic, "app_id": "abc", **more}
    found = parse(json.dumps(envelope).encode(), received_at=NOW).notification
    assert found.external_id
    assert "/" not in found.external_id
    assert found.occurred_at <= NOW + timedelta(days=1)


def test_the_needed_topics_are_among_all() -> None:
    assert set(NEEDED) < set(TOPICS)
