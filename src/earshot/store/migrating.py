"""Brings a database to the newest schema, once, even when several processes open it at the same moment."""

import importlib

from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncEngine

from earshot.errors import Misconfigured
from earshot.store import driver
from earshot.store.address import Address, connect

HEAD = "0006"
"""The newest revision; a test compares it with the revisions themselves."""
REVISIONS = ("0001", "0002", "0003", "0004", "0005", "0006")
LOCK = "select pg_advisory_lock(hashtextextended('earshot:migrations', 0))"
UNLOCK = LOCK.replace("pg_advisory_lock", "pg_advisory_unlock")
"""Held while the schema is changed."""
SCHEMAS = ("earshot", "earshot_jobs")
"""Ours, and the one of the job engine."""
_TABLES = """
    select n.nspname || '.' || c.relname
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p', 'v', 'm', 'f')
        and n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'earshot_jobs')
        and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')
    order by 1 limit 3
"""


async def revision(connection: driver.Driver) -> str | None:
    """The schema's revision, None when there is no schema of ours."""
    try:
        found = await connection.fetchval("select version_num from earshot.revision")
    except (driver.NoSuchTable, driver.NoSuchSchema, driver.NoSuchColumn):
        return None
    return None if found is None else str(found)


async def migrate(address: Address, engine: AsyncEngine, *, allow_foreign: bool) -> None:
    """Run every missing revision under a lock; refuse a database that belongs to somebody else."""
    guard = await connect(address)
    try:
        await guard.execute(LOCK)
        if await revision(guard) == HEAD:
            return
        if await revision(guard) is None and not allow_foreign:
            await _refuse_foreign(guard, address)
        await _create_schemas(guard, address)
        async with engine.begin() as connection:
            await connection.run_sync(upgrade, "head")
    finally:
        await guard.close()


def check(found: str | None) -> bool:
    """Whether the schema is up to date; Misconfigured when a newer Earshot wrote it."""
    if found is not None and found not in REVISIONS:
        raise Misconfigured(
            f"the database was written by a newer Earshot (schema {found}, this one knows {HEAD})",
            hint="upgrade Earshot, or use another database",
        )
    return found == HEAD


async def _refuse_foreign(connection: driver.Driver, address: Address) -> None:
    tables = [row[0] for row in await connection.fetch(_TABLES)]
    if tables:
        raise Misconfigured(
            f"the database at {address.place} holds tables that are not Earshot's: {', '.join(tables)}",
            hint="use an empty database, or allow it with EARSHOT_DATABASE__ALLOW_FOREIGN=true",
        )


async def _create_schemas(connection: driver.Driver, address: Address) -> None:
    for name in SCHEMAS:
        if await connection.fetchval("select to_regnamespace($1) is not null", name):
            continue
        try:
            await connection.execute(f"create schema {name}")
        except driver.NoPrivilege as error:
            raise Misconfigured(
                f"no right to create the schema {name} in the database at {address.place}",
                hint=f"grant CREATE on the database to this user, or run as an administrator: "
                f"create schema {name} authorization <this user>",
            ) from error


def upgrade(connection: Connection, target: str) -> None:
    """Run the revisions up to a target on an open connection."""
    upgrading = importlib.import_module("earshot.store.upgrading")  # 0.3 s that only a migration has to pay
    upgrading.upgrade(connection, target)
