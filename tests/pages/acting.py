"""A site whose rules act: simulated tools beside it, and what a rule decided waits to be approved."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from earshot.decide.packs import pack
from earshot.domain.rule_state import RuleMode
from earshot.pipeline.deciding import decide
from earshot.pipeline.ruling.states import named, switch
from earshot.ports.tool import Tool
from tests.contract.tools.case import Bench
from tests.flow.vendors import all_cases
from tests.pages.sites import Open

RULE = "BILLING_CRITICAL"
"""A rule of the guide's pack: grave billing goes to finance."""


@dataclass
class Acting:
    """A site with tools: `benches` by the name of the destination."""

    site: Open
    benches: Mapping[str, Bench]

    async def held(self) -> list[dict[str, Any]]:
        """Deliveries that wait for approval, as the database says, the newest first."""
        return await self.site.rows("select * from delivery where state = 'held' order by ordinal desc")

    async def states(self) -> dict[str, int]:
        """How many deliveries are in which state, as the database says."""
        found = await self.site.rows("select state, count(*) as n from delivery group by state")
        return {row["state"]: row["n"] for row in found}


@asynccontextmanager
async def acting(site: Open, *names: str, approve: bool = True) -> AsyncGenerator[Acting]:
    """The rule is on and has judged everything; what it wants sent is planned and waits for approval.

    Without `approve` only what is suspect waits, and the rest goes out at once.
    """
    async with AsyncExitStack() as stack:
        benches = {
            case.name: await stack.enter_async_context(case.bench()) for case in all_cases() if case.name in names
        }
        parts = site.earshot.parts
        tools: dict[str, Tool] = {name: bench.tool for name, bench in benches.items()}
        parts.make_tools = lambda: tools
        parts.act = parts.act.model_copy(update={"approve": approve})
        await switch(parts, named(pack("guide"), RULE), mode=RuleMode.ON)
        await site.rows("update conversation_insights set decided_at = null")
        await decide(parts)
        await site.earshot.act()
        yield Acting(site, benches)
