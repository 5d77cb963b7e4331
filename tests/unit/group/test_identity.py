"""Ids are permanent: a theme keeps its id whatever comes late, leaves or is read again; events tell of it."""

from earshot.domain.grouping import Change, Lineage, Mention, Partition
from earshot.domain.theme import Lexicon
from earshot.group.rarity import Rarity
from earshot.group.regroup import regroup
from earshot.group.telling import fresh_lexicon, lexicon_of
from earshot.group.vocabulary import vocabulary

from .partitions import NOW, SETTINGS, WEIGHED, afresh, mention, stored, themes, without

EXPORT = [mention(number, "The csv export is empty", at=number + 10) for number in range(1, 6)]
CRASH = [mention(number, "The android app crashes on start") for number in range(21, 24)]


def events(lineage: tuple[Lineage, ...]) -> list[tuple[Change, str, str | None, int]]:
    return [(event.change, event.theme_id, event.other_id, event.mentions) for event in lineage]


def test_an_id_depends_on_the_earliest_mention_alone() -> None:
    both = afresh([*EXPORT, *CRASH])
    alone = afresh(EXPORT[:2])
    assert themes(both, EXPORT)[1] == themes(alone, EXPORT[:1])[1]
    assert themes(both, CRASH)[21] != themes(both, EXPORT)[1]


def test_new_themes_are_born_with_their_mentions() -> None:
    done = regroup([*EXPORT, *CRASH], Partition(lexicon=WEIGHED), settings=SETTINGS, now=NOW)
    assert sorted((event.change, event.mentions) for event in done.lineage) == [(Change.BORN, 3), (Change.BORN, 5)]
    assert {event.theme_id for event in done.lineage} == set(done.cells.values())


def test_a_theme_keeps_its_id_when_an_older_mention_comes_late() -> None:
    partition = afresh(EXPORT)
    theme = themes(partition, EXPORT)[1]
    every = [mention(99, "The csv export is empty", at=1), *EXPORT]
    done = regroup(every, partition, settings=SETTINGS, now=NOW)
    assert set(themes(stored(partition, done), every).values()) == {theme}
    assert done.lineage == ()


def test_a_theme_keeps_its_id_when_its_earliest_mention_is_deleted() -> None:
    partition = afresh(EXPORT)
    theme, cell = themes(partition, EXPORT)[1], partition.placements[1].cell_id
    left, rest = EXPORT[1:], without(partition, [1])
    done = regroup(left, rest, settings=SETTINGS, now=NOW, holes=[cell])
    assert set(themes(stored(rest, done), left).values()) == {theme}
    assert done.lineage == ()


def test_a_reread_mention_stays_in_its_theme() -> None:
    partition = afresh(EXPORT)
    theme = themes(partition, EXPORT)[1]
    for gone in EXPORT:
        again = gone.model_copy(update={"id": 77, "summary": "The csv export is empty, still"})
        every: list[Mention] = [one for one in EXPORT if one is not gone] + [again]
        assert set(themes(afresh(every, partition), every).values()) == {theme}


def test_a_theme_whose_mentions_are_all_gone_is_emptied() -> None:
    both = [*EXPORT, *CRASH]
    partition = afresh(both)
    theme = themes(partition, both)[21]
    done = regroup(EXPORT, partition, settings=SETTINGS, now=NOW)
    assert events(done.lineage) == [(Change.EMPTIED, theme, None, 0)]
    assert done.gone == (partition.placements[21].cell_id,)


def test_nothing_is_said_when_nothing_changed() -> None:
    both = [*EXPORT, *CRASH]
    partition = afresh(both)
    done = regroup(both, partition, settings=SETTINGS, now=NOW)
    assert (done.placements, done.mentions, done.cells, done.gone, done.heads) == ((), {}, {}, (), ())
    assert (done.lineage, done.doubts, done.lexicon) == ((), (), None)


def test_a_theme_of_an_older_version_keeps_its_id() -> None:
    partition = afresh(EXPORT)
    renamed = {n: placed.model_copy(update={"cell_id": "old1"}) for n, placed in partition.placements.items()}
    old = Partition(placements=renamed, cells={"old1": "old1"}, lexicon=WEIGHED)
    every = [*EXPORT, mention(50, "The csv export is empty", at=300)]
    after = afresh(every, old)
    assert set(themes(after, every).values()) == {"old1"}
    early = [*every, mention(51, "The csv export is empty", at=0)]
    assert set(themes(afresh(early, after), early).values()) == {"old1"}


def test_words_are_weighed_anew_only_when_there_is_much_more() -> None:
    words = vocabulary({}, {})
    first = lexicon_of(EXPORT, Lexicon(), words=words, most=1000)
    assert first == fresh_lexicon(EXPORT, words=words, most=1000)
    assert first.documents == len(EXPORT)
    some = [*EXPORT, *(mention(number, "The app crashes") for number in range(100, 140))]
    assert lexicon_of(some, first, words=words, most=1000) is first
    many = [*some, *(mention(number, "The app crashes") for number in range(200, 240))]
    assert lexicon_of(many, first, words=words, most=1000).documents == len(many)


def test_common_terms_are_those_of_a_good_part_of_all() -> None:
    lexicon = Lexicon(documents=10_000, frequencies={"app": 5_000, "csv": 401, "rare": 20})
    assert Rarity(lexicon).common == {"app", "csv"}
    assert Rarity(Lexicon(documents=40, frequencies={"app": 40})).common == frozenset()
