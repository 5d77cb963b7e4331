"""One generated workspace for all tests of the sample."""

import pytest

from earshot.sim.sample import generate
from earshot.sim.workspace import Json, SimWorkspace, Truth
from tests.unit.sim.sample.inbox import NOW


@pytest.fixture(scope="session")
def workspace() -> SimWorkspace:
    return generate(now=NOW)


@pytest.fixture(scope="session")
def conversations(workspace: SimWorkspace) -> list[Json]:
    return list(workspace.conversations)


@pytest.fixture(scope="session")
def truth(workspace: SimWorkspace) -> dict[str, Truth]:
    return {truth.conversation_id: truth for truth in workspace.truths}
