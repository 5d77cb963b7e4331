"""The queue over HTTP: what waits, one decision after the other, what it does, and the last one undone."""

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from earshot.domain.backlog import ExistingItem, Match, Standing
from earshot.domain.grouping import Proposal
from earshot.domain.queue import QueueKind
from earshot.errors import BadInput, Rejected, Transient
from earshot.pipeline.acting.people import take_off
from earshot.pipeline.backlog.deciding import say
from earshot.pipeline.backlog.locks import BACKLOG
from earshot.pipeline.correcting import correct
from earshot.pipeline.pages.queue.entries import Given
from earshot.pipeline.pages.queue.page import answer
from tests.pages.conftest import OpenSite
from tests.pages.sites import NOW, Open

TOKENS = {"web_token": "admin-token-0123456789", "web_viewer_token": "viewer-token-0123456789"}


def subject_of(page: str) -> str:
    """The entry that a page asks about."""
    found = re.search(r'name="subject" value="([^"]+)"', page)
    assert found is not None
    return found[1]


def left(page: str, title: str) -> int:
    """How many entries of a kind a page says are left."""
    found = re.search(rf"{title} <span>([\d,]+)</span>", page)
    assert found is not None, title
    return int(found[1].replace(",", ""))


async def decide(here: Open, kind: str, answer: str, **more: Any) -> tuple[str, str]:
    """Answer the entry that the page of a kind shows; its subject, and the page that follows."""
    page = await here.page(f"/queue?kind={kind}")
    subject = subject_of(page)
    version = re.search(r'name="version" value="([^"]+)"', page)
    fields: dict[str, Any] = {"version": version[1]} if version else {}
    fields |= {"subject": subject, "answer": answer, "at": "0", **more}
    sent = await here.send(f"/queue/{kind}", seen=f"/queue?kind={kind}", **fields)
    return subject, await here.page(sent.headers["location"])


async def undo(here: Open, page: str) -> str:
    """Press undo on a page; the page that follows."""
    number = re.search(r'name="decision" value="(\d+)"', page)
    assert number is not None
    sent = await here.send("/queue/undo", seen="/queue", decision=number[1])
    return await here.page(sent.headers["location"])


async def refused(here: Open, page: str) -> None:
    """Press undo on a page; it is refused and the decision stands."""
    number = re.search(r'name="decision" value="(\d+)"', page)
    assert number is not None
    await here.send("/queue/undo", seen="/queue", status=409, decision=number[1])
    assert await here.value("select count(*) from queue_decision where undone_at is null") == 1


async def test_counts_of_every_kind_are_the_databases(here: Open) -> None:
    page = await here.page("/queue")
    rules = "select count(*) from action where kind = 'ADD_TO_PM_QUEUE' and status = 'PENDING'"
    assert left(page, "From rules") == await here.value(rules) > 10
    unsure = "select count(*) from conversation_insights where confidence < 0.5"
    assert left(page, "Unsure readings") == await here.value(unsure) > 10
    assert left(page, "Unread") == await here.value("select count(*) from unread")
    assert (
        left(page, "Doubtful mentions") == await here.value("select count(*) from doubt where mention_id > 0") > 3
    )
    assert "aria-current" in page


async def test_who_pays_most_comes_first(here: Open) -> None:
    most = await here.value(
        """select max(acc.mrr) from action a join conversation_insights i using (conversation_id)
        join account acc on acc.id = i.account where a.kind = 'ADD_TO_PM_QUEUE'"""
    )
    assert f"MRR behind it ${most:,.0f}" in await here.page("/queue?kind=actions")


