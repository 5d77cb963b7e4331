"""What was said in an erased conversation goes out of themes, decisions and the backlog too."""

from typing import Any

import pytest
from store_samples import NOW, conversation, group, insight, keep, query, read, value

from earshot.domain.backlog import (
    BacklogItem,
    Evidence,
    ExistingItem,
    ItemEdit,
    ItemText,
    ItemType,
    Link,
    Match,
    Standing,
    Urgency,
)
from earshot.domain.grouping import (
    Candidate,
    Change,
    Decider,
    Doubt,
    Edit,
    EditKind,
    Lineage,
    Mention,
    Proposal,
    Verdict,
)
from earshot.domain.rice import Estimate, Factor, Rice, RiceScore, Source
from earshot.ports.source import Deletion
from earshot.store import PostgresStore
from earshot.store.item_scrubbing import WITHDRAWN
from earshot.store.unit import PostgresUnit

CANARY = "zyxomatic"
"""A word that only the erased conversation says."""
PHRASE = "our whole team cannot see it"
"""Common words in a row that only the erased conversation says."""
GONE = conversation(1, f"The {CANARY} export stops half way, {PHRASE}.", external_id="215473840021111")
LEFT = conversation(2, "The export stops half way since Monday and the whole team waits.")
OTHER = conversation(3, "Our export cannot see the team it stops at.")
ALONE = conversation(4, "A matter of its own: lamps.")


async def fill(store: PostgresStore) -> dict[str, Mention]:
    """A theme of three conversations and one of one; the canary in every text that people or models write."""
    given = (GONE, LEFT, OTHER, ALONE)
    await keep(store, *given)
    await read(store, *map(insight, given))
    await group(store, {c.messages[0].text: "one" for c in given[:3]} | {ALONE.messages[0].text: "two"})
    async with store.unit() as unit:
        mentions = {m.conversation_id: m for m in await unit.themes.mentions(9)}
        await decide(unit, mentions)
        await draft(unit)
        await unit.commit()
    await query(store, "update theme set title = $1, named_by = 'model', named_size = 3 where id = 'one'", TITLE)
    await query(store, "update theme set description = $1 where id = 'one'", f"Customers say that {PHRASE}.")
    await query(store, PLACED, f"both: {CANARY}")
    return mentions


PLACED = "update placement set reason = $1 where cell_id = 'one'"
TITLE = f"Export of {CANARY} stops"


async def decide(unit: PostgresUnit, mentions: dict[str, Mention]) -> None:
    gone, left = mentions[GONE.id], mentions[LEFT.id]
    await unit.themes.edit(edit("e1", EditKind.MOVE, (GONE.id, LEFT.id), reason=f"the {CANARY} customer"))
    await unit.themes.edit(edit("e2", EditKind.SPLIT, (GONE.id,)))
    await unit.themes.edit(edit("e3", EditKind.RENAME, (), title=f"{CANARY} trouble"))
    event = Lineage(theme_id="one", change=Change.MERGED, other_id="old", reason=f"says: {PHRASE}", at=NOW)
    await unit.themes.record([event, event.model_copy(update={"reason": "the same export"})])
    await unit.themes.judge(
        [verdict(gone.digest, left.digest), verdict(left.digest, "x"), verdict("one", "jira:1")]
    )
    await unit.themes.ask(
        [
            doubt(gone, Candidate(id="one", digest=left.digest, title="Export", probability=0.5)),
            doubt(
                left,
                Candidate(id="one", digest=gone.digest, title="Export", text=gone.summary, probability=0.5),
                Candidate(id="one", digest="kept", title="Export", probability=0.4),
            ),
            doubt(mentions[OTHER.id], Candidate(id="one", digest="d", title=TITLE, probability=0.5)),
        ]
    )
    await unit.themes.propose(
        [Proposal(one_id="one", other_id="two", probability=0.6, reason=f"both: {CANARY}", proposed_at=NOW)]
    )
    await unit.themes.keep_embeddings("m", {gone.digest: [1.0], left.digest: [0.5]})


async def draft(unit: PostgresUnit) -> None:
    (evidence,) = (await unit.backlog.evidence(["one"])).values()
    (alone,) = (await unit.backlog.evidence(["two"])).values()
    quotes = tuple(quote for quote, _ in await unit.backlog.quotes("one", limit=3))
    lamps = ItemText(
        title="Lamps", description="L", acceptance_criteria=("l",), issue_type=ItemType.TASK, priority=Urgency.P3
    )
    await unit.backlog.save(
        [item("i1", "one", evidence.model_copy(update={"quotes": quotes})), item("i2", "two", alone, text=lamps)]
    )
    await unit.backlog.edit(
        [
            ItemEdit(item_id="i1", field="labels", value='["kept"]', reason="ours", actor="me", at=NOW),
            ItemEdit(item_id="i1", field="title", value=f'"{CANARY}"', actor="me", at=NOW),
        ]
    )
    await unit.backlog.match([match("one", f"says {CANARY}"), match("two", "lamps")])


