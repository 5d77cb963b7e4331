"""Under other conditions nothing that is placed moves by itself; only what is new is judged by them."""

from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from earshot.domain.grouping import Change, Edit, EditKind, Mention, Partition
from earshot.domain.theme import Lexicon
from earshot.group.conditions import MIXED, changed, conditions_of
from earshot.group.regroup import Given, Regroup, regroup
from earshot.group.settings import GroupSettings

from .partitions import NOW, WEIGHED, afresh, by_cell, by_theme, mention, stored, themes, verdict, without
from .test_regroup_properties import SMALL, crowd

OTHERS = [
    SMALL.model_copy(update={"same_matter": 0.9, "same_theme": 0.95}),
    SMALL.model_copy(update={"same_matter": 0.2, "same_theme": 0.2}),
    SMALL.model_copy(update={"core": 1}),
    SMALL.model_copy(update={"synonyms": {"app": ["android app", "calendar sync", "route planner"]}}),
]
RECOUNTED = Lexicon(documents=1_000_001, frequencies={"csv": 400_000, "android": 3, "slow": 700_000, "the": 1})

several = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
other_settings = st.sampled_from(OTHERS)


def kept_together(before: Partition, after: Partition, mentions: list[Mention]) -> bool:
    old, new = themes(before, mentions), themes(after, mentions)
    return all(new[one.id] == new[two.id] for one in mentions for two in mentions if old[one.id] == old[two.id])


@several
@given(st.randoms(use_true_random=False), st.integers(2, 30), other_settings)
def test_other_settings_alone_move_nothing(random: Random, size: int, other: GroupSettings) -> None:
    mentions = crowd(random, size)
    before = afresh(mentions, settings=SMALL)
    done = regroup(mentions, before, settings=other, now=NOW)
    assert (done.cells, done.gone, done.mentions, done.lineage) == ({}, (), {}, ())
    after = stored(before, done)
    assert by_cell(after, mentions) == by_cell(before, mentions)
    assert after.conditions == MIXED
    again = regroup(mentions, after, settings=SMALL, now=NOW)
    assert (again.cells, again.gone, again.mentions, again.conditions) == ({}, (), {}, ""), "nor does going back"


