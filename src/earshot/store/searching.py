"""Full text search over what conversations say, index-backed whether a word is rare or on every page."""

# ruff: noqa: S608 (statements are put together from constant names and conditions; values are parameters)

from typing import Any

from earshot.store.cleaning import clean
from earshot.store.sql import Sql

RARE = 20_000
"""So many hits are gathered and sorted; where there are more, conversations are walked by time and asked each."""
_ASKED = "websearch_to_tsquery('pg_catalog.english', :words)"
_HITS = f"select count(*) from (select from conversation_words w where w.words @@ {_ASKED} limit :most) as counted"
_NAMED = """select id from conversation where id = :named or lower(customer_email) = lower(:named)
    or customer_id = :named"""


async def saying(sql: Sql, text: str, *, column: str, rare: int = RARE) -> tuple[str, dict[str, Any]]:
    """The condition that a conversation says these words (`"a phrase"`, `or`, `-not`), with its parameters.

    A conversation's id, or its customer's id or e-mail, finds it too. `column` holds conversation ids.
    """
    values = {"words": clean(text), "named": clean(text).strip()}
    hits = await sql.value(_HITS, words=values["words"], most=rare + 1)
    if hits <= rare:
        found = f"select w.conversation_id from conversation_words w where w.words @@ {_ASKED} union all {_NAMED}"
        return f"{column} = any(array({found}))", values
    said = f"(select bool_or(w.words @@ {_ASKED}) from conversation_words w where w.conversation_id = {column})"
    return said, {"words": values["words"]}
