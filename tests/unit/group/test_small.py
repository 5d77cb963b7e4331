"""Small themes are asked about beside whatever is there, until they were asked about often enough."""

import pytest

from earshot.domain.grouping import Decider, Doubt, Mention, Partition, Verdict
from earshot.domain.reading import IssueType
from earshot.group.regroup import regroup
from earshot.group.settings import GroupSettings
from earshot.group.small import JUDGED

from .partitions import NOW, WEIGHED, afresh, mention, themes, verdict

SURE = GroupSettings(adjudicator="llm", doubt_from=0.6, doubt_to=0.6)
"""So that no other question is asked."""
EXPORTS = [mention(n, "The csv export is empty", conversation=f"e{n}") for n in range(1, 6)]
LONE = mention(9, "The kettle whistles", conversation="lone")


def novelty(number: int, *, kind: IssueType = IssueType.PRODUCT_BUG) -> Mention:
    """A mention in words of its own."""
    word = "".join("bdfgklmnpr"[int(digit)] + "aeiou"[int(digit) % 5] for digit in f"{number:03}")
    return mention(number, f"{word}ton {word}lex {word}rim", conversation=f"n{number}", kind=kind)


def asked(
    mentions: list[Mention],
    *,
    settings: GroupSettings = SURE,
    verdicts: list[Verdict] | None = None,
    partial: bool = False,
) -> dict[int, Doubt]:
    done = regroup(
        mentions, Partition(lexicon=WEIGHED), settings=settings, now=NOW, verdicts=verdicts or [], partial=partial
    )
    return {doubt.mention_id: doubt for doubt in done.doubts if doubt.mention_id is not None}


def digests(doubt: Doubt) -> list[str]:
    return [candidate.digest for candidate in doubt.candidates]


def test_a_lone_one_is_asked_about_beside_what_it_does_not_resemble_and_the_answer_is_obeyed() -> None:
    found = asked([*EXPORTS, LONE])
    assert list(found) == [LONE.id], "the theme of five is not small"
    assert digests(found[LONE.id]) == [EXPORTS[0].digest]
    assert found[LONE.id].candidates[0].probability < 0.02
    yes = [verdict(LONE, EXPORTS[0], same=True)]
    partition = afresh([*EXPORTS, LONE], verdicts=yes)
    assert len(set(themes(partition, [*EXPORTS, LONE]).values())) == 1
    assert partition.placements[LONE.id].decided_by is Decider.MODEL
    assert asked([*EXPORTS, LONE], verdicts=yes) == {}


def test_of_two_small_ones_only_the_younger_or_smaller_is_asked_about() -> None:
    other = mention(8, "Dark mode hurts", conversation="other")
    assert digests(asked([other, LONE])[LONE.id]) == [other.digest]
    assert list(asked([other, LONE])) == [LONE.id]
    twice = [LONE, LONE.model_copy(update={"id": 10, "conversation_id": "again"})]
    assert list(asked([other, *twice])) == [other.id], "two conversations are more than one"


def test_most_are_of_its_own_kind_and_nothing_is_asked_twice() -> None:
    bugs = [novelty(n) for n in range(20, 26)]
    wishes = [novelty(n, kind=IssueType.FEATURE_REQUEST) for n in range(30, 36)]
    late = LONE.model_copy(update={"id": 99, "said_at": wishes[-1].said_at.replace(year=2027)})
    everything = [*bugs, *wishes, late]
    known = {one.digest: one for one in everything}
    answers: list[Verdict] = []
    kinds: list[int] = []
    while (doubt := asked(everything, verdicts=answers).get(late.id)) is not None:
        named = digests(doubt)
        assert 0 < len(named) <= 5
        assert not {verdict.other for verdict in answers} & {*named}
        kinds.append(sum(known[one].issue_type is late.issue_type for one in named))
        answers += [verdict(late, known[one], same=False) for one in named]
    assert {answer.other for answer in answers} == {one.digest for one in (*bugs, *wishes)}
    assert kinds[0] >= 3


def test_a_text_that_was_judged_often_is_left_alone() -> None:
    many = [novelty(n) for n in range(200, 240)]
    said = [verdict(LONE, one, same=False) for one in many[: JUDGED - 1]]
    late = LONE.model_copy(update={"id": 999, "said_at": many[-1].said_at.replace(year=2027)})
    assert late.id in asked([*many, late], verdicts=said)
    said.append(verdict(LONE, many[JUDGED], same=False))
    assert late.id not in asked([*many, late], verdicts=said)


@pytest.mark.parametrize("settings", [GroupSettings(ask_small=0, adjudicator="llm"), GroupSettings()])
def test_nobody_is_asked_where_that_is_off_or_no_model_adjudicates(settings: GroupSettings) -> None:
    assert settings.small == 0
    sure = settings.model_copy(update={"doubt_from": 0.6, "doubt_to": 0.6})
    assert asked([*EXPORTS, LONE], settings=sure) == {}


def test_people_may_be_asked_too_and_a_part_asks_about_nothing_small() -> None:
    people = SURE.model_copy(update={"adjudicator": "off", "ask_small": 1})
    assert list(asked([*EXPORTS, LONE], settings=people)) == [LONE.id]
    assert asked([*EXPORTS, LONE], partial=True) == {}
