"""Themes after text was withdrawn: no title word, centre term or statistic may rest on the withdrawn text alone."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from earshot.store.sql import Sql

TITLE_LIMIT = 100
"""Longest title that a summary gives."""

_WORD = re.compile(r"\w+")
_SUPPORTED = """
    select term from unnest(cast(:terms as text[])) as term where exists (
        select from finding f where f.theme_id = :theme
        and strpos(lower(f.summary || ' ' || coalesce(f.quote, '') || ' ' || coalesce(f.affected_feature, '')),
            term) > 0
    )
"""


@dataclass(frozen=True)
class Withdrawn:
    """Texts of findings that were taken out of a theme; the last line of each is its summary."""

    theme_id: str
    texts: tuple[str, ...]

    @property
    def text(self) -> str:
        """All of it, lower case."""
        return "\n".join(self.texts).lower()

    @property
    def summaries(self) -> set[str]:
        """The summaries, normalized."""
        return {normalize(text.rpartition("\n")[2]) for text in self.texts}


def normalize(text: str) -> str:
    """Lower case, no punctuation, single spaces: the guide's form for finding duplicates."""
    return re.sub(r"\s+", " ", re.sub(r"[^\w\s]", "", text.lower().strip()))


async def scrub_theme(sql: Sql, withdrawn: Withdrawn) -> None:
    """Drop the theme when nothing is left in it; otherwise free its title and centre of the withdrawn text."""
    heir = await sql.row(
        "select summary from finding where theme_id = :id order by conversation_at, id limit 1",
        id=withdrawn.theme_id,
    )
    theme = await sql.row("select title, centre from theme where id = :id for update", id=withdrawn.theme_id)
    if theme is None:
        return
    if heir is None:
        await _drop(sql, withdrawn.theme_id)
        return
    centre: dict[str, float] = json.loads(theme["centre"])
    words = {word for word in _WORD.findall(theme["title"].lower()) if word in withdrawn.text}
    said = {word for term in centre for word in term.lower().split() if word in withdrawn.text}
    alone = await _unsupported(sql, withdrawn.theme_id, terms=words | said)
    borrowed = await _is_borrowed(sql, withdrawn, title=theme["title"])
    title = heir["summary"][:TITLE_LIMIT] if borrowed or words & alone else theme["title"]
    await sql.run(
        """update theme set title = :title, normalized_title = :normalized, centre = cast(:centre as jsonb),
            stale = true where id = :id""",
        id=withdrawn.theme_id,
        title=title,
        normalized=normalize(title),
        centre=json.dumps({term: w for term, w in centre.items() if not alone & set(term.lower().split())}),
    )
    if title != theme["title"]:
        await _forget_request(sql, withdrawn.theme_id)


async def scrub_lexicon(sql: Sql, texts: Sequence[str]) -> None:
    """Forget terms that only the withdrawn texts can have brought in."""
    row = await sql.row("select frequencies from lexicon for update")
    if row is None or not texts:
        return
    frequencies: dict[str, int] = json.loads(row["frequencies"])
    text = "\n".join(texts).lower()
    kept = {t: n for t, n in frequencies.items() if n > len(texts) or any(w not in text for w in t.lower().split())}
    if len(kept) < len(frequencies):
        await sql.run("update lexicon set frequencies = cast(:kept as jsonb)", kept=json.dumps(kept))


async def _unsupported(sql: Sql, theme_id: str, *, terms: set[str]) -> set[str]:
    if not terms:
        return set()
    return terms - set(await sql.column(_SUPPORTED, terms=sorted(terms), theme=theme_id))


async def _is_borrowed(sql: Sql, withdrawn: Withdrawn, *, title: str) -> bool:
    """Whether the title is a withdrawn sentence that no remaining finding says too."""
    plain = normalize(title)
    if not any(plain in summary or summary in plain for summary in withdrawn.summaries if summary):
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
