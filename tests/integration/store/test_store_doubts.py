"""Verdicts, doubts, proposals, edits, lineage and embeddings are remembered as they should."""

from datetime import timedelta
from typing import Any

from store_samples import NOW, conversation, group, insight, keep, read

from earshot.domain.grouping import (
    Candidate,
    Change,
    Decider,
    Doubt,
    Edit,
    EditKind,
    Lineage,
    Proposal,
    Verdict,
)
from earshot.store import PostgresStore

LATER = NOW + timedelta(hours=1)


def verdict(one: str, other: str, **changes: Any) -> Verdict:
    values: dict[str, Any] = {"same": True, "decided_by": Decider.MODEL, "decided_at": NOW, "reason": "r\x00"}
    return Verdict.model_validate({"one": one, "other": other} | values | changes)


def doubt(digest: str, *candidates: tuple[str, float], **more: Any) -> Doubt:
    return Doubt(
        digest=digest,
        title=f"about {digest}",
        candidates=tuple(Candidate(id=f"c-{d}", digest=d, title=d, probability=p) for d, p in candidates),
        **more,
    )


async def test_a_person_s_verdict_is_never_replaced_by_a_model_s(store: PostgresStore) -> None:
    async with store.unit() as unit:
        await unit.themes.judge([verdict("a", "b"), verdict("a", "c", same=False, confidence=0.75)])
        await unit.themes.judge([verdict("a", "b", same=False, decided_by="person", decided_at=LATER)])
        await unit.themes.judge([verdict("a", "b"), verdict("a", "c"), verdict("d", "e")])
        found = await unit.themes.verdicts(["a"])
        assert [(v.other, v.same, v.decided_by) for v in found] == [
            ("b", False, Decider.PERSON),
            ("c", True, Decider.MODEL),
        ]
        assert found[1].reason == "r"
        assert len(await unit.themes.verdicts()) == 3
        assert await unit.themes.verdicts([]) == []
        both = [verdict("x", "y", decided_by="person"), verdict("x", "y", same=False, decided_at=LATER)]
        await unit.themes.judge(both)
        assert [v.same for v in await unit.themes.verdicts(["x"])] == [True], "also within one call"


async def test_doubts_wait_until_they_are_judged(store: PostgresStore) -> None:
    async with store.unit() as unit:
        first = doubt("a", ("x", 0.4), ("y", 0.3))
        await unit.themes.ask([first, doubt("b", ("z", 0.6)), doubt("c", ("x", 0.5), theme_id="t")])
        assert [d.digest for d in await unit.themes.doubts(9)] == ["b", "c", "a"]
        assert [d.digest for d in await unit.themes.doubts(1)] == ["b"]
        await unit.themes.judge([verdict("b", "z", same=False), verdict("t", "c-x", same=False)])
        assert await unit.themes.doubts(9) == [first], "about a theme: by its id and the item's"
        await unit.themes.judge([verdict("a", "y", same=False)])
        assert [d.digest for d in await unit.themes.doubts(9)] == ["a"], "one candidate is still open"
        await unit.themes.judge([verdict("y", "a", decided_by="person")])
        assert await unit.themes.doubts(9) == [], "the other way round it is the same question"
        await unit.themes.ask([doubt("a", ("new", 0.5))])
        assert [d.candidates[0].digest for d in await unit.themes.doubts(9)] == ["new"]
        await unit.themes.settle(["a", "b"])
        assert await unit.themes.doubts(9) == []


async def test_a_doubt_goes_with_its_mention(store: PostgresStore) -> None:
    c = conversation(1)
    await keep(store, c)
    await read(store, insight(c))
    async with store.unit() as unit:
        (mention,) = await unit.themes.mentions(9)
        await unit.themes.ask(
            [doubt("a", ("x", 0.4), mention_id=mention.id), doubt("b", ("x", 0.4), mention_id=999)]
        )
        assert [d.digest for d in await unit.themes.doubts(9)] == ["a"]
        await unit.commit()
    await read(store, insight(c, summary="something else"))
    async with store.unit() as unit:
        assert await unit.themes.doubts(9) == []


