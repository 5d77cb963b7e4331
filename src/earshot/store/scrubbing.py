"""Themes after text was withdrawn: no name, reason or statistic may rest on the withdrawn text alone."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from earshot.store.item_scrubbing import item_texts, scrub_items
from earshot.store.sql import Sql
from earshot.store.taint import Taint, taint_of, words_of

TITLE_LIMIT = 100
"""Longest title that a summary gives."""

_SUPPORTED = """
    select term from unnest(cast(:terms as text[])) as term where exists (
        select from finding f where f.theme_id = :theme
        and strpos(lower(f.summary || ' ' || coalesce(f.quote, '') || ' ' || coalesce(f.affected_feature, '')),
            term) > 0
    )
"""
_TELLING = 4
"""Letters of a word that is looked for everywhere."""
_STRAY = """
    with alone as materialized (
        select term from unnest(cast(:terms as text[])) as term
        where numnode(plainto_tsquery('pg_catalog.english', term)) > 0
            and not exists (select from core c where c.words @@ plainto_tsquery('pg_catalog.english', term))
    )
    select distinct told.id from (
        select id, concat_ws(' ', title, description) as text from theme
        union all select theme_id, concat_ws(' ', text, rice) from backlog_item
        union all select b.theme_id, concat_ws(' ', e.value, e.reason)
            from item_edit e join backlog_item b on b.id = e.item_id
        union all select theme_id, reason from lineage where reason <> ''
        union all select theme_id, concat_ws(' ', title, description, reason) from theme_edit
    ) told where told.id <> all(cast(:known as text[]))
        and exists (select from alone a where strpos(lower(told.text), a.term) > 0)
    order by told.id
"""
_HEIR = """
    select summary from finding where theme_id = :id
    order by conversation_at, conversation_id collate "C", position limit 1
"""
_RENAME = """
    update theme set title = :title, normalized_title = :normalized, description = :description,
        named_by = case when :fresh then 'score' else named_by end,
        named_size = case when :fresh then 0 else named_size end,
        asked_size = case when :fresh then 0 else asked_size end, stale = true
    where id = :id
"""
"""A name that had to go is due again: it counts as made when the theme had no mention."""
_DIGESTS = "select p.digest from placement p join cell c on c.id = p.cell_id where c.theme_id = :theme"
_REASONS = {
    "lineage": ("id", "theme_id = :theme or other_id = :theme"),
    "placement": ("finding_id", "cell_id in (select c.id from cell c where c.theme_id = :theme)"),
    "theme_edit": ("id", "theme_id = :theme or into_id = :theme"),
    "proposal": ("one_id || ' ' || other_id", "one_id = :theme or other_id = :theme"),
    "match": ("theme_id || ' ' || item_id", "theme_id = :theme"),
    "verdict": ("one || ' ' || other", f"one = :theme or one in ({_DIGESTS}) or other in ({_DIGESTS})"),
}
"""Tables with reasons about a theme: what names a row, and which rows."""

_FORGET = """
    update lexicon set frequencies = cast(:kept as jsonb), meanings = meanings - cast(:gone as text[])
"""


@dataclass(frozen=True)
class Withdrawn:
    """Texts of findings that were taken out of a theme, each whole, and their summaries."""

    theme_id: str
    texts: tuple[str, ...]
    summaries: tuple[str, ...]

    @property
    def text(self) -> str:
        """All of it, lower case."""
        return "\n".join(self.texts).lower()


def normalize(text: str) -> str:
    """Lower case, no punctuation, single spaces: the guide's form for finding duplicates."""
    return re.sub(r"\s+", " ", re.sub(r"[^\w\s]", "", text.lower().strip()))


async def scrub_theme(sql: Sql, withdrawn: Withdrawn) -> None:
    """Drop the theme when nothing is left in it; otherwise free all that was derived from it of the text."""
    theme = await sql.row("select title, description from theme where id = :id for update", id=withdrawn.theme_id)
    heir = await sql.row(_HEIR, id=withdrawn.theme_id)
    taint = await _taint(sql, withdrawn)
    if theme is not None and heir is not None:
        await _rename(sql, withdrawn, theme=theme, heir=heir["summary"], taint=taint)
    elif theme is not None:
        await _drop(sql, withdrawn.theme_id)
    await _scrub_reasons(sql, withdrawn.theme_id, taint=taint)
    title = await sql.value("select max(title) from theme where id = :id", id=withdrawn.theme_id)
    await scrub_items(sql, withdrawn.theme_id, taint=taint, title=title)


