"""Real time with a decision endpoint: labels at once, rules on them, the full reading afterwards, one action."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any

import pytest

from earshot.app import build
from earshot.domain.job import JobName
from earshot.pipeline.live.judging import judge_read
from earshot.pipeline.live.labelling import Labelling
from earshot.pipeline.live.serving import live_serving
from earshot.pipeline.money.consent import note
from earshot.pipeline.reading.classify import classify, ledger_of
from earshot.settings import Secrets, Settings
from earshot.sim.intercom.server import running as intercom_running
from earshot.sim.intercom.settings import SimSettings
from earshot.sim.intercom.simulator import IntercomSim
from earshot.sim.llm.server import running as llm_running
from earshot.sim.llm.settings import Pace, SimLlmSettings
from earshot.sim.llm.simulator import LlmSim
from earshot.sim.llm.wire import Json
from tests.away import Restarting
from tests.flow.conftest import NOW
from tests.flow.test_hearing import LOST, Ear
from tests.worlds import sample

CRITICAL = {"issue_type": "PRODUCT_BUG", "priority": "CRITICAL", "sentiment": "NEGATIVE", "churn_risk": "LOW"}
RULES = [
    {"name": "PAGE", "when": 'insight.priority == "CRITICAL"', "actions": ["PAGE_ONCALL_ENGINEER"], "priority": 1},
    {"name": "SAD", "when": "insight.sentiment_score < 0.0", "actions": ["ALERT_CS_MANAGER"], "priority": 2},
    {"name": "REST", "when": "true", "actions": ["ADD_TO_PM_QUEUE"], "priority": 900, "unless_urgent": 2},
]
Opened = Any


def decides(labels: Mapping[str, str]) -> Any:
    """A decision endpoint that is sure of these labels."""

    def answer(_content: str, questions: Sequence[Json]) -> list[dict[str, float]]:
        return [{labels.get(str(question["name"]), "NO"): 0.97} for question in questions]

    return answer


@pytest.fixture
def sim() -> IntercomSim:
    """A small workspace."""
    return IntercomSim(
        sample(conversations=5, seed=3, now=NOW), settings=SimSettings(token="", rate_per_minute=600_000)
    )


@pytest.fixture
async def opened(database_url: str, sim: IntercomSim) -> AsyncGenerator[Opened]:
    """Opens Earshot with a simulated decision endpoint."""
    async with AsyncExitStack() as stack:
        intercom = await stack.enter_async_context(intercom_running(sim))

        async def opens(llm: LlmSim, *, consent: bool = True, **realtime: Any) -> Ear:
            base = await stack.enter_async_context(llm_running(llm))
            values = {
                "intercom": {"base_url": intercom, "rate_share": 1.0, "first_wait_seconds": 0.0},
                "llm": {"provider": "openai", "requests_per_minute": None, "attempts": 1},
                "decide": {"packs": [], "rules": RULES},
                "realtime": {"label_seconds": 30.0, **realtime},
            }
            keys = {"openai": "sim-key", "openai_base_url": f"{base}/v1"}
            known = {"database_url": database_url, "intercom_token": "t", "llm": keys}
            earshot = await stack.enter_async_context(
                await build(Settings.fixed(values), secrets=Secrets.model_validate(known))
            )
            if consent:
                await note(earshot.parts, ["openai"])
            return Ear(earshot)

        yield opens


async def actions_of(ear: Ear) -> dict[str, str]:
    async with ear.parts.store.unit() as unit:
        return {action.kind.value: action.rule for action in await unit.decisions.list(None, limit=20)}


async def test_labels_decide_at_once_and_the_reading_adds_what_they_could_not(
    sim: IntercomSim, opened: Opened
) -> None:
    ear: Ear = await opened(LlmSim(decisions=decides(CRITICAL)))
    talk = sim.begin(LOST)
    await ear.hear(talk["id"])
    async with ear.parts.store.unit() as unit:
        insight, labels = await unit.insights.present(talk["id"])
    assert insight is None
    assert labels is not None
    assert not labels.provenance.provisional
    assert await actions_of(ear) == {"PAGE_ONCALL_ENGINEER": "PAGE"}
    queued = await ear.queued()
    assert (queued["deliver"], queued["read"]) == (1, 1)
    await classify(ear.parts)
    await judge_read(ear.parts, [talk["id"]])
    await ear.serving[JobName.THEME]("any")
    found = await actions_of(ear)
    assert set(found) >= {"PAGE_ONCALL_ENGINEER"}
    async with ear.parts.store.unit() as unit:
        pages = [one for one in await unit.decisions.list(None, limit=20) if one.rule == "PAGE"]
        assert not await unit.decisions.undecided(10, now=pages[0].created_at)
    assert len(pages) == 1


async def test_a_page_decided_on_labels_can_be_planned_before_anything_was_read(
    sim: IntercomSim, opened: Opened
) -> None:
    ear: Ear = await opened(LlmSim(decisions=decides(CRITICAL)))
    talk = sim.begin(LOST)
    await ear.hear(talk["id"])
    async with ear.parts.store.unit() as unit:
        (action,) = await unit.decisions.list(None, limit=10)
        dossier = await unit.outbox.dossier(action.key)
    assert dossier is not None
    assert dossier.insight.reading.priority == "CRITICAL"
    assert dossier.insight.stage == "labels"
    assert "invoices" in dossier.insight.reading.summary
    assert action.subject_id == "provisional:PRODUCT_BUG:invoices:CRITICAL"


async def test_two_readers_that_differ_make_a_page_on_labels_wait_for_a_person(
    sim: IntercomSim, opened: Opened
) -> None:
    ear: Ear = await opened(LlmSim(decisions=decides(CRITICAL)))
    await ear.hear(sim.begin("Thanks, that worked, have a nice day.")["id"])
    async with ear.parts.store.unit() as unit:
        (action,) = await unit.decisions.list(None, limit=10)
    assert "levels on priority" in action.suspect


async def test_who_does_not_answer_in_time_is_stood_in_for_by_the_local_model(
    sim: IntercomSim, opened: Opened
) -> None:
    slow = SimLlmSettings(decision_latency=Pace(median=30.0, p95=31.0))
    ear: Ear = await opened(LlmSim(settings=slow, decisions=decides(CRITICAL)), label_seconds=0.2)
    talk = sim.begin(LOST)
    await ear.hear(talk["id"])
    async with ear.parts.store.unit() as unit:
        insight, _ = await unit.insights.present(talk["id"])
    assert insight is not None
    assert insight.provenance.provisional
    assert insight.provenance.classifier == "local"
    assert (await ear.queued())["read"] == 1


async def test_nobody_is_asked_for_money_before_a_person_agreed(sim: IntercomSim, opened: Opened) -> None:
    llm = LlmSim(decisions=decides(CRITICAL))
    ear: Ear = await opened(llm, consent=False)
    talk = sim.begin(LOST)
    await ear.hear(talk["id"])
    async with ear.parts.store.unit() as unit:
        insight, _ = await unit.insights.present(talk["id"])
        calls = [call async for group in unit.calls.export() for call in group]
    assert insight is not None
    assert insight.provenance.classifier == "local"
    assert not calls


async def test_many_labels_at_once_are_each_judged_once(sim: IntercomSim, opened: Opened) -> None:
    ear: Ear = await opened(LlmSim(decisions=decides(CRITICAL)))
    talks = [sim.begin(f"{LOST} {n}")["id"] for n in range(20)]
    await asyncio.gather(*(ear.hear(one) for one in talks))
    async with ear.parts.store.unit() as unit:
        actions = await unit.decisions.list(None, limit=10)
        assert len(actions) == 1, [(one.kind, one.subject_id, one.rule, one.suspect) for one in actions]
        (action,) = actions
        members = await unit.decisions.members(action.key, limit=50)
    assert sorted(one.conversation_id for one in members) == sorted(talks)


async def outcomes(ear: Ear) -> list[str]:
    """How the calls ended, as far as it is written down."""
    async with ear.parts.store.unit() as unit:
        return sorted([call.outcome.value async for calls in unit.calls.export() for call in calls])


async def test_labels_that_were_paid_for_survive_a_restart_of_the_database(
    sim: IntercomSim, opened: Opened
) -> None:
    sure, databases = decides(CRITICAL), list[Restarting]()

    def answer(content: str, questions: Sequence[Json]) -> list[dict[str, float]]:
        databases[0].away = 2
        return sure(content, questions)

    llm = LlmSim(decisions=answer)
    ear: Ear = await opened(llm)
    databases.append(Restarting(ear.parts.store))
    store: Any = databases[0]
    ear.serving = live_serving(replace(ear.parts, store=store))
    talk = sim.begin(LOST)
    await ear.hear(talk["id"])
    assert databases[0].away == 0
    assert await actions_of(ear) == {"PAGE_ONCALL_ENGINEER": "PAGE"}
    assert len(llm.invoice) == 1


async def test_a_call_has_ended_when_its_labels_are_saved(sim: IntercomSim, opened: Opened) -> None:
    ear: Ear = await opened(LlmSim(decisions=decides(CRITICAL)))
    await ear.hear(sim.begin(LOST)["id"])
    await ear.hear(sim.begin("How do I invite a colleague?")["id"])
    labelling = Labelling(ear.parts)
    async with ear.parts.store.unit() as unit:
        first, second = (await unit.conversations.pending(10))[:2]
    before = len(await outcomes(ear))
    ledger = ledger_of(labelling.reader)
    assert ledger is not None
    with labelling.owing() as debt:
        assert (await labelling.read(first)).labels is not None
        await ledger.flush()
        assert (await outcomes(ear))[before:] == ["started"], "who is killed now has lost it"
        debt.saved()
    with labelling.owing():
        assert (await labelling.read(second)).labels is not None
    await ledger.flush()
    assert Counter(await outcomes(ear)) == Counter({"ok": before + 1, "lost": 1})
