"""A site on which every page has something to show, and what a stranger may have written is marked and hostile.

Each field gets a string of its own, with a mark: a test that finds the mark beside its markup, as text, knows that
the field was shown, and shown as words.
"""

import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from earshot.domain.backlog import ExistingItem, Match, Standing
from earshot.domain.grouping import Proposal
from earshot.domain.job import Job, JobName
from earshot.store.jobs.adding import QUEUE
from earshot.store.traces import TEXTS
from tests.pages.acting import RULE, acting
from tests.pages.hostile import injections, plant
from tests.pages.sites import NOW, Open
from tests.pages.test_audit import drawn, labelled
from tests.pages.test_costs import spend

BREAKS: Final = "\"'><img src=x onerror=window.pwned=1><script>window.pwned=1</script>"
"""What follows a mark: it ends an attribute, then loads and runs."""
ACCOUNT: Final = "co/\"'><svg onload=window.pwned=1>?&#"
"""An account's id as an importer might bring it."""
EXTERNAL: Final = "a/\"'><svg onload=window.pwned=1>?&#"
CONVERSATION: Final = f"jsonl:{EXTERNAL}"
"""A conversation's id as a file might bring it."""
NOT_SHOWN: Final[Mapping[str, str]] = {
    "conversation.customer_email": "the page shows the customer's own record",
    "conversation_insights.category": "no page shows it",
    "core.words": "an index",
    "directory.body": "names from it stand in conversations",
    "feature_requests.summary": "a table for other programs",
    "finding.context": "for placing only",
    "finding.reply": "for placing only",
    "lexicon.frequencies": "counts of words",
    "lexicon.meanings": "numbers",
    "conversation.customer": "planted piece by piece",
    "conversation.messages": "planted piece by piece",
    "backlog_item.text": "planted piece by piece",
    "backlog_item.rice": "planted piece by piece",
    "backlog_item.evidence": "planted piece by piece",
    "delivery_content.content": "planted piece by piece",
    "run.completeness": "planted piece by piece",
    "summary.body": "for models only",
    "reading_batch.note": "the command `earshot batches` shows it",
    "batch_entry.note": "the command `earshot batches` shows it",
    "live_turn.failure": "the class of a fault, never words",
    "queue_decision.before": "for taking back only",
    "queue_decision.reason": "kept for exports",
    "report_sent.shown": "ids only",
    "verdict.reason": "no page shows a verdict's reason",
    "link.variant": "a part of a key",
    "earshot_jobs.pgqueuer.dedupe_key": "ids only",
    "escalation_actions.reason": "a table for other programs",
    "queue_decision.subject": "an id",
}
"""Columns that can hold words and that no page shows, or that are planted by other names."""
SILENT: Final[Mapping[str, str]] = {
    "conversation.url": "it is no address of the web, so there is no link",
    "existing_item.url": "it is no address of the web, so there is no link",
    "existing_item.labels": "for recognising only",
    "theme_edit.description": "the list of changes shows the title",
}
"""Fields that are planted, and whose string no page shows."""
_IDS = frozenset({"id", "external_id", "conversation_id", "conversation_ids", "conversations", "subject_id",
                  "customer_id", "account"})  # fmt: skip
