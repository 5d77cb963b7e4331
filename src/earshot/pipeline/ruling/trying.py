"""Use case: try rules on the past, those in force or others, before they act for real."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from earshot.decide.settings import RuleSettings
from earshot.decide.standing import standings
from earshot.pipeline.parts import Parts
from earshot.pipeline.ruling.backtest import BackTest, back_test
from earshot.pipeline.ruling.trial import on_trial, outlook

DAYS = 30
"""How far a test reaches back unless told otherwise."""
TODAY = "Themes, their frequency and customers are as known today, not as they were then."


class Tested(BackTest):
    """A back-test, and which destinations it took for granted."""

    assumed: tuple[str, ...] = ()


async def tried(
    parts: Parts,
    rules: Sequence[RuleSettings],
    *,
    only: Sequence[str],
    since: datetime | None = None,
    until: datetime | None = None,
) -> Tested:
    """Replay some of these rules (none named: all that are not off) over a span; without one, the last 30 days."""
    end = until or parts.clock.now()
    async with parts.store.unit() as unit:
        known = standings(rules, await unit.rulebook.states())
    trial = on_trial(rules, known, only=only)
    tools = {name: tool.abilities for name, tool in parts.make_tools().items()}
    going = outlook(parts.act, tools, rules=trial, only=only)
    begin = since or end - timedelta(days=DAYS)
    test = await back_test(parts, trial, since=begin, until=end, routes=going.routes, only=only)
    return Tested(**dict(test), assumed=going.assumed)
