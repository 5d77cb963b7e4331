"""Files of conversations, in every lay-out and state of damage."""

import gzip
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earshot.connectors.entries import entries
from earshot.connectors.intercom.settings import IntercomSettings
from earshot.connectors.jsonl import read_file
from earshot.connectors.scan import Scanner
from earshot.domain.conversation import Author, State
from earshot.domain.customer import Segment
from earshot.errors import BadInput
from earshot.ports.source import BadEntry, Fetched

NOW = datetime(2026, 4, 1, 9, 0, tzinfo=UTC)


def plain(key: str = "a", **more: Any) -> dict[str, Any]:
    return {"id": key, "messages": [{"author": "customer", "text": f"words of {key}"}], **more}


def intercom(key: str = "9") -> dict[str, Any]:
    return {
        "type": "conversation",
        "id": key,
        "created_at": 1_700_000_000,
        "updated_at": 1_700_000_100,
        "source": {
            "body": "<p>It <b>fails</b></p>",
            "delivered_as": "customer_initiated",
            "author": {"type": "lead", "id": "c1", "name": "Ann"},
        },
        "contacts": {"contacts": [{"type": "contact", "id": "c1", "email": "ann@firm.example"}]},
        "conversation_parts": {"conversation_parts": [], "total_count": 0},
    }


def read(path: Path, content: bytes | str) -> tuple[list[Fetched], list[BadEntry]]:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    good: list[Fetched] = []
    bad: list[BadEntry] = []
    for found in read_file(path, now=NOW):
        if isinstance(found, BadEntry):
            bad.append(found)
        else:
            good.append(found)
    return good, bad


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "conversations"


def ids(good: list[Fetched]) -> list[str]:
    return [fetched.conversation.id for fetched in good]


def one(path: Path, data: Any) -> Fetched:
    good, bad = read(path, json.dumps(data))
    assert bad == []
    return good[0]


LINES = "\n".join(json.dumps(plain(key)) for key in "abc")


@pytest.mark.parametrize(
    "content",
    [
        LINES,
        LINES + "\n",
        LINES.replace("\n", "\r\n"),
        "\n\n  \n" + LINES.replace("\n", "\n\n"),
        "\ufeff" + LINES,
        json.dumps([plain(key) for key in "abc"]),
        json.dumps([plain(key) for key in "abc"], indent=2),
        " \n" + json.dumps([plain(key) for key in "abc"], indent="\t") + "\n",
        "\ufeff" + json.dumps([plain(key) for key in "abc"]),
        json.dumps({"conversations": [plain(key) for key in "abc"]}),
        json.dumps({"conversations": [plain(key) for key in "abc"]}, indent=1),
        "\n".join(json.dumps(plain(key), indent=2) for key in "abc"),
    ],
)
@pytest.mark.parametrize("zipped", [False, True])
def test_every_layout_gives_the_same(file: Path, content: str, *, zipped: bool) -> None:
    data = content.encode()
    good, bad = read(file, gzip.compress(data) if zipped else data)
    assert bad == []
    assert ids(good) == ["file:a", "file:b", "file:c"]
    assert [f.conversation.messages[0].text for f in good] == ["words of a", "words of b", "words of c"]


@pytest.mark.parametrize("content", ["", "\n\n", " ", "[]", "[ \n ]"])
def test_an_empty_file_holds_nothing(file: Path, content: str) -> None:
    assert read(file, content) == ([], [])


@pytest.mark.parametrize("indent", [None, 2])
def test_a_single_object(file: Path, indent: int | None) -> None:
    good, bad = read(file, json.dumps(plain(), indent=indent))
    assert (ids(good), bad) == (["file:a"], [])


def test_intercom_json_is_told_from_the_plain_form(file: Path) -> None:
    fetched = one(file, intercom())
    conversation = fetched.conversation
    assert conversation.id == "9"
    assert conversation.messages[0].text == "It fails"
    assert conversation.customer is not None
    assert (conversation.customer.name, conversation.customer.email) == ("Ann", "ann@firm.example")
    assert json.loads(fetched.raw) == intercom()


