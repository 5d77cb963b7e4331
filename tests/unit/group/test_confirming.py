"""One word of a model about one mention does not make one theme of two large ones: others are asked about, too."""

from earshot.domain.grouping import Decider, Doubt, Mention, Verdict
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
BRIDGE = mention(30, "The kettle whistles", at=30)
"""Resembles neither; a model says that it tells both."""
EVERYONE = [*EXPORTS, *CRASHES, BRIDGE]
BOTH = [verdict(BRIDGE, EXPORTS[0], same=True), verdict(BRIDGE, CRASHES[0], same=True)]


def groups(*verdicts: Verdict, mentions: list[Mention] = EVERYONE) -> set[frozenset[int]]:
    of = themes(afresh(mentions, verdicts=verdicts), mentions)
    return {frozenset(number for number in of if of[number] == theme) for theme in of.values()}


def asked(*verdicts: Verdict) -> dict[str, list[str]]:
    """The texts that are asked about beside which, of both large groups."""
    done = regroup(EVERYONE, afresh(EVERYONE), settings=SETTINGS, now=NOW, verdicts=verdicts)
    large = {one.digest for one in (*EXPORTS, *CRASHES)}
    return {
        doubt.digest: named for doubt in done.doubts if doubt.digest in large and (named := _named(doubt, large))
    }


def _named(doubt: Doubt, among: set[str]) -> list[str]:
    return [one.digest for one in doubt.candidates if one.digest in among]


APART = {frozenset({1, 2, 3}), frozenset({11, 12, 13})}
TOGETHER = {frozenset(one.id for one in EVERYONE)}


def test_a_mention_that_tells_two_matters_joins_one_of_them_and_another_pair_is_asked_about() -> None:
    assert groups() == APART | {frozenset({30})}
    for said in (BOTH, BOTH[::-1]):
        assert groups(*said) in (
            {frozenset({1, 2, 3, 30}), frozenset({11, 12, 13})},
            {frozenset({1, 2, 3}), frozenset({11, 12, 13, 30})},
        )
    ((digest, named),) = asked(*BOTH).items()
    assert len({digest, *named} & {one.digest for one in EXPORTS}) == 1
    assert len({digest, *named} & {one.digest for one in CRASHES}) == 1


def answered(*, same: bool) -> tuple[list[Verdict], int]:
    """All that is said when whatever is asked of the large groups is answered alike, and how often that was."""
    by, said, rounds = {one.digest: one for one in EVERYONE}, list(BOTH), 0
    while questions := asked(*said):
        said += [verdict(by[one], by[other], same=same) for one, named in questions.items() for other in named]
        rounds += 1
    return said, rounds


def test_other_pairs_decide() -> None:
    yes, rounds = answered(same=True)
    assert groups(*yes) == groups(*reversed(yes)) == TOGETHER
    assert 1 <= rounds <= 3
    no, rounds = answered(same=False)
    assert len(groups(*no)) == 2
    assert {one - {BRIDGE.id} for one in groups(*no)} >= APART
    assert rounds == 1


def test_a_person_needs_no_second_word() -> None:
    said = [verdict(BRIDGE, one, same=True, by=Decider.PERSON) for one in (EXPORTS[0], CRASHES[0])]
    assert groups(*said) == TOGETHER


def test_a_small_group_joins_at_a_word_and_stays_when_it_grows() -> None:
    word, few = verdict(CRASHES[0], EXPORTS[0], same=True), [*EXPORTS, *CRASHES[:2]]
    assert groups(word, mentions=few) == {frozenset({1, 2, 3, 11, 12})}
    grown = [*few, CRASHES[2], mention(14, "Our android app crashes on start, too")]
    assert len(groups(word, mentions=grown)) == 1
    partition = afresh(grown, afresh(few, verdicts=[word]), verdicts=[word])
    assert len(set(themes(partition, grown).values())) == 1