async def test_another_reading_takes_what_hung_on_the_old_text_but_not_a_person_s_word(
    store: PostgresStore,
) -> None:
    c, other = conversation(1), conversation(2)
    await keep(store, c, other)
    await read(store, insight(c), insight(other, summary="other"))
    await group(store, {})
    async with store.unit() as unit:
        old, kept = await unit.themes.mentions(9)
        await unit.themes.judge([verdict(old.digest, kept.digest), verdict(kept.digest, "x")])
        await unit.themes.judge([verdict("y", old.digest, decided_by="person")])
        await unit.themes.keep_embeddings("m", {old.digest: [1.0], kept.digest: [0.5]})
        await unit.commit()
    await read(store, insight(c, summary="something else"))
    async with store.unit() as unit:
        found = await unit.themes.verdicts()
        assert sorted((v.other, v.decided_by, v.reason) for v in found) == sorted(
            [("x", Decider.MODEL, "r"), (old.digest, Decider.PERSON, "")]
        )
        assert await unit.themes.embeddings("m", [old.digest, kept.digest]) == {kept.digest: [0.5]}


async def test_a_refused_proposal_never_comes_back(store: PostgresStore) -> None:
    given = [conversation(n, f"text {n}") for n in range(3)]
    await keep(store, *given)
    await read(store, *map(insight, given))
    await group(store, {f"text {n}": f"t{n}" for n in range(3)})
    proposals = [
        Proposal(one_id="t0", other_id="t1", probability=0.6, reason="r", proposed_at=NOW),
        Proposal(one_id="t2", other_id="t0", probability=0.7, proposed_at=NOW),
        Proposal(one_id="t0", other_id="gone", probability=0.9, proposed_at=NOW),
    ]
    async with store.unit() as unit:
        await unit.themes.propose(proposals)
        assert [(p.one_id, p.other_id) for p in await unit.themes.proposals()] == [("t0", "t2"), ("t0", "t1")]
        await unit.themes.refuse("t2", "t0", actor="me", at=NOW)
        await unit.themes.refuse("t1", "t2", actor="me", at=NOW)
        await unit.themes.propose([*proposals, proposals[0].model_copy(update={"one_id": "t1", "other_id": "t2"})])
        assert [(p.one_id, p.other_id) for p in await unit.themes.proposals()] == [("t0", "t1")]
        await unit.themes.propose([])
        assert await unit.themes.proposals() == []


async def test_edits_are_in_force_until_they_are_undone(store: PostgresStore) -> None:
    edit = Edit(
        id="e2",
        kind=EditKind.SPLIT,
        theme_id="a",
        into_id="b",
        conversations=("2", "1"),
        actor="me",
        reason="two things",
        made_at=NOW,
    )
    rename = Edit(
        id="e1", kind=EditKind.RENAME, theme_id="a", title="T", description="D", actor="me", made_at=LATER
    )
    undone = edit.model_copy(update={"undone_at": LATER})
    async with store.unit() as unit:
        await unit.themes.edit(rename)
        await unit.themes.edit(edit)
        assert await unit.themes.edits() == [edit, rename]
        assert (await unit.themes.partition()).edits == (edit, rename)
        await unit.themes.edit(undone)
        assert await unit.themes.edits() == [rename]
        assert await unit.themes.edits(undone=True) == [undone, rename]


async def test_lineage_is_told_from_both_sides_newest_first(store: PostgresStore) -> None:
    def event(theme: str, change: Change, other: str | None, hours: int) -> Lineage:
        return Lineage(theme_id=theme, change=change, other_id=other, mentions=2, at=NOW + timedelta(hours=hours))

    events = [event("a", Change.BORN, None, 0), event("b", Change.BORN, None, 0), event("b", Change.MERGED, "a", 1)]
    async with store.unit() as unit:
        await unit.themes.record(events)
        await unit.themes.record([])
        assert await unit.themes.lineage("a", limit=9) == [events[2], events[0]]
        assert await unit.themes.lineage(None, limit=2) == [events[2], events[1]]
        assert await unit.themes.lineage("c", limit=9) == []


async def test_embeddings_are_kept_by_model(store: PostgresStore) -> None:
    async with store.unit() as unit:
        await unit.themes.keep_embeddings("m1", {"a": [0.5, -0.25], "b": [1.0, 0.0]})
        await unit.themes.keep_embeddings("m2", {"a": [0.125]})
        await unit.themes.keep_embeddings("m1", {"b": [0.0, 1.0]})
        await unit.themes.keep_embeddings("m1", {})
        assert await unit.themes.embeddings("m1", ["a", "b", "c"]) == {"a": [0.5, -0.25], "b": [0.0, 1.0]}
        assert await unit.themes.embeddings("m2", ["a"]) == {"a": [0.125]}
