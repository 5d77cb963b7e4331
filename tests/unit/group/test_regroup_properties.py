"""Properties of grouping: whatever the order, the batching and the history, the partition is that of the set."""

from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from earshot.domain.grouping import Mention, Partition, Verdict
from earshot.domain.reading import IssueType
from earshot.group.regroup import appends, regroup
from earshot.group.settings import GroupSettings
from earshot.group.unions import SPAN

from .partitions import (
    NOW,
    SETTINGS,
    WEIGHED,
    afresh,
    by_cell,
    by_theme,
    cores,
    mention,
    stored,
    themes,
    verdict,
    without,
)

THINGS = ["csv export", "invoice total", "android app", "password reset mail", "calendar sync", "route planner"]
STATES = ["is empty", "crashes on start", "never arrives", "is wrong by one day", "is very slow", "shows old data"]
EXTRAS = ["since monday", "after the update", "for our dispatcher", "in the office", "on every phone", ""]
SMALL = GroupSettings(core=3, same_matter=0.5, same_theme=0.55)

many = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def told(number: int, random: Random) -> Mention:
    things = " and ".join(random.sample(THINGS, random.choice([1, 1, 2])))
    text = f"The {things} {random.choice(STATES)} {random.choice(EXTRAS)} {random.choice(EXTRAS)}".strip()
    kind = random.choice([IssueType.PRODUCT_BUG, IssueType.PRODUCT_BUG, IssueType.UX_FRICTION])
    return mention(number, text, at=random.randrange(500), kind=kind)


def crowd(random: Random, size: int) -> list[Mention]:
    return [told(number, random) for number in range(1, size + 1)]


def batches(mentions: list[Mention], random: Random) -> list[list[Mention]]:
    cuts = sorted(random.sample(range(1, len(mentions)), min(4, len(mentions) - 1)))
    return [mentions[a:b] for a, b in zip([0, *cuts], [*cuts, len(mentions)], strict=True)]


@many
@given(st.randoms(use_true_random=False), st.integers(2, 40))
def test_the_order_within_a_batch_never_shows(random: Random, size: int) -> None:
    mentions = crowd(random, size)
    shuffled = random.sample(mentions, len(mentions))
    assert afresh(mentions, settings=SMALL) == afresh(shuffled, settings=SMALL)


@many
@given(st.randoms(use_true_random=False), st.integers(2, 40))
def test_batches_in_any_order_give_the_partition_of_the_whole(random: Random, size: int) -> None:
    mentions = crowd(random, size)
    whole = afresh(mentions, settings=SMALL)
    partition, seen = Partition(lexicon=WEIGHED), list[Mention]()
    for batch in batches(random.sample(mentions, len(mentions)), random):
        seen += batch
        partition = afresh(seen, partition, settings=SMALL)
    assert by_cell(partition, mentions) == by_cell(whole, mentions)
    assert by_theme(partition, mentions) == by_theme(whole, mentions)


@many
@given(st.randoms(use_true_random=False), st.integers(2, 40))
def test_batches_in_order_of_time_give_the_same_themes_from_cores_alone(random: Random, size: int) -> None:
    mentions = sorted(crowd(random, size), key=lambda one: one.rank)
    whole = afresh(mentions, settings=SMALL)
    partition, seen = Partition(lexicon=WEIGHED), dict[int, Mention]()
    for batch in batches(mentions, random):
        assert appends(batch, max((one.rank for one in seen.values()), default=None))
        only = cores(partition)
        given_ = [*(seen[number] for number in only.placements), *batch]
        partition = stored(partition, regroup(given_, only, settings=SMALL, now=NOW))
        seen |= {one.id: one for one in batch}
    # an id stays with its cells for good, so only who is together is the same
    assert by_theme(partition, mentions) == by_theme(whole, mentions)
    assert partition.placements == whole.placements


@many
@given(st.randoms(use_true_random=False), st.integers(4, 30))
def test_newer_mentions_never_change_what_is_from_an_earlier_span(random: Random, size: int) -> None:
    mentions = sorted(crowd(random, size), key=lambda one: one.rank)
    later = [one.model_copy(update={"said_at": one.said_at + SPAN}) for one in mentions[size // 2 :]]
    old, new = mentions[: size // 2], later
    before = afresh(old, settings=SMALL)
    done = regroup([*old, *new], before, settings=SMALL, now=NOW)
    assert {placed.mention_id for placed in done.placements if before.placements.get(placed.mention_id)} == set()
    after = stored(before, done)
    joined = {event.theme_id for event in done.lineage if event.change == "joined"}
    moved = {one.id for one in old if themes(before, old)[one.id] != themes(after, old)[one.id]}
    assert all(themes(before, old)[number] in joined for number in moved)


class History:
    """Mentions that come, go, change and are judged, grouped after each step."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.mentions: dict[int, Mention] = {}
        self.verdicts: list[Verdict] = []
        self.partition = Partition(lexicon=WEIGHED)
        self.number = 0

    def step(self) -> None:
        holes: list[str] = []
        for _ in range(self.random.choice([1, 1, 2, 4])):
            holes += self._change()
        self.partition = afresh(
            list(self.mentions.values()), self.partition, verdicts=self.verdicts, holes=holes, settings=SMALL
        )

    def _change(self) -> list[str]:
        what = self.random.choice(["new", "new", "new", "delete", "deleted row", "re-read", "verdict"])
        if what == "new" or len(self.mentions) < 3:
            self._add()
        elif what == "verdict":
            one, other = self.random.sample(sorted(self.mentions.values(), key=lambda one: one.id), 2)
            same = self.random.random() < 0.5
            self.verdicts.append(verdict(one, other, same=same, at=len(self.verdicts)))
        else:
            return self._remove(what)
        return []

    def _add(self) -> None:
        self.number += 1
        self.mentions[self.number] = told(self.number, self.random)

    def _remove(self, what: str) -> list[str]:
        gone = self.random.choice(sorted(self.mentions))
        lost = self.mentions.pop(gone)
        if what == "re-read":
            self.number += 1
            text = lost.summary if self.random.random() < 0.5 else f"{lost.summary} again"
            update = {"id": self.number, "summary": text}
            self.mentions[self.number] = lost.model_copy(update=update)
        placed = self.partition.placements.get(gone)
        if what == "delete" or placed is None:
            return []
        self.partition = without(self.partition, [gone])
        return [placed.cell_id] if placed.core else []


@pytest.mark.parametrize("seed", range(25))
def test_any_history_ends_where_starting_afresh_does(seed: int) -> None:
    for sub in range(40):
        history = History(Random(seed * 1000 + sub))
        for _ in range(history.random.randrange(2, 7)):
            history.step()
        mentions = list(history.mentions.values())
        whole = afresh(mentions, verdicts=history.verdicts, settings=SMALL)
        assert by_cell(history.partition, mentions) == by_cell(whole, mentions), (seed, sub)
        assert by_theme(history.partition, mentions) == by_theme(whole, mentions), (seed, sub)


def test_defaults_hold_together() -> None:
    assert SETTINGS.doubt_from <= SETTINGS.same_theme <= SETTINGS.doubt_to <= 1
    assert SETTINGS.doubt_from <= SETTINGS.same_matter <= SETTINGS.doubt_to
