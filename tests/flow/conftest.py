"""The whole line, wired as in production: the real client against the simulator, a real database."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import Any

import pytest

from earshot.app import build
from earshot.pipeline.earshot import Earshot
from earshot.settings import Secrets, Settings
from earshot.sim.intercom.server import running
from earshot.sim.intercom.settings import FaultSettings, SimSettings
from earshot.sim.intercom.simulator import IntercomSim
from tests.worlds import sample

NOW = datetime.now(UTC).replace(microsecond=0)
Open = Callable[..., Awaitable[Earshot]]


@pytest.fixture
def sim() -> IntercomSim:
    """A small sample workspace."""
    return IntercomSim(
        sample(conversations=120, seed=3, now=NOW), settings=SimSettings(token="", rate_per_minute=600_000)
    )


@pytest.fixture
def faulty() -> IntercomSim:
    """The same with every passing fault switched on."""
    faults = FaultSettings.model_validate(
        {"kinds": "429,5xx,reset,truncated,empty,moving,same-second,repeated-cursor", "seed": 5, "rate": 0.05}
    )
    settings = SimSettings(token="", rate_per_minute=600_000, faults=faults)
    return IntercomSim(sample(conversations=120, seed=3, now=NOW), settings=settings)


@pytest.fixture
async def open_line(database_url: str) -> AsyncGenerator[Open]:
    """Opens Earshot on the test's database and a simulator; everything is closed at the end."""
    async with AsyncExitStack() as stack:

        async def opened(simulated: IntercomSim, **sections: Any) -> Earshot:
            base_url = await stack.enter_async_context(running(simulated))
            intercom = {"base_url": base_url, "rate_share": 1.0, "first_wait_seconds": 0.0}
            intercom |= sections.pop("intercom", {})
            staff = {str(admin["email"]).rpartition("@")[2] for admin in simulated.admins.values()}
            pull = {"filters": {"staff_domains": sorted(staff)}}
            values = {"intercom": intercom, "pull": pull, "report": {"days": 120}, **sections}
            secrets = Secrets.model_validate({"database_url": database_url, "intercom_token": "t"})
            return await stack.enter_async_context(await build(Settings.fixed(values), secrets=secrets))

        yield opened