def test_settings_say_where_intercom_keeps_plan_and_revenue(file: Path) -> None:
    data = {**intercom(), "company": {"id": "f", "custom_attributes": {"MRR": 10}}}
    file.write_text(json.dumps(data))
    (found,) = read_file(file, now=NOW, settings=IntercomSettings(mrr_attribute="MRR"))
    assert isinstance(found, Fetched)
    assert found.conversation.customer is not None
    assert found.conversation.customer.mrr == 10


def test_without_contacts_there_is_no_customer(file: Path) -> None:
    assert one(file, {**intercom(), "contacts": None}).conversation.customer is None


BAD_LINES: list[tuple[bytes, str]] = [
    (b'{"id": "x", "messages": [', "not JSON"),
    (b"hello", "not JSON"),
    (b"17", "not a JSON object"),
    (b"[1]", "not a JSON object"),
    (b'{"id": "\xff\xfe", "messages": []}', "not UTF-8 (byte 9"),
    (b'{"id": "x"}', "neither"),
    (b'{"messages": []}', "`id`"),
    (b'{"id": "file:", "messages": []}', "`id`"),
    (b'{"id": "x", "messages": {}}', "`messages`"),
    (b'{"id": "x", "messages": ["hi"]}', "`messages[0]`"),
    (
        b'{"id": "x", "messages": [{"author": "boss", "text": "hi"}]}',
        '`messages[0].author` must be customer, agent or bot, not "boss"',
    ),
    (b'{"id": "x", "messages": [{"text": "hi"}]}', "not nothing"),
    (b'{"id": "x", "messages": [{"author": "agent", "text": null}]}', "`messages[0].text`"),
    (
        b'{"id": "x", "messages": [{"author": "agent", "text": "t", "created_at": "soon"}]}',
        "`messages[0].created_at`",
    ),
    (b'{"id": "x", "created_at": [1], "messages": []}', "`created_at` is no time"),
    (b'{"id": "x", "messages": [], "customer": "Ann"}', "`customer`"),
    (b'{"type": "conversation", "source": {}}', "without an id"),
    (b"[" * 200_000, "not JSON that can be read"),
    (b'{"id": ' + b"9" * 5_000 + b', "messages": []}', "not JSON that can be read"),
]


@pytest.mark.parametrize(("line", "reason"), BAD_LINES, ids=[reason[:30] for _, reason in BAD_LINES])
def test_a_bad_line_is_named_and_the_rest_goes_in(file: Path, line: bytes, reason: str) -> None:
    lines = [json.dumps(plain("a")).encode(), b"", line, json.dumps(plain("b")).encode()]
    good, bad = read(file, b"\n".join(lines))
    assert ids(good) == ["file:a", "file:b"]
    assert [entry.line for entry in bad] == [3]
    assert reason in bad[0].reason


def test_a_bad_first_line_does_not_spoil_the_others(file: Path) -> None:
    good, bad = read(file, '{"id": "x", "mess\n' + LINES)
    assert ids(good) == ["file:a", "file:b", "file:c"]
    assert [entry.line for entry in bad] == [1]


def test_reasons_repeat_no_long_text(file: Path) -> None:
    secret = "my password is hunter2 and more words"
    bad_author = {"id": "x", "messages": [{"author": secret, "text": "t"}]}
    _, bad = read(file, json.dumps(bad_author) + "\n" + secret)
    assert secret not in "".join(entry.reason for entry in bad)


def test_a_bad_item_of_an_array_is_named_by_its_line(file: Path) -> None:
    content = (
        '[\n{"id": "a", "messages": []},\n{"id": "b",, },\n17, "text [",\n{"id": "c", "messages": []}\n]\ntail'
    )
    good, bad = read(file, content)
    assert ids(good) == ["file:a", "file:c"]
    assert [entry.line for entry in bad] == [3, 4, 7]


def test_items_of_a_list_page_are_named_by_number(file: Path) -> None:
    content = json.dumps({"type": "conversation.list", "conversations": [plain("a"), 5, {"id": "x"}, plain("a")]})
    good, bad = read(file, content)
    assert ids(good) == ["file:a"]
    assert [entry.reason.partition(":")[0] for entry in bad] == [f"item {n} of the list" for n in (2, 3, 4)]


def test_the_same_id_again_is_reported_and_the_first_counts(file: Path) -> None:
    again = plain("a", title="again")
    good, bad = read(file, "\n".join(map(json.dumps, [plain("a"), plain("b"), again])))
    assert ids(good) == ["file:a", "file:b"]
    assert good[0].conversation.title is None
    assert (bad[0].line, "line 1" in bad[0].reason) == (3, True)


