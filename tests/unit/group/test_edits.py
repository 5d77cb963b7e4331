"""People's edits: merged, split and moved matters stay so through whatever comes, until the edit is undone."""

from random import Random

import pytest

from earshot.domain.grouping import Change, Decider, Edit, EditKind, Mention, Partition, Verdict
from earshot.group.regroup import regroup

from .partitions import NOW, SETTINGS, afresh, mention, stored, themes

EXPORT = ["The csv export is empty", "The csv export is empty again", "Our csv export is empty since monday"]
CRASH = [
    "The android app crashes on start",
    "Android app crashes on start",
    "The android app crashes on start today",
]


def both() -> list[Mention]:
    return [mention(number, text) for number, text in enumerate([*EXPORT, *CRASH], start=1)]


def edit(kind: EditKind, theme: str, into: str | None, *conversations: str, number: int = 1) -> Edit:
    return Edit(
        id=f"edit{number}",
        kind=kind,
        theme_id=theme,
        into_id=into,
        conversations=conversations,
        actor="pat",
        reason="they are one",
        made_at=NOW,
    )


def edited(partition: Partition, *edits: Edit) -> Partition:
    return partition.model_copy(update={"edits": edits})


def two_themes() -> tuple[list[Mention], Partition, str, str]:
    mentions = both()
    partition = afresh(mentions)
    found = themes(partition, mentions)
    assert found[1] == found[2] == found[3] != found[4] == found[5] == found[6]
    return mentions, partition, found[1], found[4]


def test_merged_themes_are_one_under_the_id_they_went_into_and_come_apart_when_undone() -> None:
    mentions, partition, export, crash = two_themes()
    partition = edited(partition, edit(EditKind.MERGE, export, crash))
    done = regroup(mentions, partition, settings=SETTINGS, now=NOW)
    (event,) = done.lineage
    assert (event.change, event.theme_id, event.other_id, event.actor) == (Change.MERGED, export, crash, "pat")
    partition = stored(partition, done)
    assert set(themes(partition, mentions).values()) == {crash}
    mentions.append(mention(7, "Why is the csv export empty", at=1.5))
    partition = afresh(mentions, partition)
    assert set(themes(partition, mentions).values()) == {crash}
    undone = afresh(mentions, edited(partition))
    assert set(themes(undone, mentions).values()) == {export, crash}


def test_a_merge_holds_when_the_head_of_the_merged_theme_is_deleted() -> None:
    mentions, partition, export, crash = two_themes()
    partition = afresh(mentions, edited(partition, edit(EditKind.MERGE, export, crash)))
    left = mentions[1:]
    partition = afresh(left, partition)
    assert set(themes(partition, left).values()) == {crash}


def test_a_merge_holds_when_another_cell_took_in_the_merged_theme() -> None:
    mentions, partition, export, crash = two_themes()
    partition = edited(afresh(mentions[3:]), edit(EditKind.MERGE, export, crash))
    other = mention(9, "The csv export is empty", at=0)
    found = afresh([other, *mentions], partition)
    assert f"c{export[1:]}" not in found.cells, "its founder joined an earlier mention"
    assert set(themes(found, mentions).values()) == {crash}


def test_split_conversations_make_a_theme_of_their_own_that_attracts_its_like() -> None:
    mentions, partition, export, _ = two_themes()
    partition = edited(partition, edit(EditKind.SPLIT, export, "tnew", "c2", "c3"))
    done = regroup(mentions, partition, settings=SETTINGS, now=NOW)
    assert [(event.change, event.theme_id, event.other_id) for event in done.lineage] == [
        (Change.SPLIT, "tnew", export)
    ]
    partition = stored(partition, done)
    found = themes(partition, mentions)
    assert (found[1], found[2], found[3]) == (export, "tnew", "tnew")
    assert partition.placements[2].decided_by is Decider.PERSON
    again = afresh(mentions, partition)
    assert themes(again, mentions) == found
    undone = afresh(mentions, edited(partition))
    assert themes(undone, mentions)[2] == export


def test_a_moved_conversation_stays_moved_when_it_is_read_again() -> None:
    mentions, partition, export, crash = two_themes()
    partition = edited(partition, edit(EditKind.MOVE, export, crash, "c2"))
    done = regroup(mentions, partition, settings=SETTINGS, now=NOW)
    assert [(event.change, event.theme_id, event.other_id, event.mentions) for event in done.lineage] == [
        (Change.MOVED, export, crash, 1)
    ]
    partition = stored(partition, done)
    assert themes(partition, mentions)[2] == crash
    reread = [mentions[0], *mentions[2:], mention(20, "The csv export is empty, again", at=2, conversation="c2")]
    partition = afresh(reread, partition)
    assert themes(partition, reread)[20] == crash
    assert themes(partition, reread)[1] == export


def test_a_conversation_that_now_tells_another_matter_is_not_held_by_the_move() -> None:
    mentions, partition, export, crash = two_themes()
    partition = afresh(mentions, edited(partition, edit(EditKind.MOVE, export, crash, "c2")))
    reread = [mentions[0], *mentions[2:], mention(20, "Please add a dark mode", at=2, conversation="c2")]
    partition = afresh(reread, partition)
    assert themes(partition, reread)[20] not in {export, crash}


def test_themes_that_somebody_keeps_apart_never_join() -> None:
    mentions, partition, export, crash = two_themes()
    said = Verdict(one=export, other=crash, same=False, decided_by=Decider.PERSON, decided_as="pat", decided_at=NOW)
    bridge = Verdict(
        one=mentions[0].digest,
        other=mentions[3].digest,
        same=True,
        decided_by=Decider.MODEL,
        decided_as="m",
        decided_at=NOW,
    )
    joined = afresh(mentions, partition, verdicts=[bridge])
    assert len(set(themes(joined, mentions).values())) == 1
    kept = afresh(mentions, partition, verdicts=[said, bridge])
    found = themes(kept, mentions)
    assert found[1] != found[5]


def test_a_rename_is_only_a_title_and_stays() -> None:
    mentions, partition, export, _ = two_themes()
    order = edit(EditKind.RENAME, export, None).model_copy(update={"title": "CSV exports lose their rows"})
    partition = afresh(mentions, edited(partition, order))
    head = partition.heads[export]
    assert (head.title, head.named_by) == ("CSV exports lose their rows", Decider.PERSON)
    more = [*mentions, *(mention(n, "The csv export is empty") for n in range(10, 40))]
    assert afresh(more, partition).heads[export].title == head.title


@pytest.mark.parametrize("seed", range(30))
def test_edits_hold_whatever_comes_later(seed: int) -> None:
    random = Random(seed)
    mentions, partition, export, crash = two_themes()
    kind = random.choice([EditKind.MERGE, EditKind.MOVE, EditKind.SPLIT])
    into = "tnew" if kind is EditKind.SPLIT else crash
    partition = afresh(mentions, edited(partition, edit(kind, export, into, "c2")))
    live = {one.id: one for one in mentions}
    for number in range(30, 42):
        if random.random() < 0.7 or not live:
            live[number] = mention(number, random.choice([*EXPORT, *CRASH]), at=random.randrange(60))
        else:
            gone = random.choice([n for n in live if n not in {1, 2, 4}] or [number])
            live.pop(gone, None)
        partition = afresh(list(live.values()), partition)
        found = themes(partition, list(live.values()))
        if kind is EditKind.MERGE:
            assert found[1] == found[2] == found[4] == crash
        else:
            assert (found[1], found[2]) == (export, into)