_ARRAYS = frozenset({"conversation.tags", "existing_item.labels"})
_PIECES: Final[Mapping[str, str]] = {
    "message": """update conversation set messages = (select jsonb_agg(m || jsonb_build_object('text', $1::text))
        from jsonb_array_elements(messages) m) where id <> all($2)""",
    "author": """update conversation set messages = (select jsonb_agg(m || jsonb_build_object(
        'author_name', $1::text)) from jsonb_array_elements(messages) m) where id <> all($2)""",
    **{
        f"customer.{name}": f"""update conversation
            set customer = customer || jsonb_build_object('{name}', $1::text) where id <> all($2)"""
        for name in ("name", "email", "company", "plan")
    },
    **{
        f"item.{name}": f"update backlog_item set text = text || jsonb_build_object('{name}', $1::text)"
        for name in ("title", "description")
    },
    **{
        f"item.{name}": f"update backlog_item set text = text || jsonb_build_object('{name}', array[$1::text])"
        for name in ("acceptance_criteria", "labels", "components")
    },
    "rice.lines": """update backlog_item set rice = jsonb_set(rice, '{lines}', (select jsonb_agg($1::text)
        from generate_series(1, 6))) where rice is not null""",
    "rice.reason": """update backlog_item set rice = jsonb_set(rice, '{estimates}', (select jsonb_agg(
        e || jsonb_build_object('reason', $1::text)) from jsonb_array_elements(rice->'estimates') e))
        where rice is not null""",
    "evidence.quote": """update backlog_item set evidence = jsonb_set(evidence, '{quotes}', (select coalesce(
        jsonb_agg(q || jsonb_build_object('text', $1::text, 'url', 'javascript:window.pwned=1')), '[]')
        from jsonb_array_elements(evidence->'quotes') q))""",
    "content.title": "update delivery_content set content = content || jsonb_build_object('title', $1::text)",
    "run.gap": """update run set completeness = completeness || jsonb_build_object('gaps', jsonb_build_array(
        jsonb_build_object('what', $1::text, 'reason', 'gone'))) where completeness is not null""",
    "run.reason": """update run set completeness = jsonb_set(completeness, '{gaps,0,reason}', to_jsonb($1::text))
        where completeness is not null""",
    "item_edit.value": "update item_edit set value = to_json($1::text)::text where field = 'title'",
    "doubt.candidates": """update doubt set candidates = (select jsonb_agg(
        c || jsonb_build_object('title', $1::text)) from jsonb_array_elements(candidates) c)""",
    "action.parameters": "update action set parameters = jsonb_build_object('note', $1::text)",
    "delivery.receipt": """update delivery set receipt = jsonb_build_object('external_id', $1::text,
        'url', 'https://tool.example/1') where state <> 'held'""",
    "link.receipt": """update link set receipt = jsonb_build_object('external_id', $1::text,
        'url', 'javascript:window.pwned=1')""",
    "silence.matchers": "update silence set matchers = jsonb_build_object('rule', $1::text)",
    "person_act.detail": "update person_act set detail = jsonb_build_object('why', $1::text)",
    "earshot_jobs.pgqueuer_log.traceback": """update earshot_jobs.pgqueuer_log set traceback = jsonb_build_object(
        'exception_message', $1::text) where status = 'exception' or status = 'failed'""",
    "schedule.outcome": """insert into schedule (name, last_tick, ended_at, ok, outcome)
        values ('daily', now(), now(), false, $1) on conflict (name) do update set outcome = $1, ok = false,
        ended_at = now()""",
    "adoption.feature": """insert into adoption (feature, born, adopters, audience, measured_on)
        values ($1, 'insight', 3, 10, current_date)""",
    "existing.key": "update existing_item set key = $1",
    "existing.status": "update existing_item set status = $1",
    "correction.reason": "update correction set reason = $1",
    "account.plan": "update account set plan = $1",
    "saved_view.query": "update saved_view set query = 'q=' || $1",
    "audit_label.labeller": "update audit_label set labeller = left($1, 90) where labeller = 'vera'",
}
"""Statements that plant a string ($1) where it is no plain column; $2 are conversations to be left alone."""
_ROWS = (
    """insert into theme_edit (id, kind, theme_id, title, description, actor, reason, made_at)
    select 'edit', 'rename', $1, 't', 'd', 'kim', 'r', now()""",
    """insert into lineage (theme_id, change, actor, reason, at) select $1, 'renamed', 'kim', 'r', now()""",
    """insert into correction (id, conversation_id, field, value, was, actor, made_at)
    select 'c1', $2, 'priority', 'LOW', 'HIGH', 'kim', now()""",
    """insert into shipped (id, theme_id, item_id, shipped_at, actor, noted_at)
    select 's', theme_id, id, now() - interval '40 days', 'kim', now() from backlog_item
    where theme_id <> $1 order by score desc limit 1""",
    """insert into item_rating (item_id, person, stars, note, at)
    select id, 'kim', 4, 'n', now() from backlog_item""",
    """insert into item_edit (item_id, field, value, reason, actor, at)
    select id, 'status', '"approved"', 'r', 'kim', now() from backlog_item where theme_id = $1""",
    """insert into item_edit (item_id, field, value, reason, actor, at)
    select id, 'title', '"t"', 'r', 'kim', now() - interval '1 day' from backlog_item where theme_id <> $1""",
    "update backlog_item set status = 'approved' where theme_id = $1",
    """insert into silence (id, matchers, until, reason, author, at)
    select 's1', '{}', now() + interval '1 hour', 'r', 'kim', now()""",
    """insert into saved_view (id, owner, page, name, query, made_at)
    select 'v' || n, '', (array['/themes', '/conversations', '/backlog', '/rules'])[n], 'n', 'q=1', now()
    from generate_series(1, 4) n""",
    """insert into report_sent (series, period_start, period_end, destination, state, at, reason, note)
    select 'weekly', now() - interval '8 days', date_trunc('day', now()) - interval '1 day', 'files', 'failed',
    now(), 'r', 'n'""",
    """insert into destination_health (destination, breaker, reason) select 'slack', 'paused', 'r'
    on conflict (destination) do update set breaker = 'paused', reason = 'r'""",
    "update delivery set state = 'done' where ordinal = (select max(ordinal) from delivery where state = 'held')",
    """insert into person_act (at, actor, role, act, subject) select now(), 'kim', 'editor', 'theme.rename', $1""",
)
"""Rows that pages show and a fresh workspace has not. $1: a theme, $2: a conversation of it."""
_ADD = """
    update conversation set messages = jsonb_set(messages, '{0,text}',
        to_jsonb((messages #>> '{0,text}') || E'\\n' || $2::text)) where id = $1
"""
_ID_OF_ACCOUNT = (
    "update account set id = $2 where id = $1",
    "update conversation set account = $2 where account = $1",
    "update conversation_insights set account = $2 where account = $1",
    "update finding set account = $2 where account = $1",
    "delete from account_standing where account = $1 or account = $2",
)


