"""What models and people say about pairs is obeyed, and asked only where the score leaves it open."""

from earshot.domain.grouping import Change, Decider, Doubt, Mention, Partition
from earshot.group.regroup import regroup
from earshot.group.settings import GroupSettings

from .partitions import NOW, SETTINGS, WEIGHED, afresh, mention, stored, themes, verdict

EXPORT = mention(1, "The csv export is empty")
AGAIN = mention(2, "The csv export is empty since monday")
SHEET = mention(3, "Nothing arrives in my spreadsheet download")
CRASH = mention(4, "The android app crashes on start")
EVERY = [EXPORT, AGAIN, SHEET, CRASH]
BROAD = GroupSettings(doubt_from=0.0, doubt_to=1.0)


def test_a_yes_joins_what_no_score_would() -> None:
    assert themes(afresh(EVERY), EVERY)[3] != themes(afresh(EVERY), EVERY)[1]
    partition = afresh(EVERY, verdicts=[verdict(SHEET, EXPORT, same=True)])
    found = themes(partition, EVERY)
    assert found[3] == found[1] == found[2]
    assert partition.placements[3].decided_by is Decider.MODEL


def test_a_no_parts_what_the_score_joins() -> None:
    assert themes(afresh(EVERY), EVERY)[2] == themes(afresh(EVERY), EVERY)[1]
    found = themes(afresh(EVERY, verdicts=[verdict(AGAIN, EXPORT, same=False)]), EVERY)
    assert found[2] != found[1]


def test_a_person_is_right_whatever_a_model_says_later() -> None:
    said = [
        verdict(SHEET, EXPORT, same=False, by=Decider.PERSON, at=1),
        verdict(SHEET, EXPORT, same=True, by=Decider.MODEL, at=2),
    ]
    found = themes(afresh(EVERY, verdicts=said), EVERY)
    assert found[3] != found[1]


def test_a_verdict_outlives_the_row_it_was_about() -> None:
    said = [verdict(SHEET, EXPORT, same=True)]
    partition = afresh(EVERY, verdicts=said)
    reread = [EXPORT, AGAIN, SHEET.model_copy(update={"id": 33}), CRASH]
    partition = afresh(reread, partition, verdicts=said)
    assert themes(partition, reread)[33] == themes(partition, reread)[1]


def test_a_verdict_that_comes_later_joins_themes_and_says_so() -> None:
    partition = afresh(EVERY)
    before = themes(partition, EVERY)
    done = regroup(EVERY, partition, settings=SETTINGS, now=NOW, verdicts=[verdict(SHEET, EXPORT, same=True)])
    (event,) = done.lineage
    assert (event.change, event.theme_id, event.other_id) == (Change.JOINED, before[3], before[1])
    assert event.mentions == 1
    assert done.mentions == {3: before[1]}
    assert themes(stored(partition, done), EVERY)[3] == before[1]


def doubts(mentions: list[Mention], settings: GroupSettings = BROAD, **beside: object) -> dict[int, Doubt]:
    done = regroup(mentions, Partition(lexicon=WEIGHED), settings=settings, now=NOW, **beside)  # type: ignore[arg-type]
    return {doubt.mention_id: doubt for doubt in done.doubts if doubt.mention_id is not None}


def test_doubts_name_earlier_founders_the_likeliest_first() -> None:
    other = mention(5, "The csv export crashes on start", at=9)
    (doubt,) = [one for number, one in doubts([EXPORT, CRASH, other]).items() if number == 5]
    assert {candidate.digest for candidate in doubt.candidates} == {EXPORT.digest, CRASH.digest}
    probabilities = [candidate.probability for candidate in doubt.candidates]
    assert probabilities == sorted(probabilities, reverse=True)
    assert (doubt.digest, doubt.conversation_id, doubt.title) == (other.digest, "c5", other.summary)


def test_what_was_judged_is_not_asked_again() -> None:
    other = mention(5, "The csv export crashes on start", at=9)
    said = [verdict(other, EXPORT, same=False), verdict(other, CRASH, same=False)]
    assert 5 not in doubts([EXPORT, CRASH, other], verdicts=said)


def test_nothing_is_asked_where_the_score_is_sure() -> None:
    narrow = GroupSettings(doubt_from=0.99, doubt_to=0.99)
    assert doubts(EVERY, narrow) == {}


def test_only_mentions_judged_in_this_run_are_asked_about() -> None:
    partition = afresh(EVERY, settings=BROAD)
    new = mention(9, "Please add a dark mode to the calendar", at=99)
    done = regroup([*EVERY, new], partition, settings=BROAD, now=NOW)
    assert {doubt.mention_id for doubt in done.doubts} <= {9}
