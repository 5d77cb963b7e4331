"""One transaction over the database, with every part of the store on it."""

import importlib
import logging
from typing import TYPE_CHECKING, Self

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from earshot.store.backlog import PostgresBacklog
from earshot.store.batches import PostgresBatches
from earshot.store.browse import PostgresBrowse
from earshot.store.calls import PostgresCalls
from earshot.store.conversations import PostgresConversations
from earshot.store.decisions import PostgresDecisions
from earshot.store.directory import PostgresDirectory
from earshot.store.erasure import PostgresErasure
from earshot.store.faults import translated
from earshot.store.figures import PostgresFigures
from earshot.store.insights import PostgresInsights
from earshot.store.jobs.inbox import PostgresInbox
from earshot.store.jobs.queue import PostgresJobs
from earshot.store.jobs.schedules import PostgresSchedules
from earshot.store.lexicons import KeptLexicon
from earshot.store.outbox.outbox import PostgresOutbox
from earshot.store.purging import Purge
from earshot.store.rollups import Rollups
from earshot.store.rulebook import PostgresRulebook
from earshot.store.runs import PostgresRuns
from earshot.store.sql import Sql
from earshot.store.summaries import PostgresSummaries
from earshot.store.themes import PostgresThemes
from earshot.store.watching import PostgresWatch

if TYPE_CHECKING:
    from earshot.store.pages import PostgresPages

log = logging.getLogger(__name__)


class PostgresUnit:
    """`ports.store.Unit` in PostgreSQL: what is not committed is rolled back, unless it is `single`."""

    directory: PostgresDirectory
    conversations: PostgresConversations
    insights: PostgresInsights
    calls: PostgresCalls
    batches: PostgresBatches
    summaries: PostgresSummaries
    themes: PostgresThemes
    backlog: PostgresBacklog
    decisions: PostgresDecisions
    outbox: PostgresOutbox
    rulebook: PostgresRulebook
    browse: PostgresBrowse
    jobs: PostgresJobs
    inbox: PostgresInbox
    schedules: PostgresSchedules
    watch: PostgresWatch
    runs: PostgresRuns
    figures: PostgresFigures
    erasure: PostgresErasure

    def __init__(self, engine: AsyncEngine, *, kept: KeptLexicon | None = None, single: bool = False) -> None:
        self._engine = engine
        self._kept = kept
        self._single = single
        self._connection: AsyncConnection | None = None
        self._pages: PostgresPages | None = None

    @property
    def pages(self) -> "PostgresPages":
        """What only the web pages read and keep; loaded and made only where it is asked for."""
        if self._pages is None:
            made = importlib.import_module("earshot.store.pages").PostgresPages(self.sql, self._rollups)
            self._pages = made
            return made
        return self._pages

    async def commit(self) -> None:
        """Make everything durable at once."""
        if self._connection is None:
            raise RuntimeError("commit outside `async with unit`")
        await self.sql.commit()

    async def __aenter__(self) -> Self:
        try:
            self._connection = await self._engine.connect()
        except Exception as error:
            raise translated(error) from error
        self.sql = sql = Sql(self._connection, single=self._single)
        self._rollups = rollups = Rollups(sql)
        purge = Purge(sql)
        self.directory = PostgresDirectory(sql)
        self.conversations = PostgresConversations(sql, purge)
        self.insights = PostgresInsights(sql)
        self.calls = PostgresCalls(sql)
        self.batches = PostgresBatches(sql)
        self.summaries = PostgresSummaries(sql)
        self.themes = PostgresThemes(sql, rollups, kept=self._kept)
        self.backlog = PostgresBacklog(sql, rollups)
        self.decisions = PostgresDecisions(sql, rollups)
        self.outbox = PostgresOutbox(sql, rollups)
        self.rulebook = PostgresRulebook(sql, rollups)
        self.browse = PostgresBrowse(sql, rollups)
        self.jobs = PostgresJobs(sql)
        self.inbox = PostgresInbox(sql)
        self.schedules = PostgresSchedules(sql)
        self.watch = PostgresWatch(sql)
        self.runs = PostgresRuns(sql)
        self.figures = PostgresFigures(sql, rollups, themes=self.themes)
        self.erasure = PostgresErasure(sql, purge)
        return self

    async def __aexit__(self, *exc: object) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await self._end(connection)
        error = exc[1]
        if isinstance(error, Exception):
            clearer = translated(error)
            if clearer is not error:
                raise clearer from error

    async def _end(self, connection: AsyncConnection) -> None:
        """Give the connection back with nothing under way on it."""
        try:
            await self.sql.rollback()
        except Exception as error:  # noqa: BLE001 (it is not given back then, and the database undoes it by itself)
            log.info("A transaction could not be rolled back (%s).", type(error).__name__)
        finally:
            await connection.close()
