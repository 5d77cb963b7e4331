"""build(settings) makes the parts."""

import getpass
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from earshot.connectors.registry import INTERCOM, TOOLS, WEBHOOK
from earshot.connectors.toolbox import Toolbox, Wanted
from earshot.errors import Misconfigured
from earshot.pipeline.directory import StoredDirectory
from earshot.pipeline.earshot import Earshot
from earshot.pipeline.pacing import StoredPace
from earshot.pipeline.parts import Parts
from earshot.pipeline.quota import Quota, parse_hours
from earshot.ports.clock import Clock, SystemClock
from earshot.ports.meter import Meter, NoMeter
from earshot.ports.progress import Progress, Silent
from earshot.ports.store import Store
from earshot.settings import Secrets, Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from earshot.decide.rules import Rules
    from earshot.ports.source import BadEntry, Fetched, Source

from earshot.app.asking import Asking, make_first_reader, make_reader
from earshot.app.database import open_database


async def build(
    settings: Settings,
    *,
    secrets: Secrets | None = None,
    progress: Progress | None = None,
    clock: Clock | None = None,
    meter: Meter | None = None,
) -> Earshot:
    """Open the store and put the parts together. Close the result, or use it with `async with`."""
    known = secrets or Secrets.load(also=settings.secret_names)
    time = clock or SystemClock()
    store = await open_database(settings, known, clock=time)
    closers: list[Callable[[], Awaitable[None]]] = []
    measured = meter or NoMeter()
    asking = Asking(
        settings,
        known.llm,
        store=store,
        clock=time,
        progress=progress or Silent(),
        closers=closers,
        meter=measured,
    )
    tools = Toolbox(wanted_tools(settings), known.of_tools, clock=time, closers=closers)
    return Earshot(
        Parts(
            store=store,
            make_source=lambda: make_source(settings, known, store=store, clock=time, closers=closers),
            make_reader=lambda name: make_reader(settings, name, asking=asking),
            make_first_reader=lambda: make_first_reader(settings, asking=asking),
            make_rules=lambda: make_rules(settings),
            read_file=lambda path, now: read_file(settings, path, now=now),
            pull=settings.pull,
            group=settings.group,
            report=settings.report,
            audit=settings.audit,
            quota=make_quota(settings),
            make_llm=asking.parts if settings.llm.provider else None,
            make_variant=asking.variant,
            prioritise=settings.prioritise,
            make_tasks=asking.tasks if settings.llm.provider else None,
            make_embedder=(lambda: asking.embedder) if settings.embeddings.provider else None,
            act=settings.act,
            make_tools=tools,
            dry_tools=tools.dry,
            public_url=settings.web.public_url,
            actor=who(),
            realtime=settings.realtime,
            workers=settings.workers,
            meter=measured,
            clock=time,
            progress=progress or Silent(),
            closers=closers,
        )
    )


def who() -> str:
    """Who acts: the name of the account that runs this."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "person"


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
        pace=StoredPace(store, "intercom"),
    )
    closers.append(source.close)
    return source


def read_file(settings: Settings, path: Path, *, now: datetime) -> "Iterator[Fetched | BadEntry]":
    """The conversations of a file."""
    from earshot.connectors.jsonl import read_file

    return read_file(path, now=now, settings=settings.intercom)


def make_quota(settings: Settings) -> Quota:
    """How much a run may read, and when."""
    zone = ZoneInfo(settings.report.timezone)
    return Quota(most=settings.llm.most_per_run, hours=parse_hours(settings.llm.windows), zone=zone)


def wanted_tools(settings: Settings) -> list[Wanted]:
    """The destinations that the settings switch on."""
    of = settings.intercom
    source = Wanted(INTERCOM.name, INTERCOM.place, of, of.write, INTERCOM.secrets)
    sections = [(entry, getattr(settings, entry.name)) for entry in TOOLS]
    named = [Wanted(entry.name, entry.place, section, section, entry.secrets) for entry, section in sections]
    own = {"own_hosts": settings.web.own_hosts}
    hooks = [Wanted(f"webhook:{one.name}", WEBHOOK, one, one, one.secrets, own) for one in settings.webhooks]
    return [one for one in (source, *named, *hooks) if one.switch.enabled]


def make_rules(settings: Settings) -> "Rules":
    """The rules in force: the chosen packs and the settings' own."""
    from earshot.decide.packs import chosen
    from earshot.decide.rules import load_rules

    return load_rules(chosen(settings.decide))