async def _taint(sql: Sql, withdrawn: Withdrawn) -> Taint:
    """The taint of the texts in everything that was derived from the theme."""
    derived: list[str] = []
    for table, (_, which) in _REASONS.items():
        derived += await sql.column(
            f"select reason from {table} where ({which}) and reason <> ''",  # noqa: S608 (constant names)
            theme=withdrawn.theme_id,
        )
    derived += await sql.column(
        """select title || ' ' || description from theme where id = :theme union all
        select concat_ws(' ', title, description) from theme_edit where theme_id = :theme or into_id = :theme""",
        theme=withdrawn.theme_id,
    )
    derived += await item_texts(sql, withdrawn.theme_id)
    return await taint_of(sql, withdrawn.theme_id, withdrawn=withdrawn.texts, derived=derived)


async def _rename(sql: Sql, withdrawn: Withdrawn, *, theme: Any, heir: str, taint: Taint) -> None:
    """Free the theme's title and description of the withdrawn text; a new name is due then."""
    words = {word for word in words_of(theme["title"]) if word in withdrawn.text}
    alone = await _unsupported(sql, withdrawn.theme_id, terms=words)
    borrowed = await _is_borrowed(sql, withdrawn, title=theme["title"])
    fresh = bool(borrowed or words & alone or taint.stains(theme["title"]))
    title = heir[:TITLE_LIMIT] if fresh else theme["title"]
    stained = fresh or taint.stains(theme["description"])
    await sql.run(
        _RENAME,
        id=withdrawn.theme_id,
        title=title,
        normalized=normalize(title),
        description="" if stained else theme["description"],
        fresh=stained,
    )
    if title != theme["title"]:
        await _forget_request(sql, withdrawn.theme_id)


async def stray_themes(sql: Sql, texts: Sequence[str], *, known: Sequence[str]) -> list[str]:
    """Other themes whose name, items or history have words that only the withdrawn texts said.

    A conversation may have been in another theme when that was named, or its theme may since have been merged.
    """
    terms = {word for text in texts for word in words_of(text) if len(word) >= _TELLING}
    return list(await sql.column(_STRAY, terms=sorted(terms), known=list(known))) if terms else []


async def scrub_lexicon(sql: Sql, texts: Sequence[str]) -> None:
    """Forget terms that only the withdrawn texts can have brought in."""
    row = await sql.row("select frequencies from lexicon for update")
    if row is None or not texts:
        return
    frequencies: dict[str, int] = json.loads(row["frequencies"])
    text = "\n".join(texts).lower()
    kept = {t: n for t, n in frequencies.items() if n > len(texts) or any(w not in text for w in t.lower().split())}
    if len(kept) < len(frequencies):
        await sql.run(_FORGET, kept=json.dumps(kept), gone=sorted(frequencies.keys() - kept))


async def _scrub_reasons(sql: Sql, theme_id: str, *, taint: Taint) -> None:
    for table, (key, which) in _REASONS.items():
        rows = await sql.rows(
            f"select {key} as key, reason from {table} where ({which}) and reason <> ''",  # noqa: S608 (constant names)
            theme=theme_id,
        )
        stained = [row["key"] for row in rows if taint.stains(row["reason"])]
        if stained:
            await sql.run(
                f"update {table} set reason = '' where {key} = any(:keys)",  # noqa: S608 (constant names)
                keys=stained,
            )
    for row in await sql.rows(
        "select id, title, description from theme_edit where theme_id = :id or into_id = :id", id=theme_id
    ):
        if taint.stains(row["title"]) or taint.stains(row["description"]):
            await sql.run("update theme_edit set title = null, description = null where id = :id", id=row["id"])


async def _unsupported(sql: Sql, theme_id: str, *, terms: set[str]) -> set[str]:
    if not terms:
        return set()
    return terms - set(await sql.column(_SUPPORTED, terms=sorted(terms), theme=theme_id))


async def _is_borrowed(sql: Sql, withdrawn: Withdrawn, *, title: str) -> bool:
    """Whether the title is a withdrawn sentence that no remaining finding says too."""
    plain = normalize(title)
    summaries = {normalize(summary) for summary in withdrawn.summaries}
    if not any(plain in summary or summary in plain for summary in summaries if summary):
        return False
    return not await sql.value(
        "select exists (select from finding where theme_id = :id and strpos(lower(summary), :title) > 0)",
        id=withdrawn.theme_id,
        title=title.lower().rstrip("…"),
    )


async def _drop(sql: Sql, theme_id: str) -> None:
    await _forget_request(sql, theme_id)
    await sql.run("delete from theme where id = :id", id=theme_id)


async def _forget_request(sql: Sql, theme_id: str) -> None:
    """Remove the feature request with the old title, and have the other themes under that title counted anew."""
    gone = await sql.rows(
        "delete from feature_requests where cast(:id as text) = any(theme_ids) returning theme_ids", id=theme_id
    )
    ids = sorted({one for row in gone for one in row["theme_ids"]})
    await sql.run("update theme set stale = true where id = any(:ids)", ids=ids)
