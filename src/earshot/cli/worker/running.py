"""`earshot worker` itself: one process of a worker, from its settings to its end."""

from dataclasses import dataclass

from earshot.cli.console import err
from earshot.cli.loops import run_to_its_end
from earshot.cli.registry import installed_version
from earshot.cli.secrecy import secret_values
from earshot.domain.job import Lane
from earshot.ports.clock import SystemClock
from earshot.settings import Secrets, Settings, load_settings
from earshot.telemetry.meter import PrometheusMeter
from earshot.telemetry.starting import measuring
from earshot.worker.main import Post, work
from earshot.worker.stopping import Stopping


@dataclass(frozen=True)
class Asked:
    """What the command line asks for; None is as the settings say."""

    lane: str = "all"
    live: int | None = None
    background: int | None = None
    leashed: bool = False

    @property
    def post(self) -> Post:
        """What this process does."""
        if self.lane == "all":
            return Post(Lane.LIVE, child=True)
        return Post(Lane(self.lane), upkeep=not self.leashed)

    def settled(self, settings: Settings) -> Settings:
        """The settings with what the command line says."""
        said = {"live": self.live, "background": self.background}
        update = {name: value for name, value in said.items() if value is not None}
        return settings.model_copy(update={"workers": settings.workers.model_copy(update=update)})


def run_worker(asked: Asked) -> None:
    """Work until a signal."""
    settings = asked.settled(load_settings())
    secrets = Secrets.load(also=settings.secret_names)
    with measuring(settings.telemetry, version=installed_version(), secrets=secret_values(secrets)) as meter:
        run_to_its_end(_work(settings, secrets, asked=asked, meter=meter))


async def _work(settings: Settings, secrets: Secrets, *, asked: Asked, meter: PrometheusMeter) -> None:
    stopping = Stopping(SystemClock())
    stopping.listen()

    def ready(text: str) -> None:
        err.print(text, markup=False)

    await work(
        settings,
        secrets,
        post=asked.post,
        stopping=stopping,
        version=installed_version(),
        meter=meter,
        ready=(lambda _: None) if asked.leashed else ready,
    )
