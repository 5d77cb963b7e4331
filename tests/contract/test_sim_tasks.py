"""The simulated providers answer Earshot's tasks: truthfully about the sample, by words about the rest."""

from collections import Counter
from datetime import UTC, datetime

import pytest

from earshot.classify.local.reader import read_one
from earshot.cli.sim_answers import local_answer
from earshot.cli.sim_matters import matter_in
from earshot.cli.sim_tasks import task_answer, told_in
from earshot.connectors.intercom.normalise import normalise
from earshot.domain.backlog import Evidence, ItemText, ItemType, Urgency
from earshot.domain.grouping import Candidate, Doubt
from earshot.domain.reading import IssueType
from earshot.domain.rice import Factor
from earshot.errors import BadInput
from earshot.group.asking.adjudicating import Adjudicator, Decision
from earshot.group.asking.naming import Namer, NameRequest
from earshot.ports.model import Answer, Request
from earshot.prioritise.asking.drafting import Drafter
from earshot.prioritise.asking.estimating import Estimator
from earshot.prioritise.asking.evidence import Subject
from earshot.sim.sample import generate

NOW = datetime(2026, 11, 1, tzinfo=UTC)


def answered(request: Request) -> Answer:
    assert request.form is not None
    return Answer(text=local_answer(request.instructions, request.content, schema=request.form.json_schema))


@pytest.fixture(scope="module")
def summaries() -> list[tuple[str, str, str]]:
    """Matter, summary and opening of sample conversations with one matter, as the local model reads them."""
    workspace = generate(conversations=250, seed=11, now=NOW)
    truths = {truth.conversation_id: truth for truth in workspace.truths if truth.excluded is None}
    found: list[tuple[str, str, str]] = []
    for raw in workspace.conversations:
        truth = truths.get(str(raw["id"]))
        if truth is None or len(truth.matters) != 1:
            continue
        conversation = normalise(raw, b"", plain=False).conversation
        try:
            reading = read_one(conversation)
        except BadInput:
            continue
        (matter,) = truth.matters
        found.append((matter, reading.summary, conversation.customer_messages[0].text[:600]))
    return found


def test_it_knows_what_the_sample_is_about(summaries: list[tuple[str, str, str]]) -> None:
    counts = Counter(
        "none" if known is None else "right" if known == matter else "wrong"
        for matter, summary, opening in summaries
        for known in [matter_in(f"{summary} {opening}")]
    )
    assert counts["right"] > 0.88 * len(summaries)
    assert counts["wrong"] < 0.02 * len(summaries)


def test_it_adjudicates_truthfully(summaries: list[tuple[str, str, str]]) -> None:
    right = Counter[bool]()
    for place, (matter, summary, opening) in enumerate(summaries[:60]):
        others = [summaries[(place * 7 + step) % len(summaries)] for step in (1, 2)]
        same = [one for one in summaries if one[0] == matter and one[2] != opening][:1]
        known = [Candidate(id=str(n), digest=f"{n:032}", title=one[1], text=one[2], probability=0.5)
                 for n, one in enumerate([*same, *others])]  # fmt: skip
        asked = Doubt(digest="d" * 32, title=summary, text=opening, candidates=tuple(known))
        question = Adjudicator().question(asked)
        assert question is not None
        opinions = question.understand(answered(question.request)).value
        assert opinions is not None
        assert len(opinions.given) == len(known)
        for opinion in opinions.given:
            truth = [*same, *others][int(opinion.candidate.id)][0] == matter
            right[opinion.decision is (Decision.SAME if truth else Decision.DIFFERENT)] += 1
    assert right[True] > 0.9 * right.total()


def test_slips_are_seeded_and_as_many_as_told() -> None:
    known = tuple(
        Candidate(id=str(n), digest=f"{n:032}", title=f"Printer {n} is broken", probability=0.5) for n in range(5)
    )
    flips = 0
    for n in range(60):
        doubt = Doubt(digest="d" * 32, title=f"Case {n}: Printer {n} is broken", candidates=known)
        question = Adjudicator().question(doubt)
        assert question is not None
        schema, content = question.task.form.json_schema, question.request.content
        honest, slipped = task_answer(content, schema), task_answer(content, schema, slips=0.2)
        assert slipped == task_answer(content, schema, slips=0.2)
        assert honest is not None
        assert slipped is not None
        flips += sum(a != b for a, b in zip(honest.split('"known"'), slipped.split('"known"'), strict=True))
    assert 30 <= flips <= 90


@pytest.mark.parametrize(
    ("title", "decision"),
    [
        ("The frobnicator hums at night in the attic", Decision.SAME),
        ("Xylophone lessons cost more on Sundays", Decision.DIFFERENT),
        ("The frobnicator paints walls at night", Decision.UNSURE),
    ],
)
def test_other_text_is_judged_by_its_words(title: str, decision: Decision) -> None:
    known = Candidate(id="1", digest="a" * 32, title="Our frobnicator hums loudly at night", probability=0.5)
    question = Adjudicator().question(Doubt(digest="d" * 32, title=title, candidates=(known,)))
    assert question is not None
    opinions = question.understand(answered(question.request)).value
    assert opinions is not None
    assert opinions.given[0].decision is decision


def test_names_estimates_and_drafts_are_usable(summaries: list[tuple[str, str, str]]) -> None:
    by_matter: dict[str, list[str]] = {}
    for matter, summary, _ in summaries:
        by_matter.setdefault(matter, []).append(summary)
    named = 0
    for matter, told in by_matter.items():
        wanted = NameRequest(theme_id=matter, issue_type=IssueType.PRODUCT_BUG, area="app", summaries=tuple(told))
        question = Namer().question(wanted)
        assert question is not None
        named += question.understand(answered(question.request)).value is not None
    assert named >= 0.9 * len(by_matter)
    subject = Subject(
        theme_id="t", issue_type=IssueType.FEATURE_REQUEST, area="calendar", title="Sort the calendar",
        description="Customers want to <sort> by [CUSTOMER_1].",
        evidence=Evidence(conversations=3, customers=3, priorities={"LOW": 3}, first_seen=NOW, last_seen=NOW),
    )  # fmt: skip
    estimate = Estimator().question(subject)
    values = estimate.understand(answered(estimate.request)).value
    assert values is not None
    assert [(one.factor, one.value) for one in values] == [(Factor.IMPACT, 0.5), (Factor.EFFORT, 6.0)]
    template = ItemText(
        title="x", description="y", acceptance_criteria=("z",), issue_type=ItemType.FEATURE, priority=Urgency.P3
    )
    draft = Drafter().question(subject, template)
    text = draft.understand(answered(draft.request)).value
    assert text is not None
    assert text.title == "Sort the calendar"
    assert len(text.acceptance_criteria) == 2


def test_what_is_no_task_is_left_to_others() -> None:
    assert task_answer("x", {"properties": {"kind": {"enum": ["A"]}}}) is None
    assert told_in('a: "1"\nno line\nb c: "2 \\"x\\""').lines == (("a", "1"), ("b c", '2 "x"'))
