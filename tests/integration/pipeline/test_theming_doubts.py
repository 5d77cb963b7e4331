"""Doubts, verdicts, refusals and consolidation: what people say is obeyed, remembered, and never overruled."""

import pytest

from earshot.domain.grouping import Decider, Mention, Verdict
from earshot.errors import BadInput, NotFound
from earshot.group.settings import GroupSettings
from earshot.pipeline.theming.consolidating import consolidate, consolidate_when_due
from earshot.pipeline.theming.doubting import decide, doubts, proposals, refuse
from earshot.pipeline.theming.edits import move, split
from earshot.pipeline.theming.group import group
from earshot.pipeline.theming.settling import obey
from earshot.store import PostgresStore
from tests.integration.pipeline.theming_world import (
    MANY,
    MATTERS,
    assert_counts_hold,
    every,
    grouped,
    held,
    tell,
    theme_of,
)
from tests.integration.store.store_samples import NOW

NEAR = [
    (0, "The CSV export stops half way with error 500"),
    (1, "The PDF export stops at once with error 403"),
]
"""Two texts about which a score can be in doubt."""


async def mention(store: PostgresStore, number: int) -> Mention:
    """The mention of a conversation."""
    async with store.unit() as unit:
        (found,) = [m for m in await unit.themes.mentions(MANY) if m.conversation_id == str(1000 + number)]
    return found


async def judged(store: PostgresStore, one: int, other: int, *, same: bool, by: Decider = Decider.MODEL) -> None:
    """Somebody said that two conversations tell the same matter, or not; nobody has obeyed yet."""
    verdict = Verdict(
        one=(await mention(store, one)).digest,
        other=(await mention(store, other)).digest,
        same=same,
        decided_by=by,
        decided_at=NOW,
    )
    async with store.unit() as unit:
        await unit.themes.judge([verdict])
        await unit.commit()


async def test_verdicts_are_obeyed_and_outlive_a_new_reading(store: PostgresStore) -> None:
    parts = await grouped(store, every("export", "login", each=2))
    await judged(store, 1, 0, same=True)
    assert await obey(parts) > 0
    assert await theme_of(store, 0) == await theme_of(store, 1)
    await tell(store, every("export", "login", each=2))
    await group(parts)
    assert await theme_of(store, 0) == await theme_of(store, 1)
    await assert_counts_hold(parts)


async def test_a_person_parts_what_the_score_put_together(store: PostgresStore) -> None:
    parts = await grouped(store, every("export"))
    await judged(store, 3, 0, same=True)
    await judged(store, 3, 0, same=False, by=Decider.PERSON)
    await judged(store, 3, 0, same=True)
    await obey(parts)
    async with store.unit() as unit:
        (kept,) = await unit.themes.verdicts()
    assert (kept.same, kept.decided_by) == (False, Decider.PERSON)
    await assert_counts_hold(parts)


async def test_a_doubt_is_settled_once(store: PostgresStore) -> None:
    parts = await grouped(store, NEAR, **_settings({"doubt_from": 0.0, "doubt_to": 1.0}))
    asked = await doubts(parts)
    assert asked, "with the widest band every pairing is doubtful"
    doubt = asked[0]
    settled = await decide(parts, doubt.digest[:10], same=True, candidate=1, reason="I know both")
    assert [(v.one, v.other, v.same, v.decided_by, v.decided_as) for v in settled.verdicts] == [
        (doubt.digest, doubt.candidates[0].digest, True, Decider.PERSON, "tester")
    ]
    assert await theme_of(store, 0) == await theme_of(store, 1)
    assert doubt.digest not in {one.digest for one in await doubts(parts)}
    await group(parts)
    assert doubt.digest not in {one.digest for one in await doubts(parts)}
    with pytest.raises(NotFound, match="no doubt"):
        await decide(parts, doubt.digest, same=True)


async def test_a_doubt_needs_a_clear_word(store: PostgresStore) -> None:
    parts = await grouped(store, NEAR, **_settings({"doubt_from": 0.0, "doubt_to": 1.0}))
    doubt = (await doubts(parts))[0]
    with pytest.raises(BadInput, match="no number 9"):
        await decide(parts, doubt.digest, same=True, candidate=9)
    before = await held(store)
    different = await decide(parts, doubt.digest, same=False)
    assert all(not verdict.same for verdict in different.verdicts)
    assert len(different.verdicts) == len(doubt.candidates)
    assert set(map(frozenset, (await held(store)).values())) >= {frozenset({"1000"}), frozenset({"1001"})}
    assert before


async def test_refused_themes_are_never_proposed_again(store: PostgresStore) -> None:
    parts = await grouped(store, every("export"))
    theme = await theme_of(store, 0)
    other = str((await split(parts, theme, conversations=["1002", "1003"])).edit.into_id)
    assert [(one.one_id, one.other_id) for one in (await consolidate(parts)).proposals] == [
        tuple(sorted((theme, other)))
    ]
    ((proposal, titles),) = await proposals(parts)
    assert all(titles)
    assert await refuse(parts, other, other=theme) == proposal
    assert (await consolidate(parts)).proposals == ()
    assert len(await held(store)) == 2
    with pytest.raises(BadInput, match="same theme"):
        await refuse(parts, theme, other=theme)


async def test_a_run_consolidates_when_enough_came_in(store: PostgresStore) -> None:
    parts = await grouped(store, every("export", "login"))
    assert await consolidate_when_due(parts, mentions=8, placed=8) is None, "the first grouping was from scratch"
    assert await consolidate_when_due(parts, mentions=8, placed=2) is None, "too few came in"
    assert await consolidate_when_due(parts, mentions=108, placed=60) is not None
    assert await consolidate_when_due(parts, mentions=900, placed=60) is None, "that was today"


async def test_agreement_leaves_out_what_people_changed(store: PostgresStore) -> None:
    parts = await grouped(store, every("export", "login", "invoice"))
    export, login = await theme_of(store, 0), await theme_of(store, 1)
    await move(parts, ["1003"], theme=export, into=login)
    found = await consolidate(parts)
    assert found.agreement == 1.0
    assert (found.themes, found.fresh) == (3, 3)


def _settings(group: dict[str, float]) -> dict[str, object]:
    return {"group": GroupSettings.model_validate(group)}


def test_matters_are_told_apart() -> None:
    assert len({text for texts in MATTERS.values() for text in texts}) == 16
