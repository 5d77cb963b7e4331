"""The wiring: build(settings) makes the parts; the only place that chooses them.

Parts that cost time to import are imported when they are chosen, so that a command pays only for what it uses.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from earshot.errors import Misconfigured
from earshot.pipeline.directory import StoredDirectory
from earshot.pipeline.earshot import Earshot
from earshot.pipeline.parts import Parts
from earshot.ports.clock import Clock, SystemClock
from earshot.ports.progress import Progress, Silent
from earshot.ports.store import Store
from earshot.settings import Secrets, Settings
from earshot.store.settings import StoreSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from earshot.decide.rules import Rules
    from earshot.ports.reader import Reader
    from earshot.ports.source import BadEntry, Fetched, Source
    from earshot.store import PostgresStore

CLASSIFIERS = ("auto", "local")
"""Who can read: auto is the best configured, local the model in the package."""


async def build(
    settings: Settings,
    *,
    secrets: Secrets | None = None,
    progress: Progress | None = None,
    clock: Clock | None = None,
) -> Earshot:
    """Open the store and put the parts together. Close the result, or use it with `async with`."""
    known = secrets or Secrets.load()
    time = clock or SystemClock()
    store = await open_database(settings, known, clock=time)
    closers: list[Callable[[], Awaitable[None]]] = []
    return Earshot(
        Parts(
            store=store,
            make_source=lambda: make_source(settings, known, store=store, clock=time, closers=closers),
            make_reader=lambda name: make_reader(settings, name),
            make_rules=lambda: make_rules(settings),
            read_file=lambda path, now: read_file(settings, path, now=now),
            pull=settings.pull,
            group=settings.group,
            report=settings.report,
            clock=time,
            progress=progress or Silent(),
            closers=closers,
        )
    )


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


def make_source(
    settings: Settings,
    secrets: Secrets,
    *,
    store: Store,
    clock: Clock,
    closers: list[Callable[[], Awaitable[None]]],
) -> "Source":
    """The source of conversations that the settings name."""
    from earshot.connectors.intercom.source import IntercomSource

    if secrets.intercom_token is None:
        raise Misconfigured(
            "There is no Intercom access token.",
            hint="Set INTERCOM_ACCESS_TOKEN (Intercom: Developer Hub, your app, Authentication). "
            "To try Earshot without an account: earshot demo. To read files: earshot import FILE.",
        )
    source = IntercomSource(
        settings.intercom,
        secrets.intercom_token.get_secret_value(),
        clock=clock,
        directory=StoredDirectory(store),
    )
    closers.append(source.close)
    return source


def read_file(settings: Settings, path: Path, *, now: datetime) -> "Iterator[Fetched | BadEntry]":
    """The conversations of a file."""
    from earshot.connectors.jsonl import read_file

    return read_file(path, now=now, settings=settings.intercom)


def make_reader(settings: Settings, name: str) -> "Reader":
    """The classifier of that name."""
    from earshot.classify.local import LocalReader

    if name not in CLASSIFIERS:
        raise Misconfigured(f"There is no classifier {name!r}.", hint=f"Choose one of: {', '.join(CLASSIFIERS)}.")
    return LocalReader(settings.local)


def make_rules(settings: Settings) -> "Rules":
    """The rules in force: the chosen packs and the settings' own."""
    from earshot.decide.packs import chosen
    from earshot.decide.rules import load_rules

    return load_rules(chosen(settings.decide))


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
