"""A database of an older schema, full of rows, is brought to the newest one: nothing is lost, all can be read."""

from pathlib import Path

import pytest
from store_samples import NOW, T0, conversation, first_labels, insight, keep, read, settings, vector

from earshot.domain.insight import Stage
from earshot.domain.report import Window
from earshot.group.regroup import regroup
from earshot.group.settings import GroupSettings
from earshot.ports.clock import SystemClock
from earshot.ports.store import Want
from earshot.store import PostgresStore, driver, migrating, open_store
from earshot.store.address import Address, parse
from earshot.store.backup import backup
from earshot.store.conversation_rows import messages_to
from earshot.store.opening import _engine  # pyright: ignore[reportPrivateUsage] (the store's own engine, unmigrated)
from earshot.store.unit import PostgresUnit

FULL = """
    set search_path = earshot, public;
    insert into workspace (source, id, name) values ('intercom', 'w', 'Acme');
    insert into account values ('company-1', 'Company 1', 'pro', 100, 'smb', '2026-03-01Z');
    insert into conversation_insights (conversation_id, issue_type, priority, sentiment, sentiment_score,
        churn_risk, summary, affected_feature, confidence, created_at, classifier, model, content_hash,
        conversation_at, cost_usd)
    select id, 'PRODUCT_BUG', 'HIGH', 'NEGATIVE', -0.5, 'LOW', 'export stops', 'exports', 0.8, '2026-03-30Z',
        'local', 'local-1', content_hash, spoken_at, 0 from conversation where id < '1030';
    insert into conversation_insights (conversation_id, issue_type, priority, sentiment, sentiment_score,
        churn_risk, summary) values ('foreign', 'BILLING', 'LOW', 'NEUTRAL', 0, 'LOW', 'by another program');
    insert into finding (conversation_id, position, issue_type, summary, quote, message_id, start_at, end_at,
        theme_id, conversation_at)
    select conversation_id, 0, issue_type, summary, 'The', 'm', 0, 3, 'theme', conversation_at
    from conversation_insights;
    insert into unread select id, content_hash, 'too short', '2026-03-30Z' from conversation where id = '1030';
    insert into raw select id, '\\x28b52ffd', '2026-03-30Z' from conversation;
    insert into directory values ('contact', 'contact-0001', '{"id": "contact-0001"}', '2026-03-30Z');
    insert into erased (digest) values ('\\x00');
    insert into theme (id, issue_type, title, normalized_title, centre, size)
    values ('theme', 'PRODUCT_BUG', 'Exports', 'exports', '{"export": 1}', 31);
    insert into lexicon values (true, 31, '{"export": 31}');
    insert into feature_requests (summary, normalized_summary) values ('dark', 'dark');
    insert into action (key, kind, subject, subject_id, conversation_id, rule, reason, status, dry_run,
        created_at, conversation_at)
    values ('a', 'ALERT_CS_MANAGER', 'conversation', '1001', '1001', 'r', 'why', 'PENDING', true,
        '2026-03-30Z', '2026-03-03Z');
    insert into escalation_actions (conversation_id, action_type, action_key)
    values ('1001', 'ALERT_CS_MANAGER', 'a');
    insert into llm_api_logs (provider, model, tier, purpose, input_tokens, output_tokens, cost_usd, outcome,
        conversation_id, created_at)
    values ('p', 'm', 'cheap', 'classify', 700, 80, 0.25, 'ok', '1001', '2026-03-30Z'),
        (null, 'm', null, null, 5, 5, null, null, null, '2026-03-30Z');
    insert into run (id, kind, started_at) values ('r', 'run', '2026-03-30Z');
    insert into sync_state (source, cursor) values ('intercom', '2026-03-30Z');
"""
SECOND = """
    insert into first_labels (conversation_id, issue_type, created_at, content_hash, conversation_at, classifier,
        model)
    values ('1035', 'BILLING', '2026-03-30Z', 'h', '2026-03-03Z', 'llm', 'm');
    insert into llm_spend values ('2026-03-30', 1.5);
    insert into llm_pace (key) values ('p');
    insert into llm_consent values ('p', '2026-03-30Z');
    insert into reading_batch (id, mode, provider, model, tier, status, entries, created_at)
    values ('b', 'file', 'p', 'm', 'cheap', 'collected', 1, '2026-03-30Z');
    insert into batch_entry values ('e', 'b', '1001', 'h', '3', 'p', 'done', null, false);
    insert into summary values ('k', '1001', 'long', '2026-03-30Z');
"""
THIRD = """
    insert into core (finding_id, words) select f.id, mention_words(f.summary, f.quote)
        from finding f join placement p on p.finding_id = f.id where p.core on conflict do nothing;
    insert into theme_edit (id, kind, theme_id, title, actor, made_at)
    values ('e', 'rename', 'theme', 'Exports', 'ann', '2026-03-30Z');
    insert into lineage (theme_id, change, actor, at) values ('theme', 'born', 'earshot', '2026-03-30Z');
    insert into verdict (one, other, same, decided_by, decided_at) values ('x', 'y', true, 'person', '2026-03-30Z');
    insert into doubt (digest, title, candidates, probability) values ('d', 'Exports', '[]', 0.5);
    insert into proposal (one_id, other_id, probability, proposed_at) values ('theme', 'u', 0.5, '2026-03-30Z');
    insert into embedding values ('m', 'd', '{0.5}');
    insert into backlog_item (id, theme_id, text, evidence, status, drafted_by, drafted_as, created_at, updated_at)
    values ('i', 'theme', '{"title": "Exports", "description": "d", "acceptance_criteria": ["a"],
        "issue_type": "Bug", "priority": "P1"}', '{"conversations": 31, "customers": 4,
        "first_seen": "2026-03-02T09:00:00Z", "last_seen": "2026-03-03T09:00:00Z"}', 'draft', 'score', '',
        '2026-03-30Z', '2026-03-30Z');
    insert into item_edit (item_id, field, value, actor, at) values ('i', 'priority', '"P2"', 'ann', '2026-03-30Z');
    insert into existing_item (id, source, key, title) values ('jira:P-1', 'jira', 'P-1', 'Exports');
    insert into match values ('theme', 'jira:P-1', 0.5, 'unsure', 'score', '', '2026-03-30Z');
"""
FOURTH = """
    insert into action_alias (key, action_key, subject_id) values ('b', 'a', 'theme');
    insert into link (object_key, destination, thing, subject_id, action_key, standing, planned_at)
    values ('o', 'jira', 'ticket', 'other', 'other', 'planned', '2026-03-30Z');
    insert into delivery (id, object_key, action_key, destination, thing, op, subject_id, state, not_before,
        created_at)
    values ('d', 'o', 'other', 'jira', 'ticket', 'create', 'other', 'sent', '2026-03-30Z', '2026-03-30Z');
    insert into delivery_content (delivery_id, content) values ('d', '{"title": "Exports"}');
    insert into destination_health (destination) values ('jira');
    insert into silence (id, until, reason, author, at) values ('s', '2026-03-30Z', 'why', 'ann', '2026-03-30Z');
    insert into rule_state (name, hash, mode, share, actor, at) values ('r', 'h', 'live', 1, 'ann', '2026-03-30Z');
"""
FIFTH = """
    insert into inbox (source, id, topic, effect, concern, external_id, occurred_at, received_at, heard_at,
        decided_at)
    values ('intercom', 'n', 'conversation.user.replied', 'changed', 'conversation', '1001', '2026-03-30Z',
        '2026-03-30Z', '2026-03-30Z', '2026-03-30Z');
    insert into live_turn (source, concern, external_id, effect, version, settled_version, asked_at, due_at)
    values ('intercom', 'conversation', '1001', 'changed', 1, 1, '2026-03-30Z', '2026-03-30Z');
    insert into reading_lease values ('1001', 'w', '2026-03-30Z');
    insert into worker (id, host, pid, lane, version, started_at, seen_at)
    values ('w', 'h', 1, 'live', '0', '2026-03-30Z', '2026-03-30Z');
    insert into watch_state (bound, outside, since, seen_at) values ('b', false, '2026-03-30Z', '2026-03-30Z');
    insert into action_growth (key, at) values ('gone', '2026-03-30Z');
    insert into schedule (name) values ('old');
"""
TABLES = """
    select relname from pg_class
    where relnamespace = 'earshot'::regnamespace and relkind = 'r' and relname <> 'revision' order by 1
"""


