"""Themes of a whole workspace: against the planted truth, word for word, and after everything that can happen."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

import pytest

from earshot.domain.grouping import Decider, Verdict
from earshot.domain.report import BEGINNING, Window
from earshot.domain.theme import Theme
from earshot.pipeline.earshot import Earshot
from earshot.pipeline.theming.consolidating import consolidate
from earshot.pipeline.theming.edits import merge, split
from earshot.pipeline.theming.settling import obey
from earshot.sim.intercom.settings import SimSettings
from earshot.sim.intercom.simulator import IntercomSim
from earshot.sim.sample import generate, vocabulary
from tests.flow.conftest import Open

DAY = datetime(2026, 11, 20, 12, tzinfo=UTC)
"""When the sample's last conversation is: what is measured here must not depend on when it is run."""
SINCE = DAY - timedelta(days=100)
EVERYTHING = Window(start=BEGINNING, end=datetime(9000, 1, 1, tzinfo=UTC))
MANY = 100_000
MINE = 0.8
"""A theme is a matter's when it holds this share of its conversations, and this share of it is the matter."""


@pytest.fixture
def sim() -> IntercomSim:
    """A workspace in which matters come up several times."""
    world = generate(conversations=300, seed=7, now=DAY)
    return IntercomSim(world, settings=SimSettings(token="", rate_per_minute=600_000))


async def held(earshot: Earshot) -> dict[str, set[str]]:
    """The conversations of each theme."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    async with earshot.parts.store.unit() as unit:
        state = await unit.themes.partition()
        for mention in await unit.themes.mentions(MANY, placed=True):
            found[state.cells[state.placements[mention.id].cell_id]].add(mention.conversation_id)
    return dict(found)


async def themes(earshot: Earshot) -> list[Theme]:
    """All themes with all that is counted of them."""
    async with earshot.parts.store.unit() as unit:
        return await unit.themes.top(EVERYTHING, limit=MANY)


async def said(earshot: Earshot) -> dict[str, list[str]]:
    """What customers wrote, by conversation."""
    async with earshot.parts.store.unit() as unit:
        return {
            c.id: [message.text for message in c.customer_messages]
            async for batch in unit.conversations.export()
            for c in batch
            if not c.deleted
        }


def planted(sim: IntercomSim, read: Iterable[str]) -> dict[str, set[str]]:
    """The conversations that really raise each matter first, of those that were read."""
    known, found = set(read), defaultdict[str, set[str]](set)
    for truth in sim.truths:
        if truth.conversation_id in known:
            found[truth.matters[0]].add(truth.conversation_id)
    return dict(found)


def shares(matters: Mapping[str, set[str]], themes: Mapping[str, set[str]]) -> tuple[float, float]:
    """The share of repeated matters that are exactly one theme, and of unlike conversations in the worst theme."""
    repeated = {matter: all_of_it for matter, all_of_it in matters.items() if len(all_of_it) > 1}
    whole = sum(any(_mine(theme, all_of_it) for theme in themes.values()) for all_of_it in repeated.values())
    everyone = sum(map(len, matters.values()))
    worst = max(len(theme) - max(len(theme & m) for m in matters.values()) for theme in themes.values())
    return whole / len(repeated), worst / everyone


def _mine(theme: set[str], matter: set[str]) -> bool:
    both = len(theme & matter)
    return both >= MINE * len(matter) and both >= MINE * len(theme)


async def test_planted_matters_become_themes(sim: IntercomSim, open_line: Open) -> None:
    earshot = await open_line(sim, group=vocabulary())
    await earshot.run(since=SINCE)
    found = await held(earshot)
    conversations = {one for theme in found.values() for one in theme}
    whole, swallowed = shares(planted(sim, conversations), found)
    assert whole >= 0.50
    assert swallowed <= 0.02
    assert (await consolidate(earshot.parts)).agreement >= 0.98
    assert await held(earshot) == found


async def answer(earshot: Earshot, sim: IntercomSim) -> bool:
    """Answer every doubt truthfully and obey; whether there were any."""
    truths = {truth.conversation_id: truth.matters for truth in sim.truths}
    async with earshot.parts.store.unit() as unit:
        doubts = await unit.themes.doubts(MANY)
        told = {one.digest: one for one in await unit.themes.mentions(MANY)}
        matter = {
            digest: truths[one.conversation_id][min(one.position, len(truths[one.conversation_id]) - 1)]
            for digest, one in told.items()
        }
        pairs = [(doubt.digest, candidate.digest) for doubt in doubts for candidate in doubt.candidates]
        await unit.themes.judge(
            [
                Verdict(one=a, other=b, same=matter[a] == matter[b], decided_by=Decider.MODEL, decided_at=DAY)
                for a, b in pairs
            ]
        )
        await unit.commit()
    await obey(earshot.parts)
    return bool(pairs)


async def test_answered_truthfully_planted_matters_are_one_theme_each(sim: IntercomSim, open_line: Open) -> None:
    earshot = await open_line(sim, group={**vocabulary(), "ask_small": 3})
    await earshot.run(since=SINCE)
    rounds = 0
    while await answer(earshot, sim):
        rounds += 1
        assert rounds <= 12, "it ends"
    found = await held(earshot)
    whole, swallowed = shares(planted(sim, {one for theme in found.values() for one in theme}), found)
    assert whole >= 0.95
    assert swallowed <= 0.02


async def test_every_quote_is_a_customers_own_words(sim: IntercomSim, open_line: Open) -> None:
    earshot = await open_line(sim)
    report = (await earshot.run(since=SINCE)).report
    texts, listed = await said(earshot), await themes(earshot)
    quotes = [quote for theme in (*listed, *report.themes) for quote in theme.quotes]
    async with earshot.parts.store.unit() as unit:
        members = [one for theme in listed for one in await unit.themes.members(theme.id, limit=MANY)]
    quoted = [(quote.conversation_id, quote.text) for quote in quotes]
    quoted += [(one.mention.conversation_id, one.mention.quote) for one in members if one.mention.quote]
    assert len(quoted) > 100
    assert [pair for pair in quoted if not any(pair[1] in text for text in texts[pair[0]])] == []


async def test_counts_stay_true_whatever_happens(sim: IntercomSim, open_line: Open) -> None:
    earshot = await open_line(sim)
    await earshot.run(since=SINCE)
    await _assert_true(earshot)
    largest = [theme.id for theme in await themes(earshot)][:4]
    await merge(earshot.parts, largest[0], into=largest[1])
    members = sorted((await held(earshot))[largest[2]])
    await split(earshot.parts, largest[2], conversations=members[:1])
    await _assert_true(earshot)
    gone, changed = members[-1], min((await held(earshot))[largest[3]])
    sim.delete(gone)
    sim.reply(changed, "customer", text="And since yesterday the calendar shows every job twice.")
    await earshot.run()
    await _assert_true(earshot)
    assert gone not in {one for theme in (await held(earshot)).values() for one in theme}
    erased = min((await held(earshot))[largest[1]])
    await earshot.erase(conversation=erased)
    await _assert_true(earshot)
    await earshot.run()
    await _assert_true(earshot)
    assert largest[0] not in await held(earshot), "merged stays merged"


async def _assert_true(earshot: Earshot) -> None:
    recounted = {theme: len(conversations) for theme, conversations in (await held(earshot)).items()}
    assert {theme.id: theme.conversations for theme in await themes(earshot)} == recounted
    rows = [row async for batch in earshot.export("themes") for row in batch]
    assert {row.model_dump()["id"]: row.model_dump()["frequency"] for row in rows} == recounted
