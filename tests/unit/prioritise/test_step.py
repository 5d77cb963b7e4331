from datetime import timedelta
from typing import Any

import pytest

from earshot.domain.backlog import ItemEdit, ItemStatus, ItemText
from earshot.domain.grouping import Decider
from earshot.domain.rice import Estimate, Factor, Source
from earshot.prioritise.estimates import of_people
from earshot.prioritise.settings import PrioritiseSettings
from earshot.prioritise.step import due, in_step, mark, new_item, read_mark, reworded

from .grounds import NOW, SETTINGS, evidence, grounds, head, item

GROWN = evidence(conversations=40, customers=30, segments={"smb": 20, "enterprise": 10})
RENAMED = head("Exported files have no rows")
LATER = NOW + timedelta(days=1)


def modelled(title: str = "Exports are empty") -> ItemText:
    return item().text.model_copy(update={"title": title, "labels": ("customer-reported", "csv")})


def edit(field: str, value: str | None, *, day: int = 0) -> ItemEdit:
    return ItemEdit(item_id="i1", field=field, value=value, actor="ann", at=NOW + timedelta(days=day), reason="why")


def test_nothing_new_is_the_same_item() -> None:
    one = item()
    assert in_step(one, grounds(), settings=SETTINGS) is one


def test_evidence_score_and_labels_follow_while_words_stay() -> None:
    one = item()
    after = in_step(one, grounds(evidence=GROWN, recent=GROWN, now=LATER), settings=SETTINGS)
    assert after.evidence == GROWN
    assert after.rice is not None
    assert one.rice is not None
    assert after.rice.score.rice_score > one.rice.score.rice_score
    assert (after.text.title, after.text.description) == (one.text.title, one.text.description)
    assert after.drafted_as == one.drafted_as
    assert (after.created_at, after.updated_at) == (NOW, LATER)


def test_words_follow_the_themes_name() -> None:
    after = in_step(item(), grounds(head=RENAMED), settings=SETTINGS)
    assert after.text.title == RENAMED.title
    assert RENAMED.title in after.text.acceptance_criteria[0]


def test_what_a_person_set_stays() -> None:
    one = item()
    set_ = one.model_copy(
        update={
            "text": one.text.model_copy(update={"title": "Ours", "labels": ("x",)}),
            "edited": ("title", "labels", "impact"),
        }
    )
    after = in_step(set_, grounds(head=RENAMED, evidence=GROWN, recent=GROWN), settings=SETTINGS)
    assert (after.text.title, after.text.labels) == ("Ours", ("x",))
    assert RENAMED.title in after.text.description


def test_a_field_given_back_is_worded_again() -> None:
    one = item()
    stale = one.model_copy(update={"text": one.text.model_copy(update={"title": "Ours"})})
    assert in_step(stale, grounds(), settings=SETTINGS).text.title == "Ours"
    assert in_step(stale, grounds(), settings=SETTINGS, reword=True) == one


def test_words_given_back_after_a_renaming_are_todays() -> None:
    one = item()
    ours = one.model_copy(update={"text": one.text.model_copy(update={"title": "Ours"}), "edited": ("title",)})
    renamed = in_step(ours, grounds(head=RENAMED), settings=SETTINGS)
    given_back = renamed.model_copy(update={"text": one.text, "edited": ()})
    assert in_step(given_back, grounds(head=RENAMED), settings=SETTINGS).text.title == RENAMED.title
    by_model = reworded(ours, modelled(), how="m", grounds=grounds()).model_copy(update={"edited": ()})
    assert due(by_model, grounds(), settings=SETTINGS) == "a person gave words back"


@pytest.mark.parametrize("status", [s for s in ItemStatus if s is not ItemStatus.DRAFT])
def test_words_of_an_item_that_is_no_draft_stay(status: ItemStatus) -> None:
    after = in_step(item(status=status), grounds(head=RENAMED, evidence=GROWN, recent=GROWN), settings=SETTINGS)
    assert after.text == item().text
    assert after.evidence.conversations == 40