@pytest.fixture(params=migrating.REVISIONS[:-1])
async def old(empty_database_url: str, request: pytest.FixtureRequest) -> Address:
    """A database of an older revision with rows in every table; what 0003 converts has been converted by it."""
    address = parse(empty_database_url, name="test")
    connection = await driver.dial(dsn=empty_database_url)
    await connection.execute("create schema earshot")
    await upgrade(address, min(request.param, "0002"))
    for c in (conversation(n) for n in range(40)):
        await connection.execute(
            """insert into earshot.conversation (id, source, external_id, state, created_at, updated_at, spoken_at,
                messages, customer, customer_id, customer_email, account, tags, content_hash)
            values ($1, 'intercom', $2, 'open', $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)""",
            *(c.id, c.external_id, c.created_at, c.updated_at, c.spoken_at, messages_to(c.messages)),
            *(c.customer.model_dump_json() if c.customer else None, c.customer and c.customer.id),
            *(c.customer and c.customer.email, c.customer and c.customer.account, list(c.tags), c.content_hash),
        )
    await connection.execute(FULL)
    if request.param > "0001":
        await connection.execute(SECOND)
    if request.param > "0004":
        await connection.execute("create schema earshot_jobs")
    if request.param > "0002":
        await upgrade(address, request.param)
        await connection.execute(THIRD)
    if request.param > "0003":
        await connection.execute(FOURTH)
    if request.param > "0004":
        await connection.execute(FIFTH)
    await connection.close()
    return address


