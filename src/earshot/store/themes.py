"""Themes: what is in them, what is counted of them, what people did to them."""

from earshot.store.doubts import Doubts
from earshot.store.embedding_rows import Embeddings
from earshot.store.lexicons import KeptLexicon
from earshot.store.placements import Placements
from earshot.store.regroupings import Regroupings
from earshot.store.rollups import Rollups
from earshot.store.sql import Sql
from earshot.store.theme_counts import ThemeCounts
from earshot.store.theme_edits import ThemeEdits
from earshot.store.theme_search import ThemeSearch


class PostgresThemes(Placements, Regroupings, ThemeCounts, ThemeSearch, ThemeEdits, Doubts, Embeddings):
    """`ports.store.Themes` in PostgreSQL."""

    def __init__(self, sql: Sql, rollups: Rollups, *, kept: KeptLexicon | None = None) -> None:
        self._sql = sql
        self._rollups = rollups
        self._kept = kept or KeptLexicon()
