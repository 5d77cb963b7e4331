import gzip
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from earshot.errors import BadInput
from earshot.sim.intercom.load import load
from earshot.sim.intercom.shape import PLAIN
from earshot.sim.workspace import Json, SimWorkspace

END = datetime(2026, 3, 10, 15, 30, tzinfo=UTC)
MIDNIGHT = int(datetime(2026, 3, 10, tzinfo=UTC).timestamp())


def customer(text: str, **more: Any) -> Json:
    return {"author": "customer", "text": text, **more}


def agent(text: str, **more: Any) -> Json:
    return {"author": "agent", "text": text, **more}


def row(conversation_id: str, *messages: Json, **more: Any) -> Json:
    return {"id": conversation_id, "messages": list(messages), **more}


def served(tmp_path: Path, *rows: Any, seed: int = 3) -> SimWorkspace:
    file = tmp_path / "talks.jsonl"
    file.write_text("".join(json.dumps(one) + "\n" for one in rows), encoding="utf-8")
    return load(file, end=END, seed=seed)


def texts(talk: Json) -> list[str]:
    parts = talk["conversation_parts"]["conversation_parts"]
    return [message[PLAIN] for message in (talk["source"], *parts)]


def test_texts_and_ids_are_kept_byte_for_byte(tmp_path: Path) -> None:
    odd = ["  two  spaces ", "tab\tand\nline\r\n", "<b>not bold</b> &amp;", "", "é\u202e😀\x02"]
    workspace = served(tmp_path, row("abcd-3647", *[customer(text) for text in odd]))
    (talk,) = workspace.conversations
    assert talk["id"] == "abcd-3647"
    assert texts(talk) == odd


def test_a_first_message_by_a_customer_is_the_source(tmp_path: Path) -> None:
    (talk,) = served(tmp_path, row("1", customer("help"), agent("sure"), title="Export")).conversations
    assert talk["source"]["delivered_as"] == "customer_initiated"
    assert talk["source"]["author"]["type"] == "user"
    assert talk["source"]["body"] == "<p>help</p>"
    (part,) = talk["conversation_parts"]["conversation_parts"]
    assert (part["author"]["type"], part["part_type"], part["body"]) == ("admin", "comment", "<p>sure</p>")
    assert talk["title"] == "Export"
    assert talk["conversation_parts"]["total_count"] == talk["statistics"]["count_conversation_parts"] == 1


def test_a_first_message_by_an_agent_is_outbound(tmp_path: Path) -> None:
    (talk,) = served(tmp_path, row("1", agent("news"), customer("tell me"))).conversations
    assert talk["source"]["delivered_as"] == "admin_initiated"
    assert talk["source"]["author"]["type"] == "admin"
    assert talk["waiting_since"] == talk["updated_at"]
    assert len(talk["contacts"]["contacts"]) == 1


def test_unknown_times_are_spread_over_ninety_days_by_seed(tmp_path: Path) -> None:
    rows = [row(f"c{number}", customer("a"), agent("b"), customer("c")) for number in range(200)]
    first = list(served(tmp_path, *rows).conversations)
    starts = [talk["created_at"] for talk in first]
    assert min(starts) >= MIDNIGHT - timedelta(days=90).total_seconds()
    assert max(talk["updated_at"] for talk in first) <= MIDNIGHT
    assert max(starts) - min(starts) > timedelta(days=80).total_seconds()
    for talk in first:
        ats = [
            talk["created_at"],
            *[part["created_at"] for part in talk["conversation_parts"]["conversation_parts"]],
        ]
        assert sorted(set(ats)) == ats
        assert talk["updated_at"] == ats[-1]
    assert first == list(served(tmp_path, *rows).conversations)
    assert first != list(served(tmp_path, *rows, seed=4).conversations)


def test_times_do_not_depend_on_the_other_lines(tmp_path: Path) -> None:
    one, two = row("a", customer("x")), row("b", customer("y"))
    alone = next(iter(served(tmp_path, two).conversations))
    after = list(served(tmp_path, one, two).conversations)[1]
    assert (alone["created_at"], alone["contacts"]) == (after["created_at"], after["contacts"])


def test_given_times_are_used(tmp_path: Path) -> None:
    (talk,) = served(
        tmp_path,
        row(
            "1",
            customer("a", created_at="2026-01-02T03:04:05Z"),
            agent("b", created_at=1_767_400_000),
            customer("c"),
        ),
    ).conversations
    parts = talk["conversation_parts"]["conversation_parts"]
    assert talk["created_at"] == int(datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC).timestamp())
    assert parts[0]["created_at"] == 1_767_400_000
    assert 0 < parts[1]["created_at"] - 1_767_400_000 <= 5_400