async def upgrade(address: Address, revision: str) -> None:
    engine = _engine(address, size=1)
    async with engine.begin() as opened:
        await opened.run_sync(migrating.upgrade, revision)
    await engine.dispose()


async def counts(address: Address) -> dict[str, int]:
    connection = await driver.dial(dsn=address.url)
    try:
        tables = [row[0] for row in await connection.fetch(TABLES)]
        return {one: await connection.fetchval(f"select count(*) from earshot.{one}") for one in tables}
    finally:
        await connection.close()


async def check(store: PostgresStore) -> None:
    """Everything can be read, and what is new has its plain meaning."""
    async with store.unit() as unit:
        known = [c async for batch in unit.conversations.export() for c in batch]
        assert known[5].messages == conversation(5).messages
        insights = {i.conversation_id: i async for batch in unit.insights.export() for i in batch}
        assert len(insights) == 31
        assert (insights["1003"].injection, insights["1003"].dropped_quotes) == (False, 0)
        origin = insights["1003"].provenance
        assert (origin.provisional, origin.shortened, origin.tier, origin.prompt_hash) == (False, False, None, None)
        assert insights["1003"].reading.category is None
        calls = [c async for batch in unit.calls.export() for c in batch]
        assert [(c.id, c.conversation_id, c.cost_usd) for c in calls] == [
            ("row-1", "1001", 0.25),
            ("row-2", None, None),
        ]
        for stage in Stage:
            pending = await unit.conversations.pending(99, want=Want(stage=stage))
            assert [c.id for c in pending] == [str(n) for n in range(1031, 1040)]
        assert len(await unit.conversations.pending(99, want=Want(unread_before=NOW))) == 10
        assert len(await unit.conversations.pending(99, want=Want(not_prompt="x", again_before=NOW))) == 39
        assert await unit.batches.unsettled() == []
        report = await unit.figures.report(Window(start=T0, end=NOW), top=3, currency="USD", now=NOW)
        assert report.totals.conversations == 30
        assert [(t.id, t.title, t.conversations) for t in report.themes] == [("theme", "Exports", 30)]
        await check_themes(unit)
        await check_actions(unit)
        await unit.commit()
        await check_realtime(unit)
    await read(store, insight(conversation(31)), labels=[first_labels(conversation(32))])
    await keep(store, conversation(90))


async def check_realtime(unit: PostgresUnit) -> None:
    """Nothing waits, and rules do not go back to old labels."""
    assert (await unit.inbox.figures(now=NOW)).waiting == 0
    assert sum(queue.waiting for queue in await unit.jobs.queues()) == 0
    assert await unit.jobs.reconcile(now=NOW) == {}
    stages = {facts.insight.stage for facts in await unit.decisions.undecided(99, now=NOW)}
    assert stages == {Stage.FULL}
    assert {state.name for state in await unit.schedules.states()} <= {"old"}


