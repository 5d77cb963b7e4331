"""Where an id or e-mail still stands, in every table that can hold text; and masking it there."""

# ruff: noqa: S608 (statements are put together from constant names and conditions; values are parameters)

import json
from collections.abc import AsyncIterator

import zstandard

from earshot.store.conversation_rows import COLUMNS, from_row
from earshot.store.jobs.forgetting import forget_reasons
from earshot.store.needles import MASK, Needles, parsed
from earshot.store.purging import Purge
from earshot.store.scrubbing import normalize
from earshot.store.sql import Sql

_BATCH = 500
TEXTS = {
    "conversation": (
        "id",
        "external_id",
        "title",
        "messages",
        "customer",
        "customer_id",
        "customer_email",
        "account",
        "tags",
        "url",
    ),
    "directory": ("id", "body"),
    "account": ("id", "name"),
    "account_standing": ("account",),
    "dirty_account": ("account",),
    "conversation_insights": ("conversation_id", "summary", "affected_feature", "category", "account"),
    "finding": ("conversation_id", "summary", "quote", "affected_feature", "account", "context", "reply"),
    "unread": ("conversation_id", "reason"),
    "theme": ("title", "description", "area"),
    "placement": ("reason",),
    "core": ("words",),
    "theme_edit": ("conversations", "title", "description", "reason"),
    "lineage": ("reason",),
    "verdict": ("reason",),
    "doubt": ("conversation_id", "title", "text", "candidates"),
    "proposal": ("reason",),
    "backlog_item": ("text", "rice", "evidence"),
    "item_edit": ("value", "reason"),
    "existing_item": ("title", "description", "url", "labels"),
    "match": ("reason",),
    "lexicon": ("frequencies", "meanings"),
    "feature_requests": ("summary", "conversation_ids"),
    "action": ("subject_id", "conversation_id", "reason", "parameters", "suspect"),
    "action_member": ("conversation_id", "suspect"),
    "action_alias": ("subject_id",),
    "link": ("subject_id", "variant", "receipt"),
    "delivery": ("subject_id", "receipt", "cause", "note", "approved_by"),
    "delivery_content": ("content",),
    "silence": ("matchers", "reason"),
    "rule_state": ("reason",),
    "destination_health": ("reason",),
    "escalation_actions": ("conversation_id", "reason"),
    "llm_api_logs": ("conversation_id",),
    "run": ("completeness",),
    "first_labels": ("conversation_id",),
    "summary": ("conversation_id", "body"),
    "reading_batch": ("note",),
    "batch_entry": ("conversation_id", "note"),
    "inbox": ("external_id",),
    "live_turn": ("external_id", "failure"),
    "reading_lease": ("conversation_id",),
    "schedule": ("outcome",),
    "audit_member": ("conversation_id",),
    "audit_label": ("conversation_id", "note"),
    "audit_ruling": ("conversation_id",),
    "person_act": ("subject", "detail"),
    "saved_view": ("name", "query"),
    "report_sent": ("reason", "note", "shown"),
    "item_rating": ("note",),
    "queue_decision": ("subject", "reason", "before"),
    "earshot_jobs.pgqueuer": ("dedupe_key",),
    "earshot_jobs.pgqueuer_log": ("traceback",),
}
"""Every column that can hold customer text, a name or an id."""
_PEOPLE = {
    "conversation": ("id", "external_id", "customer_id", "account"),
    "directory": ("id",),
    "account": ("id",),
    "account_standing": ("account",),
    "dirty_account": ("account",),
    "conversation_insights": ("conversation_id", "account"),
    "finding": ("conversation_id", "account"),
    "unread": ("conversation_id",),
    "raw": ("conversation_id",),
    "action": ("subject_id", "conversation_id"),
    "action_member": ("conversation_id",),
    "action_alias": ("subject_id",),
    "link": ("subject_id",),
    "delivery": ("subject_id",),
    "escalation_actions": ("conversation_id",),
    "llm_api_logs": ("conversation_id",),
    "first_labels": ("conversation_id",),
    "summary": ("conversation_id",),
    "batch_entry": ("conversation_id",),
    "doubt": ("conversation_id",),
    "inbox": ("external_id",),
    "live_turn": ("external_id",),
    "reading_lease": ("conversation_id",),
    "person_act": ("subject",),
    "queue_decision": ("subject",),
    "correction": ("conversation_id",),
    "conversation_words": ("conversation_id",),
    "audit_member": ("conversation_id",),
    "audit_label": ("conversation_id",),
    "audit_ruling": ("conversation_id",),
}
"""The columns that hold bare ids, for ids too short to be searched in texts."""
_LISTED = {
    "feature_requests": "conversation_ids && cast(:ids as text[])",
    "theme_edit": "conversations && cast(:ids as text[])",
    "report_sent": "(shown -> 'conversations') ?| cast(:ids as text[])",
    "earshot_jobs.pgqueuer": "string_to_array(dedupe_key, '/') && cast(:ids as text[])",
    "backlog_item": """exists (
        select from jsonb_path_query(evidence, '$.**.conversation_id') said
        where said #>> '{}' = any(cast(:ids as text[]))
    )""",
}
"""Where bare ids stand in lists."""

