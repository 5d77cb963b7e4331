"""What is kept by a text's digest or names a conversation, once the text or the conversation is gone."""

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any, cast

from earshot.store.sql import Sql
from earshot.store.taint import Taint, taint_of

_UNUSED = """
    select digest from unnest(cast(:digests as text[])) as digest
    where not exists (select from placement p where p.digest = digest.digest)
"""
_DOUBTED = """
    select d.digest, d.title, d.text, d.candidates from doubt d
    where d.theme_id = any(:themes) or exists (
        select from jsonb_array_elements(d.candidates) c
        where c->>'digest' = any(:gone) or c->>'id' in (select id from cell where theme_id = any(:themes))
    ) order by d.digest for update
"""
_UNDECIDE = """
    delete from theme_edit where kind in ('split', 'move') and conversations && cast(:ids as text[])
        and conversations <@ cast(:ids as text[])
"""
_UNNAME = """
    update theme_edit set conversations = array(
        select id from unnest(conversations) with ordinality as c (id, n)
        where id <> all(cast(:ids as text[])) order by n
    ) where conversations && cast(:ids as text[])
"""


async def forget_digests(
    sql: Sql, digests: Collection[str], *, themes: Sequence[str], texts: Sequence[str]
) -> None:
    """Remove verdicts, doubts and embeddings of texts that nobody says any more."""
    gone = list(await sql.column(_UNUSED, digests=sorted(digests)))
    await _forget_candidates(sql, gone, themes=themes, texts=texts)
    await sql.run("delete from verdict where one = any(:gone) or other = any(:gone)", gone=gone)
    await sql.run("delete from embedding where digest = any(:gone)", gone=gone)
    await sql.run("delete from doubt where digest = any(:gone)", gone=gone)


async def retire_digests(sql: Sql, digests: Collection[str]) -> None:
    """Texts of an earlier reading, which nobody says any more, leave no vectors and no words behind.

    A person's bare verdict stays: the text may come again, and so may the question.
    """
    gone = list(await sql.column(_UNUSED, digests=sorted(digests))) if digests else []
    if gone:
        await sql.run("delete from embedding where digest = any(:gone)", gone=gone)
        await sql.run(
            "delete from verdict where (one = any(:gone) or other = any(:gone)) and decided_by <> 'person'",
            gone=gone,
        )
        await sql.run("update verdict set reason = '' where one = any(:gone) or other = any(:gone)", gone=gone)


async def forget_edits(sql: Sql, ids: Sequence[str]) -> None:
    """Take deleted conversations out of people's changes; a change that concerned nothing else goes."""
    await sql.run(_UNDECIDE, ids=list(ids))
    await sql.run(_UNNAME, ids=list(ids))


async def _forget_candidates(sql: Sql, gone: Sequence[str], *, themes: Sequence[str], texts: Sequence[str]) -> None:
    """Take the withdrawn texts out of what is put to people and models; a doubt without a candidate goes."""
    rows = await sql.rows(_DOUBTED, themes=list(themes), gone=list(gone))
    told = [f"{row['title']} {row['text']} {row['candidates']}" for row in rows]
    taint = await taint_of(sql, "", withdrawn=texts, derived=told)
    for row in rows:
        candidates: list[dict[str, Any]] = json.loads(row["candidates"])
        kept = [c for c in candidates if c["digest"] not in gone and not _stained(taint, c)]
        if not kept or _stained(taint, cast("Mapping[str, Any]", row)):
            await sql.run("delete from doubt where digest = :digest", digest=row["digest"])
        elif len(kept) < len(candidates):
            await sql.run(
                "update doubt set candidates = cast(:kept as jsonb) where digest = :digest",
                digest=row["digest"],
                kept=json.dumps(kept),
            )


def _stained(taint: Taint, told: Mapping[str, Any]) -> bool:
    return taint.stains(told["title"]) or taint.stains(told["text"])
