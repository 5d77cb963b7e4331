"""The simulated model providers: a world and the ASGI application that serves it."""

from starlette.types import ASGIApp

from earshot.ports.clock import Clock
from earshot.sim.llm.answering import AnswerFunction, DecideFunction, Recorded
from earshot.sim.llm.door import build_app
from earshot.sim.llm.routes import Routes
from earshot.sim.llm.settings import SimLlmSettings
from earshot.sim.llm.world import World


class LlmSim(World):
    """`app` serves every provider over HTTP; the methods of `World` change and read it from the same process."""

    def __init__(
        self,
        answer: AnswerFunction | None = None,
        settings: SimLlmSettings | None = None,
        *,
        decisions: DecideFunction | None = None,
        recorded: Recorded | None = None,
        clock: Clock | None = None,
    ) -> None:
        super().__init__(answer, settings, decisions=decisions, recorded=recorded, clock=clock)
        self.routes = Routes(self)
        self.app: ASGIApp = build_app(self, self.routes.find)

    def finish_batches(self, batch_id: str | None = None) -> None:
        """Make batches due now (all, or one)."""
        for jobs in self.routes.jobs:
            jobs.finish(batch_id)

    def stop(self) -> None:
        """Give up work that is under way."""
        for jobs in self.routes.jobs:
            jobs.stop()
