"""What the web pages read and keep, one module per subject."""

from earshot.store.pages.people import PostgresPeople
from earshot.store.rollups import Rollups
from earshot.store.sql import Sql


class PostgresPages:
    """`ports.pages.Pages` in PostgreSQL."""

    def __init__(self, sql: Sql, rollups: Rollups) -> None:
        self._rollups = rollups
        self.people = PostgresPeople(sql)