@dataclass(frozen=True)
class Planted:
    """What was planted: `marks` by the name of the field, and the subjects that have most to show."""

    marks: Mapping[str, str]
    theme: str
    items: tuple[str, ...]
    actions: tuple[str, ...]
    sample: str
    doubt: str
    conversations: tuple[str, ...]

    def unseen(self, words: str) -> list[str]:
        """Fields whose string does not stand in these words, markup and all."""
        shown = {name: mark for name, mark in self.marks.items() if name not in SILENT}
        return [name for name, mark in shown.items() if f"{mark}{BREAKS[:10]}" not in words]

    @property
    def addresses(self) -> tuple[str, ...]:
        """Pages about what was planted, which a walk from page to page might miss."""
        queue = ("actions", "duplicates", "merges", "doubts", "suspects", "readings", "unread")
        return (
            "/",
            *(f"/queue?kind={kind}" for kind in queue),
            f"/queue?kind=doubts&subject={self.doubt}",
            f"/themes/{self.theme}",
            *(f"/backlog/{one}" for one in self.items),
            f"/backlog/{self.items[0]}/push?to=jira",
            *(f"/actions/{one}" for one in self.actions),
            f"/audit/{self.sample}?state=wrong&reveal=1",
            f"/audit/{self.sample}/label",
            "/audit/examples",
            "/conversations?unread=1",
            *(f"/conversations/{quote(one, safe='')}" for one in self.conversations),
            f"/rules/{RULE}?days=30",
            "/reports/now",
            "/reports/now/file",
            "/reports/now/file?format=md",
            "/accounts?kind=companies",
            f"/accounts/{quote(ACCOUNT, safe='')}",
            f"/privacy?conversation={quote(self.conversations[0], safe='')}",
            "/themes?since=all",
            "/themes/edits",
            "/actions?inside=1",
            "/actions?state=held",
            "/actions/silences",
            "/backlog/draft",
            "/review",
        )


@asynccontextmanager
async def planted(site: Open) -> AsyncGenerator[Planted]:
    """Fill a site and plant it; its tools stay open."""
    [first] = await site.rows("select theme_id, id from backlog_item order by score desc, id limit 1")
    await _hostile_conversation(site, first["theme_id"])
    async with acting(site, "slack", "jira"):
        yield await _all_of_it(site, theme=first["theme_id"], item=first["id"])


async def _all_of_it(site: Open, *, theme: str, item: str) -> Planted:
    conversation = CONVERSATION
    for statement in _ROWS:
        values = [value for name, value in (("$1", theme), ("$2", conversation)) if name in statement]
        text = statement if "$1" in statement else statement.replace("$2", "$1")
        await site.rows(text, *values)
    items = (item, await _tracker(site, theme))
    await _audit(site)
    await spend(site)
    await _jobs(site)
    left_alone = await plant(site)
    left_alone = [one for one in left_alone if one != conversation]
    marks = await _mark(site, left_alone)
    await _injections(site, left_alone)
    await _hostile_account(site, conversation)
    first = "select action_key from delivery where state = $1 order by ordinal limit 1"
    actions = (await site.value(first, "held"), await site.value(first, "done"))
    sample = await site.value("select id from audit_sample limit 1")
    doubt = await site.value(
        "select digest from doubt where mention_id > 0 and text like $1", f"%{marks['doubt.text']}%"
    )
    return Planted(marks, theme, items, actions, sample, doubt, (conversation, *left_alone))


async def _tracker(site: Open, theme: str) -> str:
    """Something in the tracker that may be the theme, and is another theme that may be the same; its item."""
    [found] = await site.rows(
        "select id, theme_id from backlog_item where theme_id <> $1 order by id limit 1", theme
    )
    other = found["theme_id"]
    item = ExistingItem(id="jira:ENG-7", source="jira", key="ENG-7", title="t", description="d", status="To Do")
    match = Match(theme_id=theme, item_id=item.id, probability=0.7, standing=Standing.UNSURE, decided_at=NOW)
    same = Match(theme_id=other, item_id=item.id, probability=0.9, standing=Standing.SAME, decided_at=NOW)
    one, two = sorted((theme, other))
    async with site.earshot.parts.store.unit() as unit:
        await unit.backlog.import_items([item])
        await unit.backlog.match([match, same])
        await unit.themes.propose([Proposal(one_id=one, other_id=two, probability=0.8, proposed_at=NOW)])
        await unit.commit()
    return found["id"]


