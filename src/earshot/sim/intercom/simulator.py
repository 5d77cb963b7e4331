"""The simulated Intercom: a world and the ASGI application that serves it."""

from starlette.types import ASGIApp

from earshot.ports.clock import Clock
from earshot.sim.intercom.door import build_app
from earshot.sim.intercom.settings import SimSettings, WebhookSettings
from earshot.sim.intercom.webhooks import Webhooks
from earshot.sim.intercom.world import World
from earshot.sim.workspace import SimWorkspace


class IntercomSim(World):
    """`app` serves the workspace over HTTP; the methods of `World` change it from the same process."""

    def __init__(
        self,
        workspace: SimWorkspace,
        *,
        settings: SimSettings | None = None,
        clock: Clock | None = None,
        webhooks: WebhookSettings | None = None,
    ) -> None:
        super().__init__(workspace, settings=settings, clock=clock)
        if webhooks is not None:
            self.webhooks = Webhooks(webhooks, app_id=str(self.workspace_app["id_code"]), clock=self.clock)
        self.app: ASGIApp = build_app(self)
