"""The conversations are Intercom's JSON, with all the oddities that a reader must bear."""

from collections import Counter
from itertools import pairwise
from typing import cast

from earshot.sim.sample import generate
from earshot.sim.sample.envelope import as_html
from earshot.sim.sample.workspace import SampleConversations
from earshot.sim.workspace import Json, SimWorkspace
from tests.unit.sim.sample.inbox import NOW, parts, plain


def test_same_seed_same_workspace(conversations: list[Json]) -> None:
    assert list(generate(now=NOW).conversations) == conversations
    assert list(generate(now=NOW, seed=8).conversations) != conversations


def test_any_conversation_can_be_rendered_alone(workspace: SimWorkspace, conversations: list[Json]) -> None:
    lazy = cast("SampleConversations", workspace.conversations)
    assert len(lazy) == 600
    assert lazy[411] == conversations[411]


def test_larger_workspaces_keep_the_mix() -> None:
    large = generate(conversations=4_000, now=NOW)
    assert len(large.truths) == 4_000 == len({truth.conversation_id for truth in large.truths})
    share = sum(truth.issue_type == "PRODUCT_BUG" for truth in large.truths) / 4_000
    assert 0.24 <= share <= 0.30


def test_small_workspaces_work() -> None:
    assert len(list(generate(conversations=3, now=NOW).conversations)) == 3


def test_time_runs_forward_and_stays_in_the_window(conversations: list[Json]) -> None:
    now = int(NOW.timestamp())
    for item in conversations:
        moments = [item["created_at"], *(part["created_at"] for part in parts(item))]
        assert now - 90 * 86_400 <= moments[0]
        assert all(earlier <= later for earlier, later in pairwise(moments))
        assert moments[-1] == item["updated_at"] <= now
    assert all(one["created_at"] <= other["created_at"] for one, other in pairwise(conversations))


def test_ids_are_unique_and_of_mixed_type(conversations: list[Json]) -> None:
    numbers = [part["id"] for item in conversations for part in parts(item)]
    assert len({str(number) for number in numbers}) == len(numbers)
    assert {type(number) for number in numbers} == {int, str}
    assert {type(tag["id"]) for item in conversations for tag in item["tags"]["tags"]} == {int, str}
    assert len({item["id"] for item in conversations}) == 600


def test_every_state_channel_and_start_occurs(conversations: list[Json]) -> None:
    assert {item["state"] for item in conversations} == {"open", "closed", "snoozed"}
    assert {item["source"]["type"] for item in conversations} == {"conversation", "email", "whatsapp"}
    starts = Counter(item["source"]["delivered_as"] for item in conversations)
    assert starts["customer_initiated"] > 500
    assert {"admin_initiated", "campaigns_initiated", "automated", "operator_initiated"} < set(starts)


def test_every_kind_of_part_occurs(conversations: list[Json]) -> None:
    kinds = {part["part_type"] for item in conversations for part in parts(item)}
    assert kinds >= {
        "assignment",
        "close",
        "comment",
        "conversation_attribute_updated_by_workflow",
        "conversation_rating_changed",
        "copilot_hint_shown",
        "language_detection_details",
        "note",
        "note_and_reopen",
        "open",
        "quick_reply",
        "snoozed",
    }
    worded = {part["part_type"] for item in conversations for part in parts(item) if part["body"]}
    assert worded >= {"assignment", "close"}


def test_people_machines_and_fin_write(conversations: list[Json]) -> None:
    authors = Counter(part["author"]["type"] for item in conversations for part in parts(item) if part["body"])
    assert set(authors) == {"user", "lead", "admin", "bot"}
    fin = [part for item in conversations for part in parts(item) if part["author"].get("is_ai_answer")]
    assert all(part["author"]["from_ai_agent"] and part["author"]["type"] == "bot" for part in fin)
    assert len(fin) > 60
    spoken = {item["id"] for item in conversations if item["ai_agent"]}
    assert spoken == {item["id"] for item in conversations if item["ai_agent_participated"]}


def test_oddities_are_there(conversations: list[Json]) -> None:
    every = [part for item in conversations for part in parts(item)]
    assert max(len(parts(item)) for item in conversations) > 500
    assert any(part["redacted"] for part in every)
    assert any(not item["source"]["body"] and item["source"]["attachments"] for item in conversations)
    assert any(len(item["contacts"]["contacts"]) == 2 for item in conversations)
    openings = [plain(item["source"]["body"]) for item in conversations]
    assert any(text and not any(char.isalnum() for char in text) for text in openings)
    assert any("<img" in item["source"]["body"] for item in conversations)
    assert any("<ul><li>" in item["source"]["body"] for item in conversations)
    assert any("<blockquote>" in (part["body"] or "") for part in every)
    assert any(item["conversation_rating"] for item in conversations)
    assert any(item["company"] is None for item in conversations)


def test_counts_agree(conversations: list[Json]) -> None:
    for item in conversations:
        held = len(parts(item))
        assert item["conversation_parts"]["total_count"] == held
        assert item["statistics"]["count_conversation_parts"] == held


def test_contacts_can_be_looked_up(workspace: SimWorkspace, conversations: list[Json]) -> None:
    known = {contact["id"]: contact for contact in workspace.contacts}
    named = {person["id"] for item in conversations for person in item["contacts"]["contacts"]}
    assert {workspace.merged.get(name, name) for name in named} <= set(known)
    assert named & set(workspace.merged)
    assert not set(workspace.merged) & set(known)
    assert {known[name]["role"] for name in named & set(known)} == {"user", "lead"}


def test_companies_are_as_incomplete_as_in_life(workspace: SimWorkspace) -> None:
    names = Counter(company["plan"].get("name", "unset") for company in workspace.companies)
    assert set(names) == {"free", "trial", "starter", "growth", "business", "enterprise", "unset"}
    assert len(workspace.companies) == 150
    assert any(
        company["monthly_spend"] == 0 and company["plan"].get("name") == "growth" for company in workspace.companies
    )
    assert any(company["remote_created_at"] is None for company in workspace.companies)


def test_deleted_conversations_are_gone(workspace: SimWorkspace, conversations: list[Json]) -> None:
    assert workspace.deleted
    assert not set(workspace.deleted) & {item["id"] for item in conversations}


def test_html_is_escaped_linked_and_listed() -> None:
    assert as_html("a < b & c\nsee https://x.example/a?b=1&c=2.") == (
        '<p>a &lt; b &amp; c<br>see <a href="https://x.example/a?b=1&amp;c=2" rel="nofollow noopener" '
        'target="_blank">https://x.example/a?b=1&amp;c=2</a>.</p>'
    )
    assert as_html("Broken:\n- one\n- two\nbye") == "<p>Broken:</p><ul><li>one</li><li>two</li></ul><p>bye</p>"
    assert as_html("one\n\ntwo") == "<p>one</p><p>two</p>"
