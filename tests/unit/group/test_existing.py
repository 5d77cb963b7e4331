"""Existing items beside a theme: what is near is judged, what was said counts, open questions are left open."""

from datetime import UTC, datetime, timedelta

import pytest

from earshot.domain.backlog import ExistingItem, Match, Standing
from earshot.domain.grouping import Decider, Mention, Verdict
from earshot.domain.reading import IssueType
from earshot.domain.theme import Lexicon, Theme
from earshot.group.existing import (
    ASKED_FROM,
    CALLED_THE_SAME,
    LINKED_FROM,
    MOST,
    Band,
    ExistingItems,
    Matter,
    band_of,
)
from earshot.group.likeness.sketch import Sketcher
from earshot.group.settings import GroupSettings
from earshot.group.vocabulary import vocabulary

T0 = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
NOW = T0 + timedelta(days=10)
TITLE = "Single sign-on loops back to the sign-in page"
LOOP = ("Single sign-on sends us in a loop to the sign-in page", "The sign-in page comes back with single sign-on")
WIDE, SURE = Band(0.0, 1.0), Band(0.2, 0.2)


def theme(title: str = TITLE) -> Theme:
    return Theme(
        id="t1",
        issue_type=IssueType.PRODUCT_BUG,
        area="login",
        title=title,
        description="People cannot get in.",
        first_seen=T0,
        last_seen=NOW,
        conversations=2,
        customers=2,
    )


def mention(number: int, summary: str) -> Mention:
    return Mention(
        id=number,
        conversation_id=f"c{number}",
        issue_type=IssueType.PRODUCT_BUG,
        area="login",
        summary=summary,
        quote=f"{summary}!",
        said_at=T0,
    )


MATTER = Matter(theme(), [mention(n, text) for n, text in enumerate(LOOP)])


def item(key: str, title: str, description: str = "") -> ExistingItem:
    return ExistingItem(id=f"jira:{key}", source="jira", key=key, title=title, description=description)


SAME = item("A-1", TITLE, LOOP[0])
OTHER = item("A-2", "Translate the invoice template into Dutch", "For the Benelux launch")


def items(*found: ExistingItem, band: Band = WIDE) -> ExistingItems:
    return ExistingItems(Sketcher(Lexicon(), vocabulary({}, {})), found, band=band)


def verdict(key: str, *, same: bool, by: Decider = Decider.MODEL) -> Verdict:
    return Verdict(one="t1", other=f"jira:{key}", same=same, reason="read both", decided_by=by, decided_at=NOW)


def match(key: str, standing: Standing, *, by: Decider = Decider.SCORE) -> Match:
    return Match(
        theme_id="t1", item_id=f"jira:{key}", probability=0.5, standing=standing, decided_by=by, decided_at=T0
    )


def test_the_same_matter_is_found_among_others() -> None:
    found = items(SAME, OTHER, band=SURE).judge(MATTER, verdicts={}, kept=(), now=NOW)
    assert [(m.item_id, m.standing, m.decided_by) for m in found] == [("jira:A-1", Standing.SAME, Decider.SCORE)]
    assert found[0].reason
    assert found[0].decided_at == NOW


def test_what_is_called_the_same_is_the_same() -> None:
    named = item("A-3", f"  {TITLE.upper()}!")
    found = items(named, OTHER, band=SURE).judge(MATTER, verdicts={}, kept=(), now=NOW)
    assert [(m.item_id, m.standing) for m in found] == [("jira:A-3", Standing.SAME)]
    assert found[0].probability >= CALLED_THE_SAME
    assert found[0].reason.startswith("called the same")


def test_order_and_company_do_not_matter() -> None:
    one = items(SAME, OTHER).judge(MATTER, verdicts={}, kept=(), now=NOW)
    other = items(OTHER, SAME).judge(MATTER, verdicts={}, kept=(), now=NOW)
    assert one == other
    assert [m.probability for m in one] == sorted((m.probability for m in one), reverse=True)


def test_a_verdict_counts_more_than_the_score() -> None:
    said = {"jira:A-1": verdict("A-1", same=False), "jira:A-2": verdict("A-2", same=True)}
    found = {m.item_id: m for m in items(SAME, OTHER).judge(MATTER, verdicts=said, kept=(), now=NOW)}
    assert found["jira:A-1"].standing is Standing.DIFFERENT
    assert (found["jira:A-2"].standing, found["jira:A-2"].decided_by) == (Standing.SAME, Decider.MODEL)
    assert found["jira:A-2"].reason == "read both"


def test_what_a_person_decided_is_left_alone() -> None:
    kept = [match("A-1", Standing.DIFFERENT, by=Decider.PERSON)]
    assert items(SAME).judge(MATTER, verdicts={}, kept=kept, now=NOW) == []


def test_what_is_no_longer_alike_is_said_to_be_different() -> None:
    kept = [match("A-2", Standing.UNSURE), match("gone", Standing.SAME)]
    found = items(OTHER, band=SURE).judge(MATTER, verdicts={}, kept=kept, now=NOW)
    assert [(m.item_id, m.standing) for m in found] == [("jira:A-2", Standing.DIFFERENT)]


def test_only_the_likeliest_are_kept() -> None:
    many = [item(f"B-{n:02}", TITLE, f"{LOOP[0]} {n}") for n in range(30)]
    found = items(*many).judge(MATTER, verdicts={}, kept=(), now=NOW)
    assert len(found) == MOST
    assert [m.item_id for m in found] == sorted(m.item_id for m in found), "ties by id"


def test_a_question_is_left_where_nobody_is_sure() -> None:
    index = items(SAME, OTHER)
    found = index.judge(MATTER, verdicts={}, kept=(), now=NOW)
    doubt = index.doubt(MATTER, found)
    assert doubt is not None
    assert (doubt.digest, doubt.theme_id, doubt.candidates[0].digest) == ("t1", "t1", "jira:A-1")
    assert doubt.text.startswith("People cannot get in.\nSingle sign-on sends us")
    assert index.doubt(MATTER, [*found, match("A-9", Standing.SAME)]) is None, "one is sure"
    assert index.doubt(MATTER, [match("A-2", Standing.DIFFERENT)]) is None
    assert index.doubt(MATTER, []) is None


@pytest.mark.parametrize(
    ("probability", "wanted"),
    [(0.0, Standing.DIFFERENT), (0.49, Standing.DIFFERENT), (0.5, Standing.UNSURE), (0.949, Standing.UNSURE),
     (0.95, Standing.SAME), (1.0, Standing.SAME)],
)  # fmt: skip
def test_the_band(probability: float, wanted: Standing) -> None:
    assert Band(0.5, 0.95).standing(probability) is wanted


def test_settings_may_only_make_it_more_careful() -> None:
    assert band_of(GroupSettings(doubt_from=0.1, doubt_to=0.6)) == Band(ASKED_FROM, LINKED_FROM)
    assert band_of(GroupSettings(doubt_from=0.7, doubt_to=1.0)) == Band(0.7, 1.0)


def test_a_name_of_two_words_tells_too_little() -> None:
    vague = Matter(theme("App crashes"), [])
    found = items(item("A-4", "App crashes"), band=SURE).judge(vague, verdicts={}, kept=(), now=NOW)
    assert all(match.probability < CALLED_THE_SAME for match in found)


def test_nothing_to_compare_with() -> None:
    empty = items()
    assert len(empty) == 0
    assert empty.judge(MATTER, verdicts={}, kept=(), now=NOW) == []
