"""What is planted is really there, in the amounts the report is compared with."""

from collections import Counter, defaultdict
from datetime import UTC, datetime

import pytest

from earshot.domain.reading import ChurnRisk, IssueType, Priority, Sentiment
from earshot.sim.sample.plan import Plan, churn, felt, shares
from earshot.sim.sample.script import Opening
from earshot.sim.workspace import Json, SimWorkspace, Truth
from tests.unit.sim.sample.inbox import visible


def counted(workspace: SimWorkspace) -> list[Truth]:
    return [truth for truth in workspace.truths if truth.excluded is None]


def test_every_conversation_has_its_truth(workspace: SimWorkspace, conversations: list[Json]) -> None:
    assert [truth.conversation_id for truth in workspace.truths] == [item["id"] for item in conversations]


def test_labels_are_the_guides(workspace: SimWorkspace) -> None:
    for truth in workspace.truths:
        assert truth.issue_type in set(IssueType)
        assert truth.priority in set(Priority)
        assert truth.sentiment in set(Sentiment)
        assert truth.churn_risk in set(ChurnRisk)


def test_matters_are_many_and_skewed(workspace: SimWorkspace) -> None:
    sizes = Counter(truth.matters[0] for truth in counted(workspace))
    assert len(sizes) >= 45
    assert all(size in range(15, 31) for _, size in sizes.most_common(4))
    assert sum(size <= 2 for size in sizes.values()) >= 4


def test_each_kind_of_issue_is_told(workspace: SimWorkspace) -> None:
    kinds = Counter(truth.issue_type for truth in counted(workspace))
    assert set(kinds) == set(IssueType)
    assert min(kinds.values()) >= 25


def test_a_matter_keeps_its_issue_type(workspace: SimWorkspace) -> None:
    kinds = {matter.slug: matter.issue_type for matter in workspace.matters}
    assert all(kinds[truth.matters[0]] == truth.issue_type for truth in counted(workspace))


def test_rules_with_frequencies_have_something_to_find(workspace: SimWorkspace) -> None:
    told = Counter(slug for truth in counted(workspace) for slug in set(truth.matters))
    kinds = {matter.slug: matter.issue_type for matter in workspace.matters}
    wishes = [slug for slug, count in told.items() if kinds[slug] == "FEATURE_REQUEST" and count >= 10]
    friction = [slug for slug, count in told.items() if kinds[slug] == "UX_FRICTION" and count >= 5]
    assert len(wishes) >= 4
    assert len(friction) >= 4


def test_grave_cases_and_leavers_exist(workspace: SimWorkspace) -> None:
    truths = counted(workspace)
    assert sum(t.issue_type == "BILLING" and t.priority == "CRITICAL" for t in truths) >= 5
    assert sum(t.churn_risk == "HIGH" for t in truths) >= 20
    assert sum(len(t.matters) == 2 for t in truths) >= 25


def test_enterprise_customers_report_broken_core_functions(
    workspace: SimWorkspace, conversations: list[Json], truth: dict[str, Truth]
) -> None:
    plans = {company["id"]: company["plan"].get("name") for company in workspace.companies}
    company = {
        contact["id"]: contact["companies"]["data"][0]["id"]
        for contact in workspace.contacts
        if contact["companies"]["data"]
    }
    writers = [
        item["contacts"]["contacts"][0]["id"]
        for item in conversations
        if truth[item["id"]].priority == "CRITICAL" and truth[item["id"]].issue_type == "PRODUCT_BUG"
    ]
    names = [workspace.merged.get(writer, writer) for writer in writers]
    assert sum(plans.get(company.get(name, "")) == "enterprise" for name in names) >= 5


