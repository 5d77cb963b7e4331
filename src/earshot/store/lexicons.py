"""The stored term counts, parsed once per change: they are large, and real time asks for them at every finding."""

import json
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field

from earshot.domain.theme import Lexicon
from earshot.store.cleaning import clean
from earshot.store.sql import Sql

_SAVE_CONDITIONS = """
    insert into lexicon (documents, frequencies, conditions) values (0, '{}', :conditions)
    on conflict (only_row) do update set conditions = excluded.conditions
"""
_SAVE = """
    insert into lexicon (documents, frequencies, meanings)
    values (:documents, cast(:frequencies as jsonb), cast(:meanings as jsonb))
    on conflict (only_row) do update
    set documents = excluded.documents, frequencies = excluded.frequencies, meanings = excluded.meanings
"""


@dataclass
class KeptLexicon:
    """The last one that was read from a database, and the transaction that wrote it (ids are never given twice)."""

    version: str = ""
    lexicon: Lexicon = field(default_factory=Lexicon)


class Lexicons:
    """The part of `ports.store.Themes` about term counts."""

    def __init__(self, sql: Sql, kept: KeptLexicon) -> None:
        self._sql = sql
        self._kept = kept

    async def lexicon(self) -> Lexicon:
        """The stored term counts."""
        row = await self._sql.row(
            """select concat(xmin, ' ', ctid) as version, documents,
                case when concat(xmin, ' ', ctid) <> :known then frequencies end as frequencies,
                case when concat(xmin, ' ', ctid) <> :known then meanings end as meanings from lexicon""",
            known=self._kept.version,
        )
        if row is None:
            return Lexicon()
        if row["frequencies"] is not None:
            self._kept.lexicon = Lexicon(
                documents=row["documents"],
                frequencies=json.loads(row["frequencies"]),
                meanings={term: b64decode(numbers) for term, numbers in json.loads(row["meanings"]).items()},
            )
            self._kept.version = row["version"]
        return self._kept.lexicon

    async def conditions(self) -> str:
        """The fingerprint of what the stored partition was made with; empty where that is not known."""
        return str(await self._sql.value("select coalesce(max(conditions), '') from lexicon"))

    async def save_conditions(self, conditions: str) -> None:
        """Replace that fingerprint."""
        await self._sql.run(_SAVE_CONDITIONS, conditions=conditions)

    async def save_lexicon(self, lexicon: Lexicon) -> None:
        """Replace the stored term counts."""
        await self._sql.run(
            _SAVE,
            documents=lexicon.documents,
            frequencies=clean(json.dumps(lexicon.frequencies)),
            meanings=clean(json.dumps(_written(lexicon.meanings))),
        )


def _written(meanings: Mapping[str, bytes]) -> dict[str, str]:
    return {term: b64encode(numbers).decode() for term, numbers in meanings.items()}
