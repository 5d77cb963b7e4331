"""A small world for the use cases of rules: read conversations in a real store, rules, the local model."""

from collections.abc import Sequence
from typing import Any

from earshot.classify.local import LocalReader
from earshot.decide.rules import load_rules
from earshot.decide.settings import RuleSettings
from earshot.domain.insight import Insight, Provenance
from earshot.domain.rule_state import RuleMode
from earshot.pipeline.parts import Parts
from earshot.pipeline.ruling.states import switch
from earshot.store import PostgresStore
from tests.integration.pipeline.theming_world import parts_of
from tests.integration.store.store_samples import conversation, insight, keep, read

BUG = "The CSV export crashes with error 500 for everybody here since this morning, all our work has stopped!"


def rule(name: str = "MINE", when: str = "true", *actions: Any, **more: Any) -> RuleSettings:
    """A rule; without actions it wants a ticket."""
    values = {"name": name, "when": when, "actions": list(actions) or ["CREATE_TICKET"], **more}
    return RuleSettings.model_validate(values)


def world(store: PostgresStore, rules: Sequence[RuleSettings], **more: Any) -> Parts:
    """Parts with these rules and the local reader."""
    parts = parts_of(store, **more)
    parts.make_rules = lambda: load_rules(rules)
    parts.make_reader = lambda _: LocalReader()
    return parts


async def told(store: PostgresStore, number: int, text: str = BUG, *, by: str = "llm", **labels: Any) -> Insight:
    """A conversation that arrived and was read with these labels."""
    said = conversation(number, text)
    found = insight(said, provenance=Provenance(classifier=by, model="m"), summary=text[:60], **labels)
    await keep(store, said)
    await read(store, found)
    return found


async def switched_on(parts: Parts, *rules: RuleSettings, share: float = 1.0) -> None:
    """These rules act for real."""
    mode = RuleMode.ON if share == 1.0 else RuleMode.SHARE
    for one in rules:
        await switch(parts, one, mode=mode, share=share)