def test_estimates_are_kept_until_others_are_given() -> None:
    model = Estimate(factor=Factor.IMPACT, value=3.0, source=Source.MODEL, reason="stops work")
    person = Estimate(factor=Factor.IMPACT, value=0.5, source=Source.PERSON, reason="rare")
    one = new_item("i1", grounds(estimates=(model, person)), settings=SETTINGS)
    kept = in_step(one, grounds(), settings=SETTINGS)
    assert kept.rice is not None
    assert kept.rice.score.impact == 0.5
    taken_back = in_step(one, grounds(estimates=(model,)), settings=SETTINGS)
    assert taken_back.rice is not None
    assert taken_back.rice.score.impact == 3.0


def test_a_model_words_an_item_and_keeps_what_people_set() -> None:
    one = item(edited=("description",))
    after = reworded(one, modelled(), how="some-model draft-1", grounds=grounds(now=LATER))
    assert after.text.title == "Exports are empty"
    assert after.text.description == one.text.description
    assert after.drafted_by is Decider.MODEL
    found = read_mark(after.drafted_as)
    assert found is not None
    assert (found.how, found.size) == ("some-model draft-1", 17)


def test_a_models_words_stay_until_it_is_asked_again() -> None:
    one = reworded(item(), modelled(), how="m", grounds=grounds())
    after = in_step(one, grounds(head=RENAMED, evidence=GROWN, recent=GROWN), settings=SETTINGS)
    assert after.text.title == "Exports are empty"
    assert set(after.text.labels) >= {"customer-reported", "csv", "enterprise"}


def test_when_a_model_is_worth_asking() -> None:
    by_template = item()
    assert due(by_template, grounds(), settings=SETTINGS) == "no model has worded it yet"
    by_model = reworded(by_template, modelled(), how="m", grounds=grounds())
    assert due(by_model, grounds(), settings=SETTINGS) is None
    assert due(by_model, grounds(evidence=evidence(conversations=33)), settings=SETTINGS) is None
    assert due(by_model, grounds(evidence=GROWN), settings=SETTINGS) == "worded from 17 conversations, now 40"
    assert due(by_model, grounds(head=RENAMED), settings=SETTINGS) == "the theme is called otherwise now"


@pytest.mark.parametrize(
    "changes",
    [
        {"status": ItemStatus.APPROVED},
        {"edited": ("title", "description", "acceptance_criteria")},
        {"drafted_by": Decider.PERSON},
    ],
)
def test_when_no_model_is_asked(changes: dict[str, Any]) -> None:
    assert due(item(**changes), grounds(), settings=SETTINGS) is None


def test_no_model_is_asked_against_the_settings_or_for_little() -> None:
    assert due(item(), grounds(), settings=PrioritiseSettings(draft="template")) is None
    assert due(item(), grounds(evidence=evidence(conversations=2)), settings=SETTINGS) is None


def test_a_matter_not_raised_in_the_window_reaches_nobody() -> None:
    old = evidence(first_seen=NOW - timedelta(days=300), last_seen=NOW - timedelta(days=200))
    after = in_step(item(), grounds(evidence=old, recent=None), settings=SETTINGS)
    assert after.rice is not None
    assert after.rice.score.reach == 0
    assert after.evidence.conversations == 17


def test_marks_are_read_back_and_know_another_name() -> None:
    one = mark("a model #1 @2", grounds())
    assert read_mark(str(one)) == one
    assert read_mark("by hand") is None
    assert mark("x", grounds(head=RENAMED)).name != one.name
    held = mark("x", grounds(), edited=("labels", "title"))
    assert held.left == ("title",)
    assert read_mark(str(held)) == held


def test_peoples_factors_are_their_latest_word() -> None:
    edits = (
        edit("impact", "3", day=2),
        edit("impact", "0.5"),
        edit("effort", "4"),
        edit("effort", None, day=1),
        edit("title", '"Ours"'),
        edit("reach", '"many"'),
    )
    assert [(e.factor, e.value, e.source) for e in of_people(edits)] == [(Factor.IMPACT, 3.0, Source.PERSON)]