def edit(number: str, kind: EditKind, conversations: tuple[str, ...], **more: Any) -> Edit:
    return Edit(
        id=number,
        kind=kind,
        theme_id="one",
        into_id=None if kind is EditKind.RENAME else "two",
        conversations=conversations,
        actor="me",
        made_at=NOW,
        **more,
    )


def verdict(one: str, other: str) -> Verdict:
    return Verdict(
        one=one, other=other, same=True, reason=f"both {CANARY}", decided_by=Decider.MODEL, decided_at=NOW
    )


def doubt(mention: Mention, *candidates: Candidate) -> Doubt:
    return Doubt(
        digest=mention.digest,
        mention_id=mention.id,
        conversation_id=mention.conversation_id,
        title=mention.summary,
        candidates=candidates,
    )


def match(theme: str, reason: str) -> Match:
    return Match(
        theme_id=theme, item_id="jira:1", probability=0.5, standing=Standing.UNSURE, reason=reason, decided_at=NOW
    )


def item(number: str, theme: str, evidence: Evidence, **more: Any) -> BacklogItem:
    text = more.get("text") or ItemText(
        title=f"The {CANARY} export",
        description=f"A customer says: {PHRASE}.",
        acceptance_criteria=(f"The {CANARY} export is whole.",),
        labels=("export", CANARY),
        issue_type=ItemType.BUG,
        priority=Urgency.P1,
    )
    score = RiceScore(
        reach=1, impact=1.0, confidence=1.0, effort_weeks=1, rice_score=1.0, reasoning=f"the {CANARY} matters"
    )
    estimate = Estimate(factor=Factor.IMPACT, value=1.0, source=Source.MODEL, reason=f"says {CANARY}")
    return BacklogItem(
        id=number,
        theme_id=theme,
        text=text,
        rice=None
        if "text" in more
        else Rice(score=score, estimates=(estimate,), lines=(f"because {CANARY}", "Reach 1")),
        evidence=evidence,
        drafted_by=Decider.MODEL,
        drafted_as="draft-1",
        created_at=NOW,
        updated_at=NOW,
    )


async def everything(store: PostgresStore) -> str:
    """All rows of all tables but the conversations that stay, as one text."""
    tables = await query(
        store,
        """select relname from pg_class where relnamespace = 'earshot'::regnamespace and relkind = 'r'
        and relname <> 'revision' order by 1""",
    )
    rows = [await query(store, f"select t::text from {row[0]} t") for row in tables]
    return "\n".join(row[0] for found in rows for row in found)


async def erase(unit: PostgresUnit) -> None:
    await unit.erasure.conversation(GONE.id)


async def erase_person(unit: PostgresUnit) -> None:
    assert GONE.customer is not None
    await unit.erasure.contact(GONE.customer.id)


async def tombstone(unit: PostgresUnit) -> None:
    await unit.conversations.delete("intercom", [Deletion(external_id=GONE.external_id, deleted_at=NOW)])


@pytest.mark.parametrize("how", [erase, erase_person, tombstone])
async def test_nothing_of_an_erased_conversation_stays(store: PostgresStore, how: Any) -> None:
    await fill(store)
    before = await everything(store)
    assert before.count(CANARY) > 20
    assert before.count(PHRASE) > 4
    async with store.unit() as unit:
        await how(unit)
        await unit.figures.refresh()
        await unit.commit()
    after = await everything(store)
    assert CANARY not in after
    assert PHRASE not in after
    if how is not tombstone:
        assert GONE.id not in after
        async with store.unit() as unit:
            assert await unit.erasure.traces(GONE.id) == {}


async def test_what_does_not_rest_on_it_stays(store: PostgresStore) -> None:
    mentions = await fill(store)
    async with store.unit() as unit:
        await erase(unit)
        await unit.figures.refresh()
        await unit.commit()
    async with store.unit() as unit:
        edits = await unit.themes.edits()
        assert [(e.id, e.conversations, e.title) for e in edits] == [("e1", (LEFT.id,), None), ("e3", (), None)]
        assert [e.reason for e in await unit.themes.lineage("one", limit=9)] == ["the same export", ""]
        left = mentions[LEFT.id].digest
        assert [(v.one, v.other, v.reason) for v in await unit.themes.verdicts()] == [
            *sorted([(left, "x", ""), ("one", "jira:1", "")])
        ]
        (asked,) = [d for d in await unit.themes.doubts(9) if d.digest == left]
        assert [c.digest for c in asked.candidates] == ["kept"]
        assert await unit.themes.embeddings("m", [left, mentions[GONE.id].digest]) == {left: [0.5]}
        assert await unit.themes.holes() == ["one"]
        (head,) = [h for h in (await unit.themes.partition()).heads.values() if h.id == "one"]
        assert (head.title, head.description, head.named_by, head.named_size) == (
            LEFT.messages[0].text,
            "",
            Decider.SCORE,
            0,
        )


