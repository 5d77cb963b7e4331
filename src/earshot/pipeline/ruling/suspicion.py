"""Which decisions may move nothing outward by themselves: hostile text, and a second reader who disagrees."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from earshot.decide.evaluate import Verdict
from earshot.decide.rules import Rule, Rules
from earshot.decide.suspicion import INSTRUCTS, SecondLook, doubt, goes_out
from earshot.domain.conversation import Conversation
from earshot.domain.facts import Facts
from earshot.pipeline.parts import Parts
from earshot.ports.store import Unit
from earshot.text.injection import conversation_instructs

LOCAL = "local"
"""The second reader, which no text can talk into anything; what it read itself has none."""

Doubts = Mapping[str, str]
"""Why a match may not act by itself, by rule."""


@dataclass(frozen=True)
class Judged:
    """Facts and what the rules say about them."""

    facts: Facts
    verdict: Verdict


async def doubts(
    parts: Parts,
    unit: Unit,
    *,
    rules: Rules,
    judged: Sequence[Judged],
    stored: Sequence[Conversation] = (),
) -> dict[str, Doubts]:
    """By conversation and rule, why a match waits for a person. Only what would leave Earshot is looked at."""
    outward = [one for one in judged if any(goes_out(match) for match in one.verdict.matches)]
    if not outward:
        return {}
    ids = [one.verdict.conversation_id for one in outward]
    texts = {text.id: text for text in await texts_of(unit, ids, stored=stored)}
    looks = await _second_looks(parts, outward, texts=texts)
    by_name = {rule.settings.name: rule for rule in rules.ordered}
    return {
        one.verdict.conversation_id: _doubts_of(one, by_name, text=texts.get(id_), looks=looks)
        for id_, one in zip(ids, outward, strict=True)
    }


async def texts_of(unit: Unit, ids: Sequence[str], *, stored: Sequence[Conversation]) -> list[Conversation]:
    """Conversations as they are stored; those that the caller holds are not asked for."""
    held = [one for one in stored if one.id in ids]
    known = {one.id for one in held}
    lacking = [id_ for id_ in ids if id_ not in known]
    return held + (await unit.conversations.get(lacking) if lacking else [])


def _doubts_of(
    one: Judged, rules: Mapping[str, Rule], *, text: Conversation | None, looks: Mapping[str, SecondLook]
) -> Doubts:
    names = [match.rule.name for match in one.verdict.matches]
    if one.facts.insight.injection or (text is not None and conversation_instructs(text)):
        return dict.fromkeys(names, INSTRUCTS)
    if one.facts.insight.classifier == LOCAL:
        return {}
    second = looks.get(one.verdict.conversation_id)
    return {name: why for name in names if (why := doubt(rules[name], one.facts, second=second))}


async def _second_looks(
    parts: Parts, outward: Sequence[Judged], *, texts: Mapping[str, Conversation]
) -> dict[str, SecondLook]:
    """What the local model makes of the texts that another reader read."""
    ids = [one.verdict.conversation_id for one in outward if one.facts.insight.classifier != LOCAL]
    wanted = [texts[id_] for id_ in ids if id_ in texts]
    if not wanted:
        return {}
    reads = await parts.make_reader(LOCAL).read(wanted)
    fields = tuple(SecondLook.model_fields)
    return {
        read.conversation_id: SecondLook(**{name: getattr(read.reading, name) for name in fields})
        for read in reads
        if read.reading is not None
    }