_UNPLACE = """
    with moved as (
        delete from placement p using finding f where f.id = p.finding_id
            and concat_ws(' ', f.summary, f.quote, f.affected_feature, f.context, f.reply) ~* :pattern
        returning p.finding_id, f.theme_id
    ), left_behind as (update theme set stale = true where id in (select theme_id from moved))
    update finding f set theme_id = null from moved m where f.id = m.finding_id
"""
"""A finding whose words are masked is another text: the next grouping places it anew."""
_MASK_LABELS = """
    update existing_item set labels = array(
        select regexp_replace(label, :pattern, :mask, 'gi') from unnest(labels) with ordinality as l (label, n)
        order by n
    ) where labels::text ~* :pattern
"""


async def found(sql: Sql, needles: Needles) -> dict[str, int]:
    """Rows by table that mention one of the values; empty when there is none."""
    counts: dict[str, int] = {}
    for table in sorted(TEXTS.keys() | _PEOPLE.keys() | _LISTED.keys()):
        conditions = _conditions(table, needles)
        if conditions:
            counts[table] = await sql.value(
                f"select count(*) from {table} where {conditions}",
                **_values(needles),
            )
    async for _, _, party, mention in raw_mentions(sql, needles):
        counts["raw"] = counts.get("raw", 0) + (party or mention)
    return {table: n for table, n in counts.items() if n}


def _conditions(table: str, needles: Needles) -> str:
    texts = [f"{column}::text ~* :pattern" for column in TEXTS.get(table, ())] if needles.pattern else []
    ids = [f"{column} = any(cast(:ids as text[]))" for column in _PEOPLE.get(table, ())]
    listed = [_LISTED[table]] if table in _LISTED else []
    return " or ".join(texts + ids + listed)


def _values(needles: Needles) -> dict[str, object]:
    return {"ids": sorted(needles.values), "pattern": needles.pattern}


async def raw_mentions(sql: Sql, needles: Needles) -> AsyncIterator[tuple[str, bytes, bool, bool]]:
    """Conversations whose raw JSON names one of the values: id, JSON, as a party, or in any text."""
    unpack = zstandard.ZstdDecompressor().decompress
    statement = "select conversation_id, body from raw order by conversation_id"
    async for rows in sql.batches(statement, size=_BATCH):
        for row in rows:
            raw = unpack(row["body"])
            if needles.may_be_in(raw):
                data = parsed(raw)
                party, mention = needles.is_party(data), needles.in_json(data)
                if party or mention:
                    yield row["conversation_id"], raw, party, mention


async def mask(sql: Sql, purge: Purge, *, needles: Needles) -> int:
    """Mask mentions of the values in everything that stays; how many conversations were touched.

    Their readings go, as after any loss of text, and are made anew.
    """
    if needles.pattern is None:
        return 0
    raws = {one: raw async for one, raw, _, mention in raw_mentions(sql, needles) if mention}
    ids = await sql.column(
        """select id from conversation where title ~* :pattern or messages::text ~* :pattern
            or customer::text ~* :pattern or tags::text ~* :pattern or url ~* :pattern""",
        pattern=needles.pattern,
    )
    touched = sorted({*ids, *raws})
    await purge.readings(touched)
    await _mask_conversations(sql, needles, ids=touched)
    pack = zstandard.ZstdCompressor(level=3).compress
    for one, raw in raws.items():
        body = json.dumps(needles.masked_json(parsed(raw)), ensure_ascii=False).encode("utf-8", "surrogatepass")
        await sql.run("update raw set body = :body where conversation_id = :id", id=one, body=pack(body))
    await _mask_rest(sql, needles)
    return len(touched)


