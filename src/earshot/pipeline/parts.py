"""The parts the flow works with, chosen by `app` and handed in."""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from earshot.act.settings import ActSettings
from earshot.audit.settings import AuditSettings
from earshot.decide.rules import Rules
from earshot.group.settings import GroupSettings
from earshot.pipeline.llm_parts import LlmParts
from earshot.pipeline.quota import Quota
from earshot.pipeline.realtime import RealtimeSettings
from earshot.pipeline.serving import WorkerSettings
from earshot.pipeline.variants import VariantMaker
from earshot.ports.clock import Clock, Ids, RandomIds, SystemClock
from earshot.ports.embedder import Embedder
from earshot.ports.meter import Meter, NoMeter
from earshot.ports.progress import Progress, Silent
from earshot.ports.reader import Reader
from earshot.ports.source import BadEntry, Fetched, Source
from earshot.ports.store import Store
from earshot.ports.tool import Tool
from earshot.prioritise.settings import PrioritiseSettings
from earshot.pull.settings import PullSettings
from earshot.report.settings import ReportSettings

if TYPE_CHECKING:  # prompts cost time to import, and a local run needs none
    from earshot.pipeline.tasks import Tasks


@dataclass
class Parts:
    """Everything a use case may need. What costs time is made on first use, so that a command pays only for what it
    needs. `make_llm` and `make_tasks` are None while no language model is switched on, `make_embedder` while no
    embeddings are. `make_tools` gives the switched-on destinations by name, the same ones each time; nothing
    is sent to `dry_tools`. `public_url` is where others reach the pages, "" when unknown. `actor` is who acts, for
    what people change. `make_first_reader` makes who judges first in real time (None: the local model); make it
    once.
    """

    store: Store
    make_source: Callable[[], Source]
    make_reader: Callable[[str], Reader]
    make_rules: Callable[[], Rules]
    read_file: Callable[[Path, datetime], Iterator[Fetched | BadEntry]]
    pull: PullSettings = field(default_factory=PullSettings)
    group: GroupSettings = field(default_factory=GroupSettings)
    report: ReportSettings = field(default_factory=ReportSettings)
    audit: AuditSettings = field(default_factory=AuditSettings)
    quota: Quota = field(default_factory=Quota)
    source_name: str = "intercom"
    clock: Clock = field(default_factory=SystemClock)
    ids: Ids = field(default_factory=RandomIds)
    progress: Progress = field(default_factory=Silent)
    make_llm: Callable[[], LlmParts] | None = None
    make_variant: VariantMaker | None = None
    prioritise: PrioritiseSettings = field(default_factory=PrioritiseSettings)
    make_tasks: "Callable[[], Tasks] | None" = None
    make_embedder: Callable[[], Embedder] | None = None
    act: ActSettings = field(default_factory=ActSettings)
    make_tools: Callable[[], Mapping[str, Tool]] = dict
    dry_tools: frozenset[str] = frozenset()
    public_url: str = ""
    actor: str = "person"
    realtime: RealtimeSettings = field(default_factory=RealtimeSettings)
    workers: WorkerSettings = field(default_factory=WorkerSettings)
    make_first_reader: Callable[[], Reader] | None = None
    meter: Meter = field(default_factory=NoMeter)
    closers: Sequence[Callable[[], Awaitable[None]]] = ()
