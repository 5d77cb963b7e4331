"""Where an urgent matter lies that only labels tell of: by the local model, so that one outage is one page."""

from collections.abc import Sequence

from earshot.decide.subjects import URGENT
from earshot.domain.conversation import Conversation
from earshot.domain.facts import Facts
from earshot.domain.insight import Stage
from earshot.pipeline.parts import Parts
from earshot.pipeline.ruling.suspicion import LOCAL, Judged, texts_of
from earshot.ports.store import Unit


async def located(
    parts: Parts, unit: Unit, *, judged: Sequence[Judged], stored: Sequence[Conversation] = ()
) -> list[Facts]:
    """The facts, in order, with the product area where an urgent action needs it to know what it is about.

    Labels name no area, and without it two outages would share one page until their themes are known.
    """
    wanted = [one.verdict.conversation_id for one in judged if _is_nowhere(one)]
    if not wanted:
        return [one.facts for one in judged]
    reads = await parts.make_reader(LOCAL).read(await texts_of(unit, wanted, stored=stored))
    areas = {one.conversation_id: one.reading.affected_feature or "" for one in reads if one.reading is not None}
    return [_at(one.facts, areas.get(one.verdict.conversation_id, "")) for one in judged]


def _is_nowhere(one: Judged) -> bool:
    insight = one.facts.insight
    if insight.stage != Stage.LABELS or one.facts.theme.id or insight.affected_feature:
        return False
    return any(kind in URGENT for match in one.verdict.matches for kind in match.rule.kinds)


def _at(facts: Facts, area: str) -> Facts:
    if not area or facts.insight.affected_feature:
        return facts
    return facts.model_copy(update={"insight": facts.insight.model_copy(update={"affected_feature": area})})