def test_the_same_id_in_both_forms_is_two_conversations(file: Path) -> None:
    good, bad = read(file, json.dumps(plain("9")) + "\n" + json.dumps(intercom("9")))
    assert (ids(good), bad) == (["file:9", "9"], [])


@pytest.mark.parametrize("cut", [40, 400, 4_000])
def test_a_cut_gzip_file_gives_what_it_holds_and_says_where_it_ends(file: Path, cut: int) -> None:
    lines = "".join(json.dumps(plain(f"{n}-{hash(str(n))}")) + "\n" for n in range(2_000))
    packed = gzip.compress(lines.encode())
    good, bad = read(file, packed[:-cut])
    assert 1_000 < len(good) < 2_000
    assert [entry.line for entry in bad] == [len(good)]
    assert "gzip" in bad[0].reason


def test_a_damaged_gzip_file_is_told(file: Path) -> None:
    packed = bytearray(gzip.compress(LINES.encode()))
    packed[-5] ^= 0xFF
    _, bad = read(file, bytes(packed))
    assert "gzip" in bad[0].reason


@pytest.mark.parametrize("content", ['[{"id": "a", "messages": []}', '[{"id": "a", "messages": []}, {"id": "b"'])
def test_an_array_that_is_cut_off_is_told(file: Path, content: str) -> None:
    good, bad = read(file, content)
    assert ids(good) == ["file:a"]
    assert "the file ends" in bad[0].reason


@pytest.mark.parametrize("as_array", [False, True])
def test_something_huge_is_left_out_without_being_held(file: Path, *, as_array: bool) -> None:
    huge = json.dumps(plain("huge", filler="x" * 5_000))
    parts = [json.dumps(plain("a")), huge, json.dumps(plain("b"))]
    file.write_text("[" + ",\n".join(parts) + "]" if as_array else "\n".join(parts))
    found = list(entries(file, longest=1_000))
    assert [entry.data.get("id") for entry in found] == ["a", None, "b"]
    assert found[1].line == 2
    assert "longer than 1,000 bytes" in (found[1].problem or "")


def test_utf_16_says_what_to_do(file: Path) -> None:
    file.write_bytes(LINES.encode("utf-16"))
    with pytest.raises(BadInput, match="UTF-16") as caught:
        list(read_file(file, now=NOW))
    assert "UTF-8" in caught.value.hint


def test_a_file_that_is_not_there_or_a_folder(tmp_path: Path) -> None:
    for path in (tmp_path / "missing.jsonl", tmp_path):
        with pytest.raises(BadInput, match="cannot be opened") as caught:
            list(read_file(path, now=NOW))
        assert caught.value.hint


def test_text_without_times_gets_the_import_time_and_says_so(file: Path) -> None:
    conversation = one(file, plain()).conversation
    assert not conversation.times_known
    assert {conversation.created_at, conversation.updated_at, conversation.messages[0].created_at} == {NOW}


def test_times_in_any_form_order_the_messages(file: Path) -> None:
    messages = [
        {"author": "agent", "text": "second", "created_at": "2026-01-02T10:00:00+02:00"},
        {"author": "customer", "text": "first", "created_at": 1_767_225_600},
        {"author": "customer", "text": "third", "created_at": "2026-01-03 00:00:00"},
    ]
    conversation = one(file, {"id": "a", "messages": messages}).conversation
    assert [message.text for message in conversation.messages] == ["first", "second", "third"]
    assert conversation.created_at == datetime(2026, 1, 1, tzinfo=UTC)
    assert conversation.updated_at == datetime(2026, 1, 3, tzinfo=UTC)
    assert conversation.messages[1].created_at == datetime(2026, 1, 2, 8, tzinfo=UTC)
    assert conversation.times_known


def test_a_message_without_a_time_follows_the_one_before(file: Path) -> None:
    messages = [{"author": "customer", "text": text} for text in ("one", "two")]
    conversation = one(file, {"id": "a", "created_at": "2026-01-01", "messages": messages}).conversation
    assert conversation.times_known
    assert {message.created_at for message in conversation.messages} == {datetime(2026, 1, 1, tzinfo=UTC)}