async def check_actions(unit: PostgresUnit) -> None:
    """An old action is what it was, a dry run that nothing is planned for, with the one conversation it is from."""
    (one,) = await unit.decisions.list(None, limit=9)
    assert (one.dry_run, one.status, one.period, one.parameters, one.suspect) == (True, "PENDING", 0, {}, "")
    assert [m.conversation_id for m in await unit.decisions.members("a", limit=9)] == ["1001"]
    assert await unit.rulebook.actions_of("1001") == [one]
    assert await unit.outbox.due(9, now=NOW) == []
    assert await unit.outbox.next_due(now=NOW, destinations={}) is None
    dossier = await unit.outbox.dossier("a")
    assert dossier is not None
    assert (dossier.conversations, dossier.insight.conversation_id, dossier.conversation.id) == (1, "1001", "1001")


async def check_themes(unit: PostgresUnit) -> None:
    """The old theme is one cell, its earliest findings are the core, and a first grouping has to look at it."""
    partition = await unit.themes.partition()
    assert (partition.cells, list(partition.heads)) == ({"otheme": "theme"}, ["theme"])
    mentions = await unit.themes.mentions(99)
    assert [partition.placements[m.id].cell_id for m in mentions] == ["otheme"] * 31
    assert [m.id for m in mentions if partition.placements[m.id].core] == [m.id for m in mentions[:8]]
    assert [m.context for m in mentions[:30]] == ["The export stops half way."] * 30
    assert await unit.themes.count_unplaced() == 0
    assert await unit.themes.holes() == ["otheme"]
    (theme,) = await unit.themes.get(["theme"])
    assert (theme.conversations, theme.first_seen) == (31, T0)


async def test_old_themes_keep_their_ids_through_the_first_grouping(old: Address) -> None:
    store = await open_store(settings(old.url or ""), clock=SystemClock())
    async with store.unit() as unit:
        mentions, stored = await unit.themes.mentions(99), await unit.themes.partition()
        holes = await unit.themes.holes()
        done = regroup(mentions, stored, settings=GroupSettings(), now=NOW, holes=holes)
        await unit.themes.save(done, now=NOW, repaired=holes)
        await unit.commit()
    async with store.unit() as unit:
        (theme,) = await unit.themes.top(Window(start=T0, end=NOW), limit=1)
        assert (theme.id, theme.conversations) == ("theme", 30)
        assert await unit.themes.holes() == []
        assert len(await unit.themes.near(mentions[0], vector("the export stops"), most=3)) == 3
    await store.close()


async def test_the_upgrade_keeps_every_row(old: Address) -> None:
    before = await counts(old)
    assert not [table for table, n in before.items() if not n and not table.endswith(("_hour", "_day"))]
    assert len(before) > 20
    store = await open_store(settings(old.url or ""), clock=SystemClock())
    after = await counts(old)
    assert {table: after[table] for table in before} == before
    assert (await store.vitals()).revision == migrating.HEAD
    await check(store)
    await store.close()


async def test_a_backup_of_the_first_schema_is_restored_into_the_newest(
    old: Address, store: PostgresStore, tmp_path: Path
) -> None:
    file = tmp_path / "old.backup"
    saved = await backup(old, file, now=NOW)
    assert await store.restore(file) == saved
    assert (await store.vitals()).revision == migrating.HEAD
    await check(store)


async def test_the_upgrade_rewrites_no_big_table(old: Address) -> None:
    connection = await driver.dial(dsn=old.url)
    statement = """select relname, relfilenode from pg_class where relnamespace = 'earshot'::regnamespace
        and relname in ('conversation', 'conversation_insights', 'finding', 'raw', 'llm_api_logs')"""
    before = {row["relname"]: row["relfilenode"] for row in await connection.fetch(statement)}
    await (await open_store(settings(old.url or ""), clock=SystemClock())).close()
    assert {row["relname"]: row["relfilenode"] for row in await connection.fetch(statement)} == before
    await connection.close()
