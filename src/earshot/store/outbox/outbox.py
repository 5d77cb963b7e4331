"""The outbox whole: plans, deliveries, links, destinations, silences."""

from earshot.store.outbox.claims import Claims
from earshot.store.outbox.destinations import Destinations
from earshot.store.outbox.links import Links
from earshot.store.outbox.plans import Plans
from earshot.store.outbox.sending import Sending
from earshot.store.outbox.silences import Silences
from earshot.store.rollups import Rollups
from earshot.store.sql import Sql


class PostgresOutbox(Plans, Claims, Sending, Links, Destinations, Silences):
    """`ports.outbox.Outbox` in PostgreSQL."""

    def __init__(self, sql: Sql, rollups: Rollups) -> None:
        Plans.__init__(self, sql, rollups)