@several
@given(st.randoms(use_true_random=False), st.integers(4, 30), other_settings, st.booleans())
def test_new_mentions_are_judged_and_what_is_placed_stays(
    random: Random, size: int, other: GroupSettings, recounted: bool
) -> None:
    mentions = crowd(random, size)  # told at any time, so that many come late
    old = mentions[: size // 2]
    before = afresh(old, settings=SMALL)
    if recounted:
        before = before.model_copy(update={"lexicon": RECOUNTED})
    done = regroup(mentions, before, settings=other, now=NOW)
    after = stored(before, done)
    assert by_cell(before, old) == by_cell(after, old)
    assert {one.id: after.placements[one.id].cell_id for one in old} == {
        one.id: before.placements[one.id].cell_id for one in old
    }
    assert kept_together(before, after, old)
    assert set(themes(after, mentions)) == {one.id for one in mentions}, "everyone has a theme"
    joined = {event.theme_id for event in done.lineage if event.change is Change.JOINED}
    moved = {one.id for one in old if themes(before, old)[one.id] != themes(after, old)[one.id]}
    assert all(themes(before, old)[number] in joined for number in moved)
    shuffled = regroup(random.sample(mentions, size), before, settings=other, now=NOW)
    assert shuffled == done, "in whatever order"


@several
@given(st.randoms(use_true_random=False), st.integers(4, 30), other_settings)
def test_what_loses_some_of_its_mentions_stays_together(random: Random, size: int, other: GroupSettings) -> None:
    mentions = crowd(random, size)
    before = afresh(mentions, settings=SMALL)
    gone = set(random.sample(range(1, size + 1), size // 3))
    left = [one for one in mentions if one.id not in gone]
    holes = sorted({before.placements[number].cell_id for number in gone if before.placements[number].core})
    after = afresh(left, without(before, gone), settings=other, holes=holes)
    assert by_cell(before, left) == by_cell(after, left)
    assert kept_together(before, after, left)


EXPORT = [
    mention(1, "The CSV export is empty"),
    mention(2, "Our CSV export is empty since Monday"),
    mention(3, "CSV export empty again"),
]
LOGIN = [
    mention(11, "Password reset mail never arrives"),
    mention(12, "The password reset mail never arrives here"),
    mention(13, "No password reset mail arrives, never"),
]
STRICT = GroupSettings(same_matter=0.99, same_theme=1.0)
BOTH = [*EXPORT, *LOGIN]


def edit(kind: EditKind, theme: str, *, into: str, conversations: tuple[str, ...] = ()) -> Edit:
    return Edit(
        id="one", kind=kind, theme_id=theme, into_id=into, conversations=conversations, actor="pm", made_at=NOW
    )


def two_themes() -> tuple[Partition, str, str]:
    partition = afresh(BOTH)
    assert by_theme(partition, BOTH) == {frozenset({1, 2, 3}), frozenset({11, 12, 13})}
    return partition, themes(partition, BOTH)[1], themes(partition, BOTH)[11]


def test_people_still_split_and_move() -> None:
    partition, export, login = two_themes()
    for kind, into in ((EditKind.SPLIT, "tnew"), (EditKind.MOVE, login)):
        edits = (edit(kind, export, into=into, conversations=("c1",)),)
        after = afresh(BOTH, partition.model_copy(update={"edits": edits}), settings=STRICT)
        held = themes(after, BOTH)
        assert held[1] == into
        assert held[2] == held[3] == export, "the founder leaves alone"
        back = afresh(BOTH, after.model_copy(update={"edits": ()}), settings=STRICT)
        assert themes(back, BOTH)[2] == themes(back, BOTH)[3] == export


def test_a_merge_taken_back_parts_the_two_again() -> None:
    partition, export, login = two_themes()
    merged = partition.model_copy(update={"edits": (edit(EditKind.MERGE, export, into=login),)})
    one = afresh(BOTH, merged, settings=STRICT)
    assert set(themes(one, BOTH).values()) == {login}
    free = one.model_copy(update={"edits": ()})
    given_ = Given(stored=free, settings=STRICT, parted=(export, login))
    parted = stored(free, Regroup(BOTH, given_).done(NOW))
    assert by_theme(parted, BOTH) == by_theme(partition, BOTH)
    assert themes(parted, BOTH) == themes(partition, BOTH)
    assert themes(afresh(BOTH, parted, settings=STRICT), BOTH) == themes(partition, BOTH), "and they stay parted"


def test_a_verdict_still_parts() -> None:
    partition, export, _ = two_themes()
    after = afresh(BOTH, partition, settings=STRICT, verdicts=[verdict(EXPORT[0], EXPORT[2], same=False)])
    held = themes(after, BOTH)
    assert held[1] == held[2] == export != held[3]


def test_a_placement_among_candidates_alone_notes_other_conditions() -> None:
    partition, export, _ = two_themes()
    new = mention(30, "CSV export is empty")
    given_ = Given(stored=partition, settings=STRICT, partial=True)
    done = Regroup([*BOTH, new], given_).done(NOW)
    assert done.conditions == MIXED
    assert set(done.mentions) == {30}
    fresh = Given(stored=Partition(lexicon=WEIGHED), settings=STRICT, partial=True)
    assert Regroup([new], fresh).done(NOW).conditions == "", "a part says nothing about the whole"
    assert export in partition.heads


BASE = conditions_of(GroupSettings(), WEIGHED)


@pytest.mark.parametrize(
    "update",
    [
        {"same_matter": 0.6},
        {"same_theme": 0.65},
        {"core": 4},
        {"synonyms": {"board": ["dispatch board"]}},
        {"synonyms": {"board": ["dispatch board"]}, "matters": {"stuck": ["board + slow"]}},
    ],
)
def test_whatever_changes_a_probability_or_its_bounds_changes_the_conditions(update: dict[str, object]) -> None:
    assert conditions_of(GroupSettings.model_validate(update), WEIGHED) != BASE


def test_other_conditions() -> None:
    assert conditions_of(GroupSettings(), Lexicon()) != BASE
    assert conditions_of(GroupSettings(), WEIGHED, embedded_by="some-model") != BASE
    assert conditions_of(GroupSettings(names="llm", tier="strong", adjudicator="llm"), WEIGHED) == BASE
    withdrawn = WEIGHED.model_copy(update={"frequencies": {}})
    assert conditions_of(GroupSettings(), withdrawn) == BASE, "a deletion ends no exactness"
    assert changed(MIXED, BASE)
    assert not changed("", BASE)
    assert not changed(BASE, BASE)
