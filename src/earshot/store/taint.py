"""Whether a text rests on words that were withdrawn: words and runs of words that nobody left says too."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, cast

from earshot.store.sql import Sql

RUN = 5
"""Words in a row that make a quotation, however common each of them is."""
_SHORTEST = 3
_WORD = re.compile(r"\w+")
_SAID = """lower(concat_ws(' ', f.summary, f.quote, f.affected_feature, f.context, f.reply))"""
_ALONE = f"""
    select term from unnest(cast(:terms as text[])) as term
    where numnode(plainto_tsquery('pg_catalog.english', term)) > 0
        and not exists (select from finding f where f.theme_id = :theme and strpos({_SAID}, term) > 0)
        and not exists (select from core c where c.words @@ plainto_tsquery('pg_catalog.english', term))
"""  # noqa: S608 (a constant expression)
_QUOTED = f"""
    select run from unnest(cast(:runs as text[])) as run where not exists (
        select from finding f where f.theme_id = :theme
            and strpos(regexp_replace({_SAID}, '\\W+', ' ', 'g'), run) > 0
    )
"""  # noqa: S608 (a constant expression)


@dataclass(frozen=True)
class Taint:
    """Withdrawn words that no mention left says, and withdrawn runs of words that none left in the theme says."""

    words: frozenset[str] = frozenset()
    runs: frozenset[str] = frozenset()

    def stains(self, text: str | None) -> bool:
        """Whether the text contains any of them."""
        if not text or not (self.words or self.runs):
            return False
        said = words_of(text)
        return not self.words.isdisjoint(said) or not self.runs.isdisjoint(runs_of(said))

    def freed(self, value: Any) -> Any:
        """JSON data with every stained text emptied."""
        if isinstance(value, str):
            return "" if self.stains(value) else value
        if isinstance(value, dict):
            return {key: self.freed(item) for key, item in cast("dict[str, Any]", value).items()}
        if isinstance(value, list):
            return [self.freed(item) for item in cast("list[Any]", value)]
        return value


async def taint_of(sql: Sql, theme_id: str, *, withdrawn: Iterable[str], derived: Iterable[str]) -> Taint:
    """The taint of texts withdrawn from a theme, as far as it can be in the texts derived from it."""
    texts = [words_of(text) for text in withdrawn]
    gone = {word for words in texts for word in words}
    quoted = {run for words in texts for run in runs_of(words)}
    told = [words_of(text) for text in derived]
    terms = gone.intersection(word for words in told for word in words)
    runs = quoted.intersection(run for words in told for run in runs_of(words))
    alone = await sql.column(_ALONE, terms=sorted(terms), theme=theme_id) if terms else []
    alive = await sql.column(_QUOTED, runs=sorted(runs), theme=theme_id) if runs else []
    return Taint(frozenset(alone), frozenset(alive))


def words_of(text: str) -> list[str]:
    """The words of a text, lower case."""
    return _WORD.findall(text.lower())


def runs_of(words: list[str]) -> set[str]:
    """Every run of `RUN` words; a shorter text is one run when it has three words at least."""
    if len(words) < RUN:
        return {" ".join(words)} if len(words) >= _SHORTEST else set()
    return {" ".join(words[at : at + RUN]) for at in range(len(words) - RUN + 1)}
