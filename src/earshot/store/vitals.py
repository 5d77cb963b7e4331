"""What a health check wants to know of the database."""

# ruff: noqa: S608 (statements are put together from constant names and conditions; values are parameters)

from datetime import datetime

from earshot.domain.model import Noun
from earshot.store.address import Address, connect
from earshot.store.wanting import UNREAD


class Vitals(Noun):
    """The database's state. `size` is bytes of the whole database; times are UTC.

    `vectors` says whether likely themes are searched by vectors too (pgvector), not by words only.
    """

    place: str
    embedded: bool
    server_version: str
    revision: str
    size: int
    conversations: int
    insights: int
    pending: int
    unread: int
    vectors: bool
    last_run_at: datetime | None = None
    last_ok_at: datetime | None = None


_QUERY = f"""
    select current_setting('server_version') as server_version,
        (select version_num from revision) as revision,
        pg_database_size(current_database()) as size,
        (select count(*) from conversation where not deleted) as conversations,
        (select count(*) from conversation_insights) as insights,
        (select count(*) from conversation where not deleted and excluded is null
            and read_hash is distinct from content_hash) as pending,
        (select count(*) from unread u where {UNREAD}) as unread,
        to_regclass('earshot.core_by_vector') is not null as vectors,
        (select max(started_at) from run) as last_run_at,
        (select max(started_at) from run where ok) as last_ok_at
"""


async def vitals(address: Address, *, embedded: bool) -> Vitals:
    """Ask the database."""
    connection = await connect(address)
    try:
        row = await connection.fetchrow(_QUERY)
    finally:
        await connection.close()
    return Vitals.model_validate({"place": address.place, "embedded": embedded, **dict(row or {})})
