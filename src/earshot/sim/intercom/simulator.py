"""The simulated Intercom: a world and the ASGI application that serves it."""

from starlette.types import ASGIApp

from earshot.ports.clock import Clock
from earshot.sim.intercom.door import build_app
from earshot.sim.intercom.settings import SimSettings
from earshot.sim.intercom.world import World
from earshot.sim.workspace import SimWorkspace


class IntercomSim(World):
    """`app` serves the workspace over HTTP; the methods of `World` change it from the same process."""

    def __init__(
        self, workspace: SimWorkspace, *, settings: SimSettings | None = None, clock: Clock | None = None
    ) -> None:
        super().__init__(workspace, settings=settings, clock=clock)
        self.app: ASGIApp = build_app(self)