async def _mask_conversations(sql: Sql, needles: Needles, *, ids: list[str]) -> None:
    rows = await sql.rows(f"select {COLUMNS} from conversation c where c.id = any(:ids)", ids=ids)
    for row in rows:
        old = from_row(row)
        new = type(old).model_validate(needles.masked_json(json.loads(old.model_dump_json())))
        await sql.run(
            """update conversation set title = :title, messages = cast(:messages as jsonb), tags = :tags,
                url = :url,
                customer = cast(:customer as jsonb), content_hash = :hash where id = :id""",
            id=old.id,
            title=new.title,
            messages=json.dumps([m.model_dump(mode="json") for m in new.messages]),
            tags=list(new.tags),
            url=new.url,
            customer=None if new.customer is None else new.customer.model_dump_json(),
            hash=new.content_hash,
        )


async def _mask_rest(sql: Sql, needles: Needles) -> None:
    await sql.run(_UNPLACE, pattern=needles.pattern)
    plain = {"theme": ("title", "description", "area"), "feature_requests": ("summary",), "account": ("name",)}
    plain |= {"conversation_insights": ("summary", "affected_feature", "category")}
    plain |= {"finding": ("summary", "quote", "affected_feature", "context", "reply")}
    plain |= {"escalation_actions": ("reason",), "placement": ("reason",), "lineage": ("reason",)}
    plain |= {"theme_edit": ("title", "description", "reason"), "verdict": ("reason",), "proposal": ("reason",)}
    plain |= {"match": ("reason",), "existing_item": ("title", "description", "url"), "doubt": ("title", "text")}
    plain |= {"item_edit": ("value", "reason"), "action_member": ("suspect",), "link": ("subject_id", "variant")}
    plain |= {"action": ("reason", "suspect"), "delivery": ("subject_id", "cause", "note", "approved_by")}
    plain |= {"silence": ("reason",), "rule_state": ("reason",), "destination_health": ("reason",)}
    plain |= {"live_turn": ("failure",), "schedule": ("outcome",)}
    plain |= {"audit_label": ("note",)}
    plain |= {"person_act": ("subject",), "saved_view": ("name", "query")}
    plain |= {"report_sent": ("reason", "note")}
    plain |= {"correction": ("value", "was", "reason")}
    plain |= {"item_rating": ("note",), "queue_decision": ("subject", "reason")}
    plain |= {"unread": ("reason",), "summary": ("body",), "batch_entry": ("note",), "reading_batch": ("note",)}
    for table, columns in plain.items():
        for column in columns:
            await sql.run(
                f"""update {table} set {column} = regexp_replace({column}, :pattern, :mask, 'gi')
                where {column} ~* :pattern""",
                pattern=needles.pattern,
                mask=MASK,
            )
    await forget_reasons(sql, needles.pattern or "")
    await sql.run(_MASK_LABELS, pattern=needles.pattern, mask=MASK)
    for row in await sql.rows("select id, title from theme where title like :mask", mask=f"%{MASK}%"):
        await sql.run(
            "update theme set normalized_title = :plain, stale = true where id = :id",
            id=row["id"],
            plain=normalize(row["title"]),
        )
    await _mask_documents(sql, needles)


async def _mask_documents(sql: Sql, needles: Needles) -> None:
    documents = [
        ("lexicon", "only_row", "frequencies"),
        ("lexicon", "only_row", "meanings"),
        ("run", "id", "completeness"),
    ]
    documents += [("doubt", "digest", "candidates"), ("delivery_content", "delivery_id", "content")]
    documents += [("link", "object_key", "receipt"), ("delivery", "id", "receipt"), ("action", "key", "parameters")]
    documents += [("silence", "id", "matchers"), ("person_act", "id", "detail")]
    documents += [("queue_decision", "id", "before")]
    documents += [("backlog_item", "id", column) for column in ("text", "rice", "evidence")]
    for table, key, column in documents:
        rows = await sql.rows(
            f"select {key} as key, {column} as document from {table} where {column}::text ~* :pattern",
            pattern=needles.pattern,
        )
        for row in rows:
            await sql.run(
                f"update {table} set {column} = cast(:document as jsonb) where {key} = :key",
                key=row["key"],
                document=json.dumps(needles.masked_json(json.loads(row["document"]))),
            )
    for row in await sql.rows("select kind, id, body from directory where body::text ~* :p", p=needles.pattern):
        body = json.dumps(needles.masked_json(json.loads(row["body"])))
        await sql.run(
            "update directory set body = cast(:body as jsonb) where kind = :kind and id = :id",
            kind=row["kind"],
            id=row["id"],
            body=body,
        )