def test_text_stays_as_it_is(file: Path) -> None:
    text = "  <p>raw</p> &amp;\r\n\u200b emoji 🎉 \u2028 "
    found = one(file, {"id": 7, "messages": [{"author": "bot", "text": text}]}).conversation
    assert (found.external_id, found.messages[0].text, found.messages[0].author) == ("7", text, Author.BOT)


def test_what_we_export_can_be_read_again(file: Path) -> None:
    exported = {
        "id": "file:42",
        "state": "closed",
        "created_at": "2026-01-01T00:00:00Z",
        "updated_at": "2026-01-05T00:00:00Z",
        "deleted": False,
        "title": "Export fails",
        "messages": [{"author": "customer", "text": "hi", "created_at": "2026-01-01T00:00:00Z", "id": "m1"}],
        "customer": {
            "id": "c1",
            "name": "Ann",
            "email": "ann@firm.example",
            "plan": "Gold",
            "mrr": 120.5,
            "segment": "smb",
            "company": "Firm",
        },
        "tags": ["bug", "bug", 7, None],
        "url": "https://help.example/42",
    }
    found = one(file, exported).conversation
    assert found.id == "file:42"
    assert (found.state, found.url, found.tags) == (State.CLOSED, "https://help.example/42", ("bug", "7"))
    assert found.updated_at == datetime(2026, 1, 5, tzinfo=UTC)
    assert found.messages[0].id == "m1"
    customer = found.customer
    assert customer is not None
    assert (customer.id, customer.plan, customer.mrr, customer.segment) == ("c1", "Gold", 120.5, Segment.SMB)
    assert customer.account == "Firm"


def test_message_ids_that_repeat_become_places(file: Path) -> None:
    messages = [{"author": "customer", "text": str(n), "id": "same"} for n in range(12)]
    found = one(file, {"id": "a", "messages": messages}).conversation
    assert [message.id for message in found.messages] == [f"{n:04d}" for n in range(1, 13)]


@pytest.mark.parametrize(
    ("customer", "key"),
    [
        ({"id": 5}, "5"),
        ({"email": "a@b.example", "name": "Ann"}, "a@b.example"),
        ({"name": "Ann"}, "Ann"),
        ({"plan": "Gold"}, "file:a"),
    ],
)
def test_a_customer_without_an_id_gets_one(file: Path, customer: dict[str, Any], key: str) -> None:
    found = one(file, plain(customer=customer)).conversation.customer
    assert found is not None
    assert found.id == key


def test_a_web_address_must_be_one(file: Path) -> None:
    assert one(file, plain(url="javascript:alert(1)")).conversation.url is None


def test_who_began_it(file: Path) -> None:
    begun = {"id": "a", "messages": [{"author": "agent", "text": "hello"}, {"author": "customer", "text": "hi"}]}
    assert not one(file, begun).conversation.customer_initiated


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)


@settings(deadline=None)
@given(
    values=st.lists(st.dictionaries(st.text(max_size=6), _json, max_size=4), max_size=8),
    size=st.integers(1, 50),
    ascii_only=st.booleans(),
    array=st.booleans(),
)
def test_the_scanner_cuts_where_json_does(
    values: list[dict[str, Any]], size: int, *, ascii_only: bool, array: bool
) -> None:
    texts = [json.dumps(value, ensure_ascii=ascii_only) for value in values]
    whole = ("[" + ", \n".join(texts) + "]" if array else "\n".join(texts)).encode("utf-8", "surrogatepass")
    scanner = Scanner(base=1 if array else 0, longest=10**6)
    pieces = [piece for at in range(0, len(whole), size) for piece in scanner.feed(whole[at : at + size])]
    pieces += scanner.end()
    assert [piece.problem for piece in pieces] == [None] * len(values)
    assert [piece.raw.decode("utf-8", "surrogatepass") for piece in pieces] == texts
    assert [piece.line for piece in pieces] == list(range(1, len(values) + 1))


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_no_bytes_at_all_make_the_scanner_fail(data: bytes) -> None:
    for base in (0, 1):
        scanner = Scanner(base=base, longest=100)
        assert all(piece.line >= 0 for piece in [*scanner.feed(data), *scanner.end()])
