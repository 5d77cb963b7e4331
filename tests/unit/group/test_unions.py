"""Cells of one matter join, in whatever order they came, and never by way of a chain."""

from earshot.domain.grouping import Change, Mention, Partition
from earshot.group.likeness.score import same_matter
from earshot.group.likeness.sketch import Sketcher
from earshot.group.regroup import Given, Regroup, regroup
from earshot.group.settings import GroupSettings
from earshot.group.telling import told
from earshot.group.vocabulary import vocabulary

from .partitions import NOW, SETTINGS, WEIGHED, afresh, mention, stored, themes

LOOSE = GroupSettings(same_matter=0.5, same_theme=0.5)
APART = GroupSettings(same_matter=0.5, same_theme=1.0)


def fragments() -> list[Mention]:
    """Two openings of one matter that share few words, and then mentions that use the words of both."""
    one, other = "kavol dimet rusto pelna", "zimor fadel huvan tegra"
    texts = [one, other, f"{one} {other}", f"{other} {one}", f"{one} {other}", f"{other} {one}"]
    return [mention(number, text) for number, text in enumerate(texts, start=1)]


def test_two_openings_of_one_matter_become_one_theme_once_that_shows() -> None:
    mentions = fragments()
    split, joined = afresh(mentions, settings=APART), afresh(mentions, settings=LOOSE)
    assert len({split.cells[split.placements[one.id].cell_id] for one in mentions}) == 2
    assert len(set(themes(joined, mentions).values())) == 1


def test_joining_later_keeps_the_older_theme_and_is_told() -> None:
    mentions = fragments()
    early = afresh(mentions[:2], settings=LOOSE)
    before = themes(early, mentions[:2])
    done = regroup(mentions, early, settings=LOOSE, now=NOW)
    after = stored(early, done)
    assert set(themes(after, mentions).values()) == {before[1]}
    assert [(e.change, e.theme_id, e.other_id) for e in done.lineage] == [(Change.JOINED, before[2], before[1])]


def test_a_chain_of_neighbours_does_not_become_one_theme() -> None:
    words = [f"{chr(97 + n)}word" for n in range(26)]
    mentions = [mention(n, " ".join(words[n : n + 6])) for n in range(1, 20)]
    found = themes(afresh(mentions), mentions)
    assert found[1] != found[19]
    sketcher = Sketcher(WEIGHED, vocabulary({}, {}))
    sketches = {one.id: sketcher.sketch(told(one)) for one in mentions}
    for number, theme in found.items():
        head = min(other for other, its in found.items() if its == theme)
        assert number == head or same_matter(sketches[number], sketches[head]) > 0.0


def test_every_mention_resembles_the_centre_it_joined() -> None:
    mentions = [*fragments(), *(mention(n, "The android app crashes on start") for n in range(10, 30))]
    work = Regroup(mentions, Given(stored=Partition(lexicon=WEIGHED), settings=SETTINGS))
    for number, spot in work.held.spots.items():
        cell = work.held.cells[spot.cell]
        if spot.probability is None:
            assert cell.members[0][1] == number
        else:
            rank = work.held.mentions[number].rank
            now = work.held.probability(work.held.sketches[number], cell, before=rank)
            assert spot.probability == now >= SETTINGS.same_matter


def test_part_of_the_cells_is_enough_to_place_one_mention() -> None:
    mentions = [*fragments(), *(mention(n, "The android app crashes on start") for n in range(10, 13))]
    partition = afresh(mentions)
    new = mention(40, "The android app crashes on start today")
    theme = themes(partition, mentions)[10]
    cells = {cell: its for cell, its in partition.cells.items() if its == theme}
    there = Partition(
        placements={n: placed for n, placed in partition.placements.items() if placed.cell_id in cells},
        cells=cells,
        heads={theme: partition.heads[theme]},
        lexicon=WEIGHED,
    )
    given = [one for one in mentions if one.id in there.placements]
    done = regroup([*given, new], there, settings=SETTINGS, now=NOW, partial=True)
    assert done.mentions == {40: theme}
    assert done.lineage == ()
