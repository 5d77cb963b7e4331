"""Saving a grouping, loading the partition, and searching likely themes, with pgvector and without."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
from store_samples import (
    NOW,
    T0,
    conversation,
    group,
    head,
    insight,
    keep,
    placement,
    query,
    read,
    settings,
    value,
    vector,
)

from earshot.domain.conversation import Conversation
from earshot.domain.grouping import Change, Decider, Lineage, Mention, Placement, Regrouping
from earshot.domain.reading import Finding, IssueType
from earshot.domain.report import Window
from earshot.domain.theme import Lexicon
from earshot.ports.clock import SystemClock
from earshot.store import PostgresStore, driver, open_store
from earshot.store.placements import MOST_CELLS
from earshot.store.regroupings import BULK

ALL = Window(start=T0 - timedelta(days=1), end=NOW)
TEXTS = (
    "the export stops half way",
    "export of invoices stops half way",
    "login page stays blank",
    "cannot sign in, blank page",
)


@pytest.fixture(params=["pgvector", "without", "elsewhere"])
async def searched(database_url: str, request: pytest.FixtureRequest) -> AsyncGenerator[PostgresStore]:
    """A store on a server with pgvector, on one without, and on one where it lies in a schema of its own."""
    store = await open_store(settings(database_url), clock=SystemClock())
    if request.param != "pgvector":
        await query(store, "drop extension vector cascade")
    if request.param == "elsewhere":
        await query(store, "create schema extensions")
        await query(store, "create extension vector schema extensions")
        assert await store.index_vectors()
    assert (await store.vitals()).vectors is (request.param != "without")
    yield store
    await store.close()


async def told(store: PostgresStore, *texts: str) -> list[Mention]:
    """Conversations that say these, read; their mentions in canonical order."""
    given = [conversation(n, text) for n, text in enumerate(texts)]
    await keep(store, *given)
    await read(store, *map(insight, given))
    async with store.unit() as unit:
        return await unit.themes.mentions(99)


async def test_digests_are_those_of_the_domain(store: PostgresStore) -> None:
    c = conversation(1, "ünïcode 'quoted'\ttext \U0001f600", customer=None)
    await keep(store, c, conversation(2, "x"))
    aside = Finding(issue_type=IssueType.BILLING, summary="an aside")
    await read(store, insight(c, affected_feature=None, more=(aside,)), insight(conversation(2, "x")))
    await group(store, {})
    async with store.unit() as unit:
        mentions = await unit.themes.mentions(9)
    stored = {row["finding_id"]: row["digest"] for row in await query(store, "select * from placement")}
    assert stored == {m.id: m.digest for m in mentions}
    assert len(set(stored.values())) == 3


async def test_what_is_saved_is_loaded(store: PostgresStore) -> None:
    one, two, three, four = await told(store, *TEXTS)
    placements = (
        placement(one, "c1", probability=None, vector=vector("a")),
        placement(two, "c1", probability=0.91, runner_up="c2", runner_up_probability=0.2, reason="both: export"),
        placement(three, "c2", decided_by=Decider.PERSON),
        placement(four, "c2", core=False, vector=None, probability=0.8),
    )
    heads = (head("t1", one, description="d", named_by="model", named_size=2), head("t2", three))
    regrouping = Regrouping(
        placements=placements,
        mentions={one.id: "t1", two.id: "t1", three.id: "t2", four.id: "t2"},
        cells={"c1": "t1", "c2": "t2", "c3": "t2"},
        heads=heads,
        lineage=(Lineage(theme_id="t1", change=Change.BORN, mentions=2, at=NOW),),
        lexicon=Lexicon(documents=4, frequencies={"ünïcode": 2}),
    )
    async with store.unit() as unit:
        await unit.themes.save(regrouping, now=NOW)
        await unit.commit()
    async with store.unit() as unit:
        partition = await unit.themes.partition()
        assert list(partition.placements.values()) == [p.model_copy(update={"vector": None}) for p in placements]
        assert partition.heads == {"t1": heads[0], "t2": heads[1]}
        assert (partition.cells, partition.lexicon) == (regrouping.cells, regrouping.lexicon)
        assert list((await unit.themes.partition(core=True)).placements) == [one.id, two.id, three.id]
        assert await unit.themes.mentions(9, core=True) == [one, two, three]
        assert await unit.themes.lineage("t1", limit=9) == list(regrouping.lineage)
        await unit.themes.save(Regrouping(gone=("c3",)), now=NOW)
        assert (await unit.themes.partition()).cells == {"c1": "t1", "c2": "t2"}
        assert (await unit.themes.partition()).lexicon == regrouping.lexicon


async def test_a_move_is_counted_on_both_sides(store: PostgresStore) -> None:
    mentions = await told(store, *TEXTS)
    await group(store, {TEXTS[0]: "a", TEXTS[1]: "a", TEXTS[2]: "a", TEXTS[3]: "b"})
    async with store.unit() as unit:
        await unit.figures.refresh()
        await unit.commit()
    async with store.unit() as unit:
        moved = Regrouping(placements=(placement(mentions[2], "b", core=False),), mentions={mentions[2].id: "b"})
        await unit.themes.save(moved, now=NOW)
        await unit.commit()
    async with store.unit() as unit:
        assert [(t.id, t.conversations, t.last_seen) for t in await unit.themes.top(ALL, limit=5)] == [
            ("a", 2, mentions[1].said_at),
            ("b", 2, mentions[3].said_at),
        ]
        assert [t.id for t in await unit.themes.get(["b", "nothing", "a"])] == ["b", "a"]
    assert await value(store, "select count(*) from core") == 3


async def test_a_merged_theme_leaves_and_its_old_request_too(store: PostgresStore) -> None:
    given = [conversation(n, text) for n, text in enumerate(("Dark mode!", "A night look"))]
    await keep(store, *given)
    await read(store, *(insight(c, issue_type="FEATURE_REQUEST", sentiment="POSITIVE") for c in given))
    await group(store, {"Dark mode!": "dark", "A night look": "night"})
    async with store.unit() as unit:
        await unit.figures.refresh()
        mentions = await unit.themes.mentions(9)
        heads = (await unit.themes.partition()).heads
        renamed = heads["dark"].model_copy(update={"title": "Dark theme"})
        await unit.themes.save(
            Regrouping(mentions={mentions[1].id: "dark"}, cells={"night": "dark"}, heads=(renamed,)), now=NOW
        )
        await unit.figures.refresh()
        await unit.commit()
    rows = await query(store, "select normalized_summary, frequency, theme_ids from feature_requests")
    assert [tuple(row) for row in rows] == [("dark theme", 2, ["dark"])]
    async with store.unit() as unit:
        assert await unit.themes.find("") == ["dark"]
        assert list((await unit.themes.partition()).heads) == ["dark"]


async def test_a_deleted_core_mention_leaves_a_hole_until_the_next_grouping(store: PostgresStore) -> None:
    mentions = await told(store, *TEXTS)
    await group(store, {TEXTS[0]: "a", TEXTS[1]: "a", TEXTS[2]: "b"})
    async with store.unit() as unit:
        assert await unit.themes.holes() == []
        await unit.themes.save(Regrouping(placements=(placement(mentions[2], "b", core=False),)), now=NOW)
        await unit.commit()
    async with store.unit() as unit:
        await unit.erasure.conversation(mentions[1].conversation_id)
        await unit.erasure.conversation(mentions[2].conversation_id)
        await unit.commit()
    async with store.unit() as unit:
        assert await unit.themes.holes() == ["a"], "what is not core leaves none"
        assert list((await unit.themes.partition()).placements) == [mentions[0].id, mentions[3].id]
        await unit.themes.save(Regrouping(gone=("b",)), now=NOW)
        assert await unit.themes.holes() == ["a"], "this grouping did not know of it"
        await unit.themes.save(Regrouping(), now=NOW, repaired=["a"])
        assert await unit.themes.holes() == []


async def test_findings_deleted_by_other_programs_leave_everything(store: PostgresStore) -> None:
    await told(store, *TEXTS)
    await group(store, dict.fromkeys(TEXTS[:2], "a"))
    async with store.unit() as unit:
        await unit.figures.refresh()
        await unit.commit()
    await query(store, "delete from finding where position = 0")
    for table in ("placement", "core"):
        assert await value(store, f"select count(*) from {table}") == 0
    async with store.unit() as unit:
        assert await unit.themes.top(ALL, limit=9) == []


async def test_likely_themes_are_found_by_words_and_vectors(searched: PostgresStore) -> None:
    await told(searched, *TEXTS)
    await group(searched, {TEXTS[0]: "a", TEXTS[1]: "a", TEXTS[2]: "b", TEXTS[3]: "b"})
    async with searched.unit() as unit:
        everything = await unit.themes.mentions(9)
        (asked,) = await unit.themes.mentions(1)
        near = await unit.themes.near(asked, vector(asked.summary), most=1)
        assert [(m, p.cell_id, p.core) for m, p in near] == [(everything[1], "a", True)]
        stranger = asked.model_copy(update={"id": 0, "summary": "BLANK pages", "quote": None})
        near = await unit.themes.near(stranger, vector("nothing"), most=2)
        assert {m.summary for m, _ in near} == set(TEXTS[2:])
        hostile = stranger.model_copy(update={"summary": "' & ! <-> :* \\ it''s %s :name"})
        await unit.themes.near(hostile, vector("x"), most=2)


async def test_without_the_right_to_create_it_everything_else_works(
    empty_database_url: str,
) -> None:
    """A user who owns the database but is no superuser, on a server whose pgvector is not to be had."""
    name = urlsplit(empty_database_url).path[1:]
    user = f"plain_{name}"
    owner = await driver.dial(dsn=empty_database_url)
    await owner.execute(f"create user {user} password 'x'")
    await owner.execute(f"grant connect, temporary, create on database {name} to {user}")
    await owner.execute("create schema extensions")
    await owner.execute("create extension vector schema extensions")
    await owner.execute("revoke all on schema extensions from public")
    parts = urlsplit(empty_database_url)
    host = parts.netloc.rpartition("@")[2]
    store = await open_store(settings(urlunsplit(parts._replace(netloc=f"{user}:x@{host}"))), clock=SystemClock())
    try:
        assert not (await store.vitals()).vectors
        await told(store, *TEXTS)
        await group(store, dict.fromkeys(TEXTS, "a"))
        async with store.unit() as unit:
            (asked,) = await unit.themes.mentions(1)
            near = await unit.themes.near(asked, vector(asked.summary), most=1)
            assert [m.summary for m, _ in near] == [TEXTS[1]]
    finally:
        await store.close()
        await owner.execute(f"drop owned by {user}")
        await owner.execute(f"drop user {user}")
        await owner.close()


async def test_a_backup_goes_to_a_server_without_pgvector_and_back(
    store: PostgresStore, empty_database_url: str, tmp_path: Path
) -> None:
    await told(store, *TEXTS)
    await group(store, {TEXTS[0]: "a", TEXTS[1]: "a", TEXTS[2]: "b"})
    async with store.unit() as unit:
        before = await unit.themes.partition()
    await store.backup(tmp_path / "one", now=NOW)
    other = await open_store(settings(empty_database_url), clock=SystemClock())
    await other.restore(tmp_path / "one")
    await query(other, "drop extension vector cascade")
    await other.backup(tmp_path / "two", now=NOW)
    await other.close()
    await store.restore(tmp_path / "two", replace=True)
    assert (await store.vitals()).vectors
    async with store.unit() as unit:
        assert await unit.themes.partition() == before
        (asked,) = await unit.themes.mentions(1)
        stranger = asked.model_copy(update={"id": 0, "summary": "nothing alike", "quote": None})
        near = await unit.themes.near(stranger, vector(TEXTS[2]), most=1)
        assert [m.summary for m, _ in near] == [TEXTS[2]]


async def test_vectors_find_what_shares_no_word(store: PostgresStore) -> None:
    mentions = await told(store, *TEXTS)
    async with store.unit() as unit:
        await unit.themes.save(
            Regrouping(
                placements=tuple(placement(m, "c", vector=vector(f"v{n}")) for n, m in enumerate(mentions)),
                mentions={m.id: "t" for m in mentions},
                cells={"c": "t"},
                heads=(head("t", mentions[0]),),
            ),
            now=NOW,
        )
        stranger = mentions[0].model_copy(update={"id": 0, "summary": "nothing alike", "quote": None})
        near = await unit.themes.near(stranger, vector("v2"), most=1)
        assert [m.id for m, _ in near] == [mentions[2].id]
        zero = bytes(len(vector("")))
        assert await unit.themes.near(stranger, zero, most=3) == []


async def test_many_new_vectors_are_indexed_at_the_next_reading(store: PostgresStore) -> None:
    assert (await store.vitals()).vectors
    await query(
        store,
        """insert into finding (conversation_id, position, issue_type, summary, conversation_at)
        select n::text, 0, 'OTHER', 'matter ' || n, now() from generate_series(1, $1) n""",
        BULK,
    )
    await group(store, {})
    assert not (await store.vitals()).vectors
    async with store.unit() as unit:
        (asked,) = await unit.themes.mentions(1)
        assert len(await unit.themes.near(asked, vector(asked.summary), most=3)) == 3, "by words meanwhile"
        await unit.figures.refresh()
        await unit.commit()
    assert (await store.vitals()).vectors
    assert await value(store, "select count(*) from dirty_hour") == 0


async def test_two_groupings_at_once_leave_each_mention_in_one_place(store: PostgresStore) -> None:
    mentions = await told(store, *TEXTS)

    async def save(theme: str) -> None:
        async with store.unit() as unit:
            await unit.themes.save(
                Regrouping(
                    placements=tuple(placement(m, f"c-{theme}") for m in mentions),
                    mentions={m.id: theme for m in mentions},
                    cells={f"c-{theme}": theme},
                    heads=(head(theme, mentions[0]),),
                ),
                now=NOW,
            )
            await unit.commit()

    await asyncio.gather(*(save(theme) for theme in ("a", "b", "c")))
    rows = await query(
        store,
        "select f.theme_id, c.theme_id as cell_theme from finding f join placement p on p.finding_id = f.id "
        "join cell c on c.id = p.cell_id",
    )
    assert len(rows) == 4
    assert len({row["theme_id"] for row in rows}) == 1
    assert all(row["theme_id"] == row["cell_theme"] for row in rows)
    async with store.unit() as unit:
        (theme,) = await unit.themes.top(ALL, limit=9)
        assert theme.conversations == 4


async def test_a_grouping_of_what_was_deleted_meanwhile_leaves_it_out(store: PostgresStore) -> None:
    mentions = await told(store, *TEXTS)
    async with store.unit() as unit:
        await unit.erasure.conversation(mentions[0].conversation_id)
        await unit.commit()
    async with store.unit() as unit:
        await unit.themes.save(
            Regrouping(
                placements=(Placement(mention_id=mentions[0].id, cell_id="c", core=True, vector=vector("a")),),
                mentions={mentions[0].id: "t"},
                cells={"c": "t"},
                heads=(head("t", mentions[1]),),
            ),
            now=NOW,
        )
        await unit.commit()
    async with store.unit() as unit:
        assert (await unit.themes.partition()).placements == {}
        assert await unit.themes.top(ALL, limit=9) == []
        assert await unit.themes.find("t") == []


async def test_the_part_round_some_cells_holds_their_themes(store: PostgresStore) -> None:
    mentions = await told(store, *TEXTS)
    await group(store, {TEXTS[0]: "a", TEXTS[1]: "b", TEXTS[2]: "c", TEXTS[3]: "d"})
    async with store.unit() as unit:
        joined = Regrouping(
            mentions={mentions[1].id: "a"},
            cells={"b": "a"},
            placements=(placement(mentions[2], "a", core=False),),
        )
        await unit.themes.save(joined, now=NOW)
        whole = await unit.themes.partition()
        part, cores = await unit.themes.around(["b", "nothing"])
        assert (part.cells, list(part.heads), cores) == ({"a": "a", "b": "a"}, ["a"], mentions[:2])
        assert part.placements == {m.id: whole.placements[m.id] for m in cores}
        assert part.lexicon == whole.lexicon
        assert await unit.themes.mentions_of([mentions[3].conversation_id, "x"]) == [mentions[3]]


async def test_term_counts_are_kept_while_they_are_the_same(store: PostgresStore) -> None:
    first, second = (Lexicon(documents=n, frequencies={"a": n}) for n in (1, 2))

    async def stored() -> Lexicon:
        async with store.unit() as unit:
            return await unit.themes.lexicon()

    async with store.unit() as unit:
        await unit.themes.save(Regrouping(lexicon=first), now=NOW)
        assert await unit.themes.lexicon() == first
    assert await stored() == Lexicon(), "that was rolled back"
    for one in (first, second, first):
        async with store.unit() as unit:
            await unit.themes.save(Regrouping(lexicon=one), now=NOW)
            await unit.commit()
        assert await stored() == one
        assert await stored() is await stored()
    await query(store, "delete from lexicon")
    assert await stored() == Lexicon()


def at(moment: datetime, one: Conversation) -> Conversation:
    """A conversation held at another time."""
    messages = tuple(message.model_copy(update={"created_at": moment}) for message in one.messages)
    return one.model_copy(update={"created_at": moment, "messages": messages})


@pytest.mark.parametrize("minute", [0, 17])
async def test_weeks_are_the_rows_of_seven_days_each(store: PostgresStore, minute: int) -> None:
    end = NOW.replace(minute=minute, second=0, microsecond=0)
    ages = [timedelta(days=7 * n, seconds=more) for n in range(5) for more in (1, 1_800, 3_600, 86_400, 604_800)]
    given = [at(end - age, conversation(number, f"Text {number}.")) for number, age in enumerate(ages)]
    await keep(store, *given)
    await read(store, *map(insight, given))
    async with store.unit() as unit:
        mentions = await unit.themes.mentions(99)
    await group(store, {mention.summary: "a" for mention in mentions})
    window = Window(start=end - timedelta(days=30), end=end)
    inside = [age for age in ages if age <= timedelta(days=30)]
    async with store.unit() as unit:
        found = (await unit.themes.weeks(["a"], window=window))["a"]
    newest_first = [[age for age in inside if 7 * n < age / timedelta(days=1) <= 7 * n + 7] for n in range(5)]
    assert found == [len(some) for some in newest_first[::-1]]
    assert sum(found) == len(inside) > 20


async def test_members_and_weeks(store: PostgresStore) -> None:
    mentions = await told(store, *TEXTS)
    await group(store, dict.fromkeys(TEXTS[:3], "a"))
    window = Window(start=NOW - timedelta(days=35), end=NOW)
    everything = Window(start=T0.replace(year=1970), end=NOW)
    async with store.unit() as unit:
        members = await unit.themes.members("a", limit=2)
        assert [m.mention for m in members] == [mentions[2], mentions[1]]
        assert (members[0].customer, members[0].url) == ("Company 2", "https://inbox.example/1002")
        assert await unit.themes.weeks(["a", "x"], window=window) == {"a": [3, 0, 0, 0, 0], "x": [0] * 5}
        assert await unit.themes.weeks(["a"], window=everything) == {"a": [3, 0, 0, 0, 0]}
        assert await unit.themes.weeks([], window=window) == {}
        (theme,) = await unit.themes.get(["a"], window=Window(start=T0 + timedelta(hours=1), end=NOW))
        assert (theme.conversations, theme.previous_conversations, theme.companies) == (2, 1, 2)
        (never,) = await unit.themes.get(["a"], window=Window(start=NOW, end=NOW + timedelta(days=1)))
        assert (never.conversations, never.avg_sentiment, never.quotes) == (0, None, ())


async def test_two_groupings_in_one_transaction_do_not_mix(store: PostgresStore) -> None:
    first, second, *_ = await told(store, *TEXTS)
    await group(store, {TEXTS[0]: "a", TEXTS[1]: "a", TEXTS[2]: "b"})
    async with store.unit() as unit:
        await unit.themes.save(Regrouping(placements=(placement(first, "b"),), mentions={first.id: "b"}), now=NOW)
        await unit.themes.save(Regrouping(placements=(placement(first, "a"),), mentions={first.id: "a"}), now=NOW)
        await unit.themes.save(Regrouping(placements=(placement(second, "b"),), mentions={second.id: "b"}), now=NOW)
        await unit.commit()
    async with store.unit() as unit:
        placed = (await unit.themes.partition()).placements
    assert (placed[first.id].cell_id, placed[second.id].cell_id) == ("a", "b")


async def test_real_time_is_given_no_more_cells_of_a_theme_than_the_bound(store: PostgresStore) -> None:
    mentions = await told(store, *(f"export number {n} stops" for n in range(MOST_CELLS + 3)))
    await group(store, {one.summary: f"c{n:03}" for n, one in enumerate(mentions)})
    cells = {f"c{n:03}": "t000" for n in range(len(mentions))}
    async with store.unit() as unit:
        await unit.themes.save(Regrouping(cells=cells, mentions={m.id: "t000" for m in mentions}), now=NOW)
        part, cores = await unit.themes.around([max(cells)])
    assert len(part.cells) == MOST_CELLS
    assert {max(cells), "c000"} <= part.cells.keys(), "the found one and the head of the theme"
    assert {one.id for one in cores} == part.placements.keys()