@pytest.mark.parametrize(("answer", "status"), [("take", "COMPLETED"), ("drop", "DISCARDED")])
async def test_an_entry_of_a_rule_is_taken_off_and_comes_back(here: Open, answer: str, status: str) -> None:
    before = left(await here.page("/queue"), "From rules")
    key, page = await decide(here, "actions", answer, reason="seen")
    assert await here.value("select status from action where key = $1", key) == status
    told = await here.value("select status from escalation_actions where action_key = $1", key)
    assert told == status
    assert left(page, "From rules") == before - 1
    assert subject_of(page) != key
    [kept] = await here.rows("select kind, answer, actor, reason from queue_decision")
    assert kept == {"kind": "actions", "answer": answer, "actor": "local", "reason": "seen"}
    again = await undo(here, page)
    assert await here.value("select status from action where key = $1", key) == "PENDING"
    assert subject_of(again) == key
    assert left(again, "From rules") == before


async def test_an_entry_becomes_a_backlog_item(here: Open) -> None:
    await here.rows("delete from backlog_item")
    key, _ = await decide(here, "actions", "item")
    made = await here.value(
        """select count(*) from backlog_item b join finding f on f.theme_id = b.theme_id
        join action a on a.conversation_id = f.conversation_id where a.key = $1 and f.position = 0""",
        key,
    )
    assert made == 1


async def test_an_entry_waits_on_while_its_item_cannot_be_made(here: Open) -> None:
    await here.rows("delete from backlog_item")
    key = subject_of(await here.page("/queue?kind=actions"))
    parts, given = here.earshot.parts, Given(subject=key, answer="item")
    hasty = replace(parts, store=parts.store.patient(timedelta(milliseconds=50)))
    async with parts.store.exclusive(BACKLOG):
        with pytest.raises(Transient):
            await answer(hasty, QueueKind.ACTIONS, given=given)
    assert await here.value("select status from action where key = $1", key) == "PENDING"
    await answer(parts, QueueKind.ACTIONS, given=given)
    assert await here.value("select status from action where key = $1", key) == "COMPLETED"
    assert await here.value("select count(*) from backlog_item") == 1
    with pytest.raises(Rejected):
        await answer(parts, QueueKind.ACTIONS, given=given)


async def test_what_somebody_decided_meanwhile_is_not_decided_twice(here: Open) -> None:
    key, page = await decide(here, "actions", "take")
    sent = await here.send("/queue/actions", seen="/queue?kind=actions", subject=key, answer="drop", at="0")
    assert "Somebody decided that meanwhile" in await here.page(sent.headers["location"])
    assert await here.value("select status from action where key = $1", key) == "COMPLETED"
    assert subject_of(page) != key


@pytest.fixture
async def doubled(here: Open) -> tuple[Open, str]:
    """A site whose tracker has something like a theme with an item; the theme's id."""
    theme = await here.value("select theme_id from backlog_item order by score desc limit 1")
    item = ExistingItem(
        id="jira:ENG-7",
        source="jira",
        key="ENG-7",
        title="Much the same <b>bold</b>",
        status="To Do",
        description="It fails on <i>Mondays</i>",
    )
    match = Match(theme_id=theme, item_id=item.id, probability=0.72, standing=Standing.UNSURE, decided_at=NOW)
    async with here.earshot.parts.store.unit() as unit:
        await unit.backlog.import_items([item])
        await unit.backlog.match([match])
        await unit.commit()
    return here, theme


async def status_of(here: Open, theme: str) -> str:
    """Where the item of a theme stands."""
    async with here.earshot.parts.store.unit() as unit:
        [item] = await unit.backlog.of_theme(theme)
    return item.status.value


async def test_a_duplicate_is_said_and_taken_back(doubled: tuple[Open, str]) -> None:
    here, theme = doubled
    page = await here.page("/queue?kind=duplicates")
    assert "ENG-7 Much the same &lt;b&gt;bold" in page
    assert "It fails on &lt;i&gt;Mondays" in page
    assert "72%" in page
    _, after = await decide(here, "duplicates", "same", reason="both know")
    kept = "select standing || ' ' || decided_by from match where item_id = 'jira:ENG-7'"
    assert await here.value(kept) == "same person"
    assert await status_of(here, theme) == "discarded"
    again = await undo(here, after)
    assert await here.value(kept) == "unsure score"
    assert await here.value("select count(*) from verdict where other = 'jira:ENG-7'") == 0
    assert await status_of(here, theme) == "draft"
    assert subject_of(again) == f"{theme} jira:ENG-7"
    _, gone = await decide(here, "duplicates", "different")
    assert await here.value(kept) == "different person"
    assert left(gone, "Possible duplicates") == 0