async def test_a_backlog_item_is_freed_and_recounted(store: PostgresStore) -> None:
    await fill(store)
    async with store.unit() as unit:
        await erase(unit)
        await unit.commit()
    async with store.unit() as unit:
        found = await unit.backlog.get("i1")
        assert found is not None
        assert (found.drafted_as, found.text.labels, found.edited) == (WITHDRAWN, ("kept",), ("labels",))
        assert found.text.title == found.text.description == LEFT.messages[0].text
        assert [c.conversation_id for c in found.evidence.links] == [OTHER.id, LEFT.id]
        assert (found.evidence.conversations, found.evidence.customers) == (2, 2)
        assert [q.conversation_id for q in found.evidence.quotes] == [OTHER.id, LEFT.id]
        assert found.rice is not None
        assert found.rice.lines == ("", "Reach 1")
        assert found.rice.score.rice_score == 1.0


async def test_words_that_strayed_into_other_themes_go_too(store: PostgresStore) -> None:
    await fill(store)
    await query(store, "update theme set description = $1 where id = 'two'", f"Lamps, unlike the {CANARY} export.")
    async with store.unit() as unit:
        (evidence,) = (await unit.backlog.evidence(["one"])).values()
        await unit.backlog.save([item("i3", "merged away", evidence)])
        event = Lineage(theme_id="two", change=Change.JOINED, other_id="x", reason=f"both: {CANARY}", at=NOW)
        await unit.themes.record([event])
        await unit.commit()
    async with store.unit() as unit:
        await erase(unit)
        await unit.commit()
    assert CANARY not in await everything(store)
    async with store.unit() as unit:
        (two,) = [h for h in (await unit.themes.partition()).heads.values() if h.id == "two"]
        assert (two.title, two.description) == (ALONE.messages[0].text, "")
        assert sorted(one.id for one in await unit.backlog.items()) == ["i1", "i2"]


async def test_an_item_goes_with_its_theme(store: PostgresStore) -> None:
    await fill(store)
    async with store.unit() as unit:
        await unit.erasure.conversation(ALONE.id)
        await unit.commit()
    async with store.unit() as unit:
        assert [one.id for one in await unit.backlog.items()] == ["i1"]
        assert [m.theme_id for m in await unit.backlog.matches()] == ["one"]
    assert await value(store, "select count(*) from theme where id = 'two'") == 0


async def test_a_person_named_by_others_is_masked_there(store: PostgresStore) -> None:
    await fill(store)
    mail = "jane.roe@corp.example"
    async with store.unit() as unit:
        await unit.backlog.import_items(
            [ExistingItem(id="jira:9", source="jira", key="9", title=f"Ask {mail}", labels=(mail, "b"))]
        )
        await unit.themes.edit(edit("e9", EditKind.RENAME, (), title="t", reason=f"told by {mail}"))
        await unit.backlog.edit([ItemEdit(item_id="i1", field="title", value=f'"for {mail}"', actor="me", at=NOW)])
        evidence = (await unit.backlog.evidence(["one"]))["one"]
        link = Link(conversation_id="x", url=f"https://inbox.example/?{mail}")
        await unit.backlog.save([item("i3", "one", evidence.model_copy(update={"links": (link,)}))])
        await unit.commit()
    await query(store, "update finding set summary = $1 where conversation_id = $2", f"mail {mail}", LEFT.id)
    await query(store, "update core set words = mention_words($1, '')", f"mail {mail}")
    async with store.unit() as unit:
        before = await unit.erasure.traces(mail)
        assert before.keys() >= {"existing_item", "theme_edit", "item_edit", "backlog_item", "finding", "core"}
        await query(
            store, "delete from core where finding_id not in (select id from finding where summary like 'm%')"
        )
        await unit.erasure.contact(mail)
        await unit.commit()
    async with store.unit() as unit:
        assert await unit.erasure.traces(mail) == {}
        assert await unit.themes.count_unplaced() == 1, "its text is another now"
    assert await value(store, "select labels from existing_item") == ["[erased]", "b"]


async def test_a_re_reading_leaves_people_s_changes_alone(store: PostgresStore) -> None:
    await fill(store)
    await read(store, insight(GONE, summary="something else"))
    async with store.unit() as unit:
        assert [e.conversations for e in await unit.themes.edits()][:2] == [(GONE.id, LEFT.id), (GONE.id,)]