def test_a_conversation_time_starts_its_messages(tmp_path: Path) -> None:
    (talk,) = served(tmp_path, row("1", customer("a"), agent("b"), created_at=1_767_400_000_000)).conversations
    assert talk["created_at"] == 1_767_400_000
    assert talk["updated_at"] > talk["created_at"]


def test_customers_and_companies(tmp_path: Path) -> None:
    facts = {"id": "u7", "name": "Ada", "email": "ada@x.example", "company": "Acme", "plan": "Pro", "mrr": 120.9}
    workspace = served(
        tmp_path,
        row("1", customer("a", speaker="customer_1"), customer("b", speaker="customer_2"), customer=facts),
        row("2", customer("c"), customer={**facts, "id": "u8", "name": "Bo"}),
    )
    people = {person["id"]: person for person in workspace.contacts}
    assert len(people) == 3
    assert (people["u7"]["name"], people["u7"]["email"]) == ("Ada", "ada@x.example")
    (firm,) = workspace.companies
    assert (firm["name"], firm["plan"]["name"], firm["monthly_spend"]) == ("Acme", "Pro", 120)
    assert people["u8"]["companies"]["data"][0]["id"] == firm["id"]
    first = next(iter(workspace.conversations))
    assert first["contacts"]["contacts"][0]["id"] == "u7"
    assert {one["id"] for one in first["contacts"]["contacts"]} <= set(people)


def test_a_bot_is_a_bot(tmp_path: Path) -> None:
    (talk,) = served(tmp_path, row("1", customer("a"), {"author": "bot", "text": "beep"})).conversations
    assert talk["conversation_parts"]["conversation_parts"][0]["author"]["type"] == "bot"


def test_intercom_json_is_served_as_it_came(tmp_path: Path) -> None:
    given = {
        "type": "conversation",
        "id": 512,
        "created_at": 1_767_000_000,
        "updated_at": 1_767_000_900,
        "state": "closed",
        "source": {
            "body": "<p>Hi</p>",
            "author": {"type": "user", "id": "c9", "name": "Cy", "email": "c@x.example"},
        },
        "contacts": {"contacts": [{"type": "contact", "id": "c9"}]},
        "tags": {"tags": [{"id": "3", "name": "vip"}]},
        "company": {"type": "company", "id": "f1", "name": "Firm"},
    }
    workspace = served(tmp_path, given)
    (talk,) = workspace.conversations
    assert (talk["id"], talk["state"], talk["source"]["body"]) == ("512", "closed", "<p>Hi</p>")
    assert talk["source"]["delivered_as"] == "customer_initiated"
    assert talk["conversation_parts"]["total_count"] == 0
    assert [(one["id"], one["name"]) for one in workspace.contacts] == [("c9", "Cy")]
    assert [one["name"] for one in workspace.companies] == ["Firm"]
    assert [one["name"] for one in workspace.tags] == ["vip"]


def test_gzip_is_recognised_by_content(tmp_path: Path) -> None:
    file = tmp_path / "talks.jsonl"
    file.write_bytes(gzip.compress(json.dumps(row("1", customer("a"))).encode() + b"\n\n"))
    assert [talk["id"] for talk in load(file, end=END).conversations] == ["1"]


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ("{", "line 2"),
        ("[]", "not a JSON object"),
        ('{"messages": []}', "id"),
        ('{"id": "2", "messages": []}', "at least one message"),
        ('{"id": "2", "messages": [{"author": "cat", "text": "x"}]}', "author must be"),
        ('{"id": "2", "messages": [{"author": "agent", "text": 5}]}', "must be text"),
        ('{"id": "2", "messages": [{"author": "agent"}]}', "text"),
        ('{"id": "1", "messages": [{"author": "agent", "text": "x"}]}', "twice"),
        ('{"id": "2", "messages": [{"author": "agent", "text": "x", "created_at": "soon"}]}', "soon"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, bad: str, reason: str) -> None:
    file = tmp_path / "talks.jsonl"
    file.write_text(json.dumps(row("1", customer("a"))) + "\n" + bad + "\n", encoding="utf-8")
    with pytest.raises(BadInput, match="line 2") as refused:
        load(file, end=END)
    assert reason in str(refused.value)
    assert refused.value.hint