@pytest.mark.parametrize(("mine", "theirs"), [("same", False), ("different", True)])
async def test_undo_leaves_a_later_word_about_a_duplicate_alone(
    doubled: tuple[Open, str], mine: str, theirs: bool
) -> None:
    here, theme = doubled
    _, after = await decide(here, "duplicates", mine)
    await say(replace(here.earshot.parts, actor="zoe"), theme, item="jira:ENG-7", same=theirs, reason="I know")
    kept = "select standing || ' ' || reason from match where item_id = 'jira:ENG-7'"
    stood = await here.value(kept)
    await refused(here, after)
    assert await here.value(kept) == stood
    assert await here.value("select decided_as from verdict where other = 'jira:ENG-7'") == "zoe"


@pytest.fixture
async def proposed(here: Open) -> tuple[Open, list[str]]:
    """A site with a proposal to merge two themes; their ids."""
    rows = await here.rows("select id from theme order by conversations desc, id limit 2")
    ids = sorted(row["id"] for row in rows)
    proposal = Proposal(one_id=ids[0], other_id=ids[1], probability=0.8, proposed_at=NOW)
    async with here.earshot.parts.store.unit() as unit:
        await unit.themes.propose([proposal])
        await unit.commit()
    return here, ids


async def test_two_themes_are_merged_and_parted_again(proposed: tuple[Open, list[str]]) -> None:
    here, ids = proposed
    _, after = await decide(here, "merges", "merge")
    assert await here.value("select count(*) from theme_edit where kind = 'merge' and undone_at is null") == 1
    living = "select count(*) from theme where id = any($1) and conversations > 0"
    assert await here.value(living, ids) == 1
    await undo(here, after)
    assert await here.value("select count(*) from theme_edit where undone_at is null") == 0


async def test_two_themes_stay_two_and_are_proposed_again(proposed: tuple[Open, list[str]]) -> None:
    here, ids = proposed
    _, after = await decide(here, "merges", "apart")
    assert left(after, r"One theme or two\?") == 0
    again = await undo(here, after)
    assert left(again, r"One theme or two\?") == 1
    assert subject_of(again) == " ".join(ids)


async def test_a_doubt_is_settled_and_asked_again_after_undo(here: Open) -> None:
    before = await here.value("select count(*) from doubt")
    digest, after = await decide(here, "doubts", "none")
    said = "select count(*) from verdict where one = $1 and decided_by = 'person' and not same"
    assert await here.value(said, digest) >= 1
    assert await here.value("select count(*) from doubt where digest = $1", digest) == 0
    assert left(after, "Doubtful mentions") < before
    again = await undo(here, after)
    assert await here.value(said, digest) == 0
    assert subject_of(again) == digest


async def test_an_unsure_reading_is_confirmed(here: Open) -> None:
    before = left(await here.page("/queue"), "Unsure readings")
    conversation, after = await decide(here, "readings", "right")
    assert left(after, "Unsure readings") == before - 1
    assert subject_of(after) != conversation
    assert subject_of(await undo(here, after)) == conversation


async def test_an_unsure_reading_is_corrected_in_place(here: Open) -> None:
    page = await here.page("/queue?kind=readings")
    conversation = subject_of(page)
    kept = "select priority from conversation_insights where conversation_id = $1"
    was = await here.value(kept, conversation)
    new = "LOW" if was != "LOW" else "HIGH"
    _, after = await decide(here, "readings", "correct", priority=new)
    assert await here.value(kept, conversation) == new
    assert "Corrected: priority." in after
    await undo(here, after)
    assert await here.value(kept, conversation) == was