async def _audit(site: Open) -> None:
    """A sample that two people labelled, with an example and a member that is left to label."""
    sample = await drawn(site)
    members = await labelled(site, sample, wrong=3)
    await labelled(site, sample, wrong=5, labeller="ole")
    name = members[0]["conversation_id"]
    await site.send(f"/audit/{sample}/example", seen="/audit", conversation=name, use="1")


async def _jobs(site: Open) -> None:
    """A job that gave up."""
    async with site.earshot.parts.store.unit() as unit:
        await unit.jobs.enqueue([Job(name=JobName.DELIVER, key="x")])
        await unit.commit()
    await site.rows(f"update {QUEUE} set status = 'failed'")
    await site.rows(
        f"""insert into earshot_jobs.pgqueuer_log (job_id, status, entrypoint, priority, traceback)
        select id, 'failed', entrypoint, priority, '{{}}' from {QUEUE}"""
    )


async def _mark(site: Open, left_alone: list[str]) -> dict[str, str]:
    """Plant every field with a string of its own; the marks by field."""
    statements: dict[str, str] = {}
    for table, columns in TEXTS.items():
        for column in columns:
            name = f"{table}.{column}"
            if column in _IDS or name in NOT_SHOWN or name in _PIECES:
                continue
            value = "array[$1::text]" if name in _ARRAYS else "$1"
            own = "id" if table == "conversation" else "conversation_id"
            spared = f" where {own} <> all($2)" if "conversation_id" in columns or table == "conversation" else ""
            statements[name] = f"update {table} set {column} = {value}{spared}"
    statements |= _PIECES
    marks = {name: f"zq{number:03}q" for number, name in enumerate(statements)}
    for name, statement in statements.items():
        more: list[Any] = [left_alone] if "$2" in statement else []
        await site.rows(statement, f"={marks[name]}{BREAKS}", *more)
    return marks


async def _injections(site: Open, ids: list[str]) -> None:
    """Every text of the evaluation folder somewhere: in quotes, doubts, reasons, and words that go out."""
    texts = injections()
    for number, one in enumerate(ids):
        share = texts[number :: len(ids)]
        await site.rows(_ADD, one, "\n".join(share))
        await site.rows("update finding set quote = $2 where conversation_id = $1", one, "\n".join(share)[:4000])
    held = await site.rows("select delivery_id, content from delivery_content order by delivery_id")
    for number, row in enumerate(held):
        words = "\n".join(texts[number :: len(held)])[:4000]
        content = _said(json.loads(row["content"]), words)
        await site.rows(
            "update delivery_content set content = $2::jsonb where delivery_id = $1",
            row["delivery_id"],
            json.dumps(content),
        )


def _said(content: dict[str, Any], words: str) -> dict[str, Any]:
    """The content of a delivery that quotes these words, linked to a script."""
    quotation = {"type": "quotation", "text": words, "href": "javascript:window.pwned=1"}
    body: dict[str, Any] = content.get("body") or {}
    return {**content, "body": {**body, "blocks": [*body.get("blocks", ()), quotation]}}


async def _hostile_conversation(site: Open, theme: str) -> None:
    """The newest conversation of a theme gets a hostile id, wherever it stands."""
    newest = "select conversation_id from finding where theme_id = $1 order by conversation_at desc limit 1"
    old = await site.value(newest, theme)
    await site.rows(
        "update conversation set id = $2, source = 'jsonl', external_id = $3 where id = $1",
        old,
        CONVERSATION,
        EXTERNAL,
    )
    tables = await site.rows(
        """select table_name from information_schema.columns
        where table_schema = 'earshot' and column_name = 'conversation_id'"""
    )
    for table in {row["table_name"] for row in tables}:
        await site.rows(f"update {table} set conversation_id = $2 where conversation_id = $1", old, CONVERSATION)
    await site.rows(
        "update backlog_item set evidence = replace(evidence::text, $1, $2)::jsonb",
        json.dumps(old),
        json.dumps(CONVERSATION),
    )


async def _hostile_account(site: Open, conversation: str) -> None:
    """The account of a conversation gets a hostile id."""
    old = await site.value("select account from finding where conversation_id = $1 limit 1", conversation)
    assert old is not None
    for statement in _ID_OF_ACCOUNT:
        await site.rows(statement, old, ACCOUNT)