@pytest.mark.parametrize("slug", ["bug-outage-board", "bug-sms-not-delivered"])
def test_incidents_spike_on_one_day(conversations: list[Json], truth: dict[str, Truth], slug: str) -> None:
    days = Counter(
        datetime.fromtimestamp(item["created_at"], UTC).date()
        for item in conversations
        if truth[item["id"]].matters[:1] == (slug,)
    )
    (_, most), *rest = days.most_common()
    assert most >= 0.6 * sum(days.values())
    assert all(count <= 3 for _, count in rest)


def test_languages(workspace: SimWorkspace) -> None:
    tongues = Counter(truth.language for truth in workspace.truths)
    assert set(tongues) == {"en", "de", "fr", "es", "pt"}
    assert 0.04 <= 1 - tongues["en"] / 600 <= 0.08


def test_planted_personal_data_stands_in_the_text(conversations: list[Json], truth: dict[str, Truth]) -> None:
    kinds: Counter[str] = Counter()
    for item in conversations:
        text = " ".join(visible(item))
        for planted in truth[item["id"]].personal_data:
            kind, _, value = planted.partition(":")
            assert value in text
            kinds[kind] += 1
    assert set(kinds) == {"phone", "email", "card", "iban", "api_key", "address"}


def test_planted_injections_stand_in_the_text(conversations: list[Json], truth: dict[str, Truth]) -> None:
    hostile = [" ".join(visible(item)).lower() for item in conversations if truth[item["id"]].injection]
    assert len(hostile) == 8
    signs = (
        "ignore all",
        "system:",
        "assistant:",
        "any ai",
        "new task",
        "override",
        "language model",
        "pirate",
        "robot",
    )
    assert all(any(sign in text for sign in signs) for text in hostile)


def test_near_duplicates_come_from_the_same_person(conversations: list[Json], truth: dict[str, Truth]) -> None:
    told: defaultdict[tuple[str, tuple[str, ...]], int] = defaultdict(int)
    for item in conversations:
        if truth[item["id"]].matters:
            told[item["source"]["author"]["email"], truth[item["id"]].matters[:1]] += 1
    assert sum(count > 1 for (email, _), count in told.items() if email) >= 8


def test_excluded_conversations_say_why(workspace: SimWorkspace) -> None:
    reasons = Counter(truth.excluded for truth in workspace.truths)
    assert reasons == {None: 555, "unanswered outbound": 24, "spam": 12, "own staff": 9}


OPENING = Opening(text="It broke.", language="en", priority="HIGH", sentiment="NEUTRAL", leaving=False)


@pytest.mark.parametrize(
    ("opening", "ending", "feeling"),
    [
        ("NEUTRAL", "none", "NEUTRAL"),
        ("NEUTRAL", "thanks", "NEUTRAL"),
        ("NEUTRAL", "delighted", "POSITIVE"),
        ("NEUTRAL", "fed up", "NEGATIVE"),
        ("NEGATIVE", "thanks", "NEGATIVE"),
        ("NEGATIVE", "furious", "VERY_NEGATIVE"),
        ("VERY_NEGATIVE", "fed up", "VERY_NEGATIVE"),
    ],
)
def test_feeling_follows_the_words(opening: str, ending: str, feeling: str) -> None:
    assert felt(opening, ending) == feeling


@pytest.mark.parametrize(
    ("ending", "resolved", "risk"),
    [("none", False, "MEDIUM"), ("thanks", True, "LOW"), ("threat", False, "HIGH"), ("furious", False, "HIGH")],
)
def test_risk_follows_the_words(ending: str, *, resolved: bool, risk: str) -> None:
    plan = Plan("matter", 0, 0, 0, ending=ending, resolved=resolved)
    assert churn(plan, OPENING, sentiment=felt("NEUTRAL", ending), issue_type="PRODUCT_BUG") == risk


@pytest.mark.parametrize("total", [0, 1, 37, 600])
def test_shares_are_exact(total: int) -> None:
    counts = shares([5, 3, 1, 1], total)
    assert sum(counts) == total
    assert counts == sorted(counts, reverse=True)