async def test_undo_leaves_a_later_correction_of_somebody_else_alone(here: Open) -> None:
    conversation = subject_of(await here.page("/queue?kind=readings"))
    kept = "select priority || ' ' || sentiment from conversation_insights where conversation_id = $1"
    was = (await here.value(kept, conversation)).split()
    first, second = [one for one in ("LOW", "HIGH", "CRITICAL") if one != was[0]][:2]
    mood = "POSITIVE" if was[1] != "POSITIVE" else "NEGATIVE"
    _, after = await decide(here, "readings", "correct", priority=first, sentiment=mood)
    await correct(here.earshot.parts, conversation, field="priority", value=second)
    await refused(here, after)
    assert await here.value(kept, conversation) == f"{second} {mood}"


async def test_a_conversation_nobody_could_read_is_tried_again_or_left(here: Open) -> None:
    subject, after = await decide(here, "unread", "leave")
    assert left(after, "Unread") == 0
    await undo(here, after)
    tried = await here.value("select attempted_at from unread where conversation_id = $1", subject)
    await decide(here, "unread", "retry")
    assert await here.value("select attempted_at from unread where conversation_id = $1", subject) != tried


@pytest.mark.parametrize("kind", list(QueueKind))
async def test_every_kind_has_a_page(here: Open, kind: QueueKind) -> None:
    assert "aria-current" in await here.page(f"/queue?kind={kind.value}")
    gone = await here.page(f"/queue?kind={kind.value}&subject=no+such+thing")
    assert "decided meanwhile" in gone or "empty" in gone


@pytest.mark.parametrize("wrong", ["kind=nonsense", "at=-1", "at=x", "kind=actions&subject=%00"])
async def test_garbage_is_refused(here: Open, wrong: str) -> None:
    await here.page(f"/queue?{wrong}", status=422)


async def test_viewers_look_and_do_not_decide(open_site: OpenSite) -> None:
    site = await open_site(tokens=TOKENS)
    form = {
        "_seal": await site.seal("/login"),
        "next": "/queue",
        "name": "Vera",
        "token": TOKENS["web_viewer_token"],
    }
    await site.http.post("/login", data=form, headers={"Origin": site.url})
    page = await site.page("/queue?kind=actions")
    assert "Deciding is for editors." in page
    assert 'name="subject"' not in page
    key = await site.value("select key from action where kind = 'ADD_TO_PM_QUEUE' limit 1")
    await site.send("/queue/actions", seen="/queue", status=403, subject=key, answer="take")
    assert await site.value("select status from action where key = $1", key) == "PENDING"


async def test_entries_are_taken_off_without_the_page_too(here: Open) -> None:
    key = await here.value("select key from action where kind = 'ADD_TO_PM_QUEUE' order by key limit 1")
    [done] = await take_off(here.earshot.parts, [key], reason="not ours")
    assert done.key == key
    assert await here.value("select status from action where key = $1", key) == "DISCARDED"
    assert await here.value("select reason from queue_decision where subject = $1", key) == "not ours"
    assert await take_off(here.earshot.parts, [key]) == []
    other = await here.value("select key from action where kind = 'CREATE_JIRA_P0' limit 1")
    with pytest.raises(BadInput, match="not in the queue"):
        await take_off(here.earshot.parts, [other])


async def test_what_is_known_of_a_conversation_goes_with_it(here: Open) -> None:
    conversation, _ = await decide(here, "readings", "right")
    assert await here.value("select count(*) from queue_decision where subject = $1", conversation) == 1
    async with here.earshot.parts.store.unit() as unit:
        await unit.erasure.conversation(conversation)
        await unit.commit()
    assert await here.value("select count(*) from queue_decision where subject = $1", conversation) == 0
