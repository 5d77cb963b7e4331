"""Wiring of the database: the one of the settings, and what is done with it as a whole."""

from pathlib import Path
from typing import TYPE_CHECKING

from earshot.ports.clock import Clock, SystemClock
from earshot.settings import Secrets, Settings
from earshot.store.settings import StoreSettings

if TYPE_CHECKING:
    from earshot.store import PostgresStore


async def open_database(settings: Settings, secrets: Secrets, *, clock: Clock) -> "PostgresStore":
    """The database of the settings: `DATABASE_URL` where there is one, otherwise the embedded one."""
    from earshot.store import open_store

    return await open_store(store_settings(settings, secrets), clock=clock)


def store_settings(settings: Settings, secrets: Secrets) -> StoreSettings:
    """What the store must know."""
    return StoreSettings(
        database_url=secrets.database_url,
        data_dir=settings.data_dir,
        retention_days=settings.database.retention_days,
        allow_foreign=settings.database.allow_foreign,
    )


async def fresh_folder(folder: Path) -> None:
    """Throw away the embedded database of a folder, if there is one."""
    from earshot.store.embedded.server import discard

    await discard(folder, clock=SystemClock())


async def backup(settings: Settings, file: Path) -> dict[str, int]:
    """Write the whole database into a file; rows by table."""
    from earshot.store import write_backup

    return await write_backup(store_settings(settings, Secrets.load()), file, clock=SystemClock())


async def restore(settings: Settings, file: Path, *, replace: bool) -> dict[str, int]:
    """Bring a backup back, all or nothing; rows by table."""
    from earshot.store import read_backup

    return await read_backup(store_settings(settings, Secrets.load()), file, replace=replace, clock=SystemClock())
