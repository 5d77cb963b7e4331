"""What a soak plays on: simulators in this process; PostgreSQL, receiver and workers as processes."""

import asyncio
import signal
from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from earshot.cli.sim_answers import local_answer, local_decisions
from earshot.ports.clock import SystemClock
from earshot.sim.intercom.server import running as intercom_running
from earshot.sim.intercom.settings import SimSettings, WebhookFault, WebhookSettings
from earshot.sim.intercom.simulator import IntercomSim
from earshot.sim.llm.server import running as llm_running
from earshot.sim.llm.settings import Pace, SimLlmSettings
from earshot.sim.llm.simulator import LlmSim
from earshot.sim.tools.server import running as tools_running
from earshot.sim.tools.settings import ToolSimSettings
from earshot.sim.tools.toolbox import Toolbox
from tests.notifier import ROUTE, SECRET, Postbox
from tests.processes import PAUSE, Late, Postgres, Processes, Running, free_port
from tests.soak.actor import workspace

READY = {"serve": r"(http://\S+)", "worker": r"(?i)worker.*ready"}
_STUBBORN = 8
"""So many starts in a row that fail are a fault, whatever was killed meanwhile."""

CONFIGURATION = """\
[intercom]
base_url = "{intercom}"
rate_share = 1.0

[pull]
[pull.filters]
staff_domains = ["torvane.example"]

[realtime]
debounce_seconds = {debounce}
lease_seconds = 15
label_seconds = 3.0

[workers]
beat_seconds = 2
grace_seconds = 15
share = 20

[llm]
provider = "openai"
requests_per_minute = 60000
breaker_seconds = 5

[act]
first_wait_seconds = 2
update_interval_seconds = 5
most_new_per_hour = 10000
lease_seconds = 10
first_retry_seconds = 1

[schedule]
daily = "{daily}"
weekly = "{daily}"
sync = "* * * * *"
sweep = "* * * * *"

[decide]
packs = []

[[decide.rules]]
name = "PAGE"
when = 'insight.priority == "CRITICAL"'
actions = ["PAGE_ONCALL_ENGINEER"]

[[decide.rules]]
name = "TICKET"
when = 'insight.issue_type == "PRODUCT_BUG"'
actions = ["CREATE_TICKET"]

[[decide.rules]]
name = "ALERT"
when = 'insight.churn_risk == "HIGH"'
actions = ["ALERT_CS_MANAGER"]

{tools}
"""
RULES = ("PAGE", "TICKET", "ALERT")


@dataclass(frozen=True)
class Scale:
    """How large a soak is. `daily`: cron line of the whole run."""

    conversations: int = 150
    workers: int = 2
    debounce: float = 1.0
    daily: str = "*/5 * * * *"
    batch_seconds: float = 20.0
    latency: float = 0.25
    webhook_faults: float = 0.03
    retry_seconds: float = 60.0


@dataclass
class Stage:
    """The parts of a soak, all reachable."""

    postgres: Postgres
    database_url: str
    intercom: IntercomSim
    postbox: Postbox
    llm: LlmSim
    toolbox: Toolbox
    processes: Processes
    texts: list[str]
    crew: "Crew"
    ports: tuple[int, ...]
    """Where the simulators listen on 127.0.0.1."""

    @property
    def environment(self) -> dict[str, str]:
        """What every process of ours is given."""
        return self.processes.environment


@asynccontextmanager
async def set_up(
    folder: Path, *, seed: int, scale: Scale, host: str = "127.0.0.1", machines: Sequence[Sequence[str]] = ()
) -> AsyncGenerator[Stage]:
    """Start everything but receiver and workers.

    `host`: where the database is reached. `machines`: what comes before the command of each worker in turn, so that
    it runs on a machine of its own; the simulators are at 127.0.0.1 in any case.
    """
    now = SystemClock().now()
    world, texts = workspace(conversations=scale.conversations, seed=seed, now=now)
    intercom = IntercomSim(world, settings=SimSettings(token="", rate_per_minute=600_000))
    port = free_port()
    intercom.webhooks = postbox = Postbox(
        intercom,
        WebhookSettings(
            url=f"http://127.0.0.1:{port}{ROUTE}",
            secret=SECRET,
            kinds=frozenset(WebhookFault),
            rate=scale.webhook_faults,
            seed=seed,
            late_seconds=3.0,
            retry_seconds=scale.retry_seconds,
        ),
    )
    pace = Pace(median=scale.latency, p95=3 * scale.latency)
    speeds = SimLlmSettings(
        seed=seed, latency=pace, decision_latency=pace, batch_seconds=scale.batch_seconds, keep_requests=0
    )
    llm = LlmSim(local_answer, speeds, decisions=local_decisions)
    toolbox = Toolbox(ToolSimSettings(token="sim-token", latency_seconds=0.02, keep_requests=0))
    async with AsyncExitStack() as stack:
        intercom_url = await stack.enter_async_context(intercom_running(intercom))
        llm_url = await stack.enter_async_context(llm_running(llm))
        tools_url = await stack.enter_async_context(tools_running(toolbox.apps))
        smtp = await stack.enter_async_context(toolbox.smtp.running("127.0.0.1", 0))
        postgres = await stack.enter_async_context(
            Postgres.started(folder / "postgres", listen="*" if machines else "")
        )
        url = await postgres.create("soak")
        if machines:
            url = postgres.url("soak", host=host)
        file = folder / "earshot.toml"
        file.write_text(
            CONFIGURATION.format(
                intercom=intercom_url, debounce=scale.debounce, daily=scale.daily, tools=toolbox.sections(tools_url)
            )
        )
        environment = {
            "DATABASE_URL": url,
            "EARSHOT_CONFIG": str(file),
            "INTERCOM_ACCESS_TOKEN": "any",
            "INTERCOM_CLIENT_SECRET": SECRET,
            "OPENAI_API_KEY": "sim-key",
            "OPENAI_BASE_URL": f"{llm_url}/v1",
            **toolbox.environment(smtp),
        }
        processes = await stack.enter_async_context(Processes(folder / "processes", environment))
        crew = Crew(processes, port=port, workers=scale.workers, machines=machines)
        ports = (*(urlsplit(one).port or 80 for one in (intercom_url, llm_url, tools_url)), smtp[1])
        yield Stage(postgres, url, intercom, postbox, llm, toolbox, processes, texts, crew, ports)


