"""One word of a model about one mention does not make one theme of two large ones: others are asked about, too."""

from itertools import permutations

from earshot.domain.grouping import Decider, Doubt, Verdict
from earshot.group.regroup import regroup

from .partitions import NOW, SETTINGS, afresh, mention, themes, verdict

EXPORT = ["The csv export is empty", "The csv export is empty again", "Our csv export is empty since monday"]
CRASH = [
    "The android app crashes on start",
    "Android app crashes on start",
    "The android app crashes on start today",
]
EXPORTS = [mention(number, text) for number, text in enumerate(EXPORT, 1)]
CRASHES = [mention(number, text) for number, text in enumerate(CRASH, 11)]
BOTH = [*EXPORTS, *CRASHES]
FIRST = verdict(CRASHES[0], EXPORTS[0], same=True)


def groups(*verdicts: Verdict) -> set[frozenset[int]]:
    partition = afresh(BOTH, verdicts=verdicts)
    of = themes(partition, BOTH)
    return {frozenset(number for number in of if of[number] == theme) for theme in of.values()}


def asked(*verdicts: Verdict) -> list[Doubt]:
    done = regroup(BOTH, afresh(BOTH), settings=SETTINGS, now=NOW, verdicts=verdicts)
    said = {one.digest for one in BOTH}
    return [doubt for doubt in done.doubts if {doubt.digest, *(c.digest for c in doubt.candidates)} <= said]


APART = {frozenset({1, 2, 3}), frozenset({11, 12, 13})}
TOGETHER = {frozenset({1, 2, 3, 11, 12, 13})}


def test_a_second_pair_confirms_what_the_first_one_says() -> None:
    assert groups() == APART
    assert groups(FIRST) == APART
    (doubt,) = asked(FIRST)
    assert (doubt.digest, [one.digest for one in doubt.candidates]) == (CRASHES[1].digest, [EXPORTS[1].digest])
    yes = verdict(CRASHES[1], EXPORTS[1], same=True)
    assert groups(FIRST, yes) == groups(yes, FIRST) == TOGETHER


def test_who_says_no_ends_it() -> None:
    no = verdict(CRASHES[1], EXPORTS[1], same=False)
    assert groups(FIRST, no) == APART
    assert asked(FIRST, no) == []


def test_one_mention_confirms_nothing_however_often_but_others_do() -> None:
    said = [verdict(CRASHES[0], one, same=True) for one in EXPORTS]
    for some in permutations(said, 2):
        assert groups(*some) == APART
    assert groups(*(verdict(one, EXPORTS[0], same=True) for one in CRASHES)) == TOGETHER


def test_a_person_needs_no_second_word() -> None:
    assert groups(verdict(CRASHES[0], EXPORTS[0], same=True, by=Decider.PERSON)) == TOGETHER


def test_a_mention_that_tells_two_matters_joins_the_likelier_and_not_both() -> None:
    bridge = mention(30, "Also the android app crashes on the empty csv export screen, and other wishes", at=30)
    everyone = [*BOTH, bridge]
    said = [verdict(bridge, EXPORTS[0], same=True), verdict(bridge, CRASHES[0], same=True)]
    of = themes(afresh(everyone, verdicts=said), everyone)
    assert of[1] != of[11]
    assert of[30] in {of[1], of[11]}


def test_small_groups_join_at_a_word() -> None:
    few = [*EXPORTS, *CRASHES[:2]]
    of = themes(afresh(few, verdicts=[FIRST]), few)
    assert len(set(of.values())) == 1
