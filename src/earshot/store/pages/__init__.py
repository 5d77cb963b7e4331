"""What the web pages read and keep, one module per subject."""

from earshot.store.backlog import PostgresBacklog
from earshot.store.pages.accounts import PostgresAccounts
from earshot.store.pages.actions import PostgresActions
from earshot.store.pages.audits import PostgresAudits
from earshot.store.pages.backlog import PostgresBacklogPages
from earshot.store.pages.conversations import PostgresConversationPages
from earshot.store.pages.corrections import PostgresCorrections
from earshot.store.pages.costs import PostgresCosts
from earshot.store.pages.impact import PostgresImpact
from earshot.store.pages.outcomes import PostgresOutcomes
from earshot.store.pages.overview import PostgresOverview
from earshot.store.pages.people import PostgresPeople
from earshot.store.pages.queue import PostgresQueuePages
from earshot.store.pages.reports import PostgresReports
from earshot.store.pages.rules import PostgresRules
from earshot.store.pages.themes import PostgresThemePages
from earshot.store.rollups import Rollups
from earshot.store.sql import Sql


class PostgresPages:
    """`ports.pages.Pages` in PostgreSQL."""

    def __init__(self, sql: Sql, rollups: Rollups) -> None:
        self.people = PostgresPeople(sql)
        self.overview = PostgresOverview(sql)
        self.costs = PostgresCosts(sql)
        self.audits = PostgresAudits(sql)
        self.reports = PostgresReports(sql)
        self.actions = PostgresActions(sql)
        self.rules = PostgresRules(sql)
        self.corrections = PostgresCorrections(sql)
        self.backlog = PostgresBacklogPages(sql, PostgresBacklog(sql, rollups))
        self.impact = PostgresImpact(sql)
        self.outcomes = PostgresOutcomes(sql, rollups)
        self.queue = PostgresQueuePages(sql)
        self.themes = PostgresThemePages(sql, rollups)
        self.accounts = PostgresAccounts(sql, rollups)
        self.conversations = PostgresConversationPages(sql)