@dataclass
class Post:
    """A place in the crew: what runs there, and how often it was started."""

    name: str
    arguments: tuple[str, ...]
    before: Sequence[str] = ()
    running: Running | None = None
    expected: bool = False
    starts: int = 0
    failures: int = 0
    ready: bool = False


class Crew:
    """Receiver and workers, started again when they end, as systemd does. `deaths` nobody asked for are faults."""

    def __init__(
        self, processes: Processes, *, port: int, workers: int, machines: Sequence[Sequence[str]] = ()
    ) -> None:
        self.processes = processes
        self.posts = [Post("serve", ("serve", "--port", str(port)))]
        places = [*machines, *[()] * workers]
        self.posts += [
            Post(f"worker {number}", ("worker",), before=places[number - 1]) for number in range(1, workers + 1)
        ]
        self.deaths: list[str] = []
        self.starts: Counter[str] = Counter()
        self.excused = 0.0
        """Until this moment of the loop's clock a start may fail: the database is coming back."""

    async def keep(self, stop: asyncio.Event) -> None:
        """Keep all posts manned until `stop`."""
        async with asyncio.TaskGroup() as tasks:
            for post in self.posts:
                tasks.create_task(self._keep(post, stop))

    async def ready(self) -> None:
        """Wait until every post is manned and ready."""
        for post in self.posts:
            await self._manned(post)

    async def dismiss(self) -> list[str]:
        """SIGTERM to all; what did not end well. Call it when nobody keeps the posts any more."""
        return [fault for post in self.posts if (fault := await self.relieve(post)) is not None]

    async def relieve(self, post: Post) -> str | None:
        """SIGTERM to one, and wait for its end; a fault where that was not graceful.

        Python that is still loading the program dies of the signal itself, having begun nothing.
        """
        running = post.running
        if running is None or not running.alive:
            return None
        good = (0,) if post.ready else (0, -signal.SIGTERM)
        post.expected = True
        try:
            code = await running.stop(within=45)
        except Late as late:
            running.sweep()
            return f"{running.name} after SIGTERM: {late}"
        return None if code in good else f"{running.name} ended with {code} after SIGTERM: {_tail(running)}"

    def kill(self, post: Post) -> bool:
        """kill -9 of one."""
        if post.running is None or not post.running.alive:
            return False
        post.expected = True
        post.running.kill()
        return True

    async def _manned(self, post: Post, *, within: float = 120.0) -> None:
        for _ in range(int(within / PAUSE)):
            if post.running is not None and post.running.alive:
                await post.running.says(READY[post.arguments[0]])
                return
            await asyncio.sleep(PAUSE)
        raise Late(f"nobody is at {post.name}")

    async def _keep(self, post: Post, stop: asyncio.Event) -> None:
        while not stop.is_set():
            if post.running is None or not post.running.alive:
                await self._man(post)
            await asyncio.sleep(0.1)

    async def _man(self, post: Post) -> None:
        self._note_death(post)
        name = post.arguments[0]
        post.starts, post.ready = post.starts + 1, False
        self.starts[name] += 1
        post.running, post.expected = await self.processes.start(*post.arguments, before=post.before), False
        try:
            await post.running.says(READY[name], within=60)
            post.failures, post.ready = 0, True
        except Late as late:
            post.failures += 1
            if post.failures >= _STUBBORN:
                self.deaths.append(f"{post.name} does not start: {late}: {_tail(post.running)}")
                raise
            await asyncio.sleep(0.3 * post.failures)

    def _note_death(self, post: Post) -> None:
        running = post.running
        if running is None or post.expected or post.failures or asyncio.get_running_loop().time() < self.excused:
            return
        self.deaths.append(f"{running.name} ended by itself with {running.process.returncode}: {_tail(running)}")


def _tail(running: Running) -> str:
    return " ".join(running.text[-600:].split())


def children(pid: int) -> list[int]:
    """The processes that a process started and that live."""
    found: list[int] = []
    try:
        for task in Path(f"/proc/{pid}/task").iterdir():
            found += [int(one) for one in (task / "children").read_text().split()]
    except OSError:
        return found
    return found
