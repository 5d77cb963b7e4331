"""Estimates, consent and costs over a real store, with the real prompt and prices."""

from collections.abc import AsyncGenerator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from earshot.app import build
from earshot.classify.llm.prompter import Prompter
from earshot.classify.llm.settings import ClassifySettings, TaxonomySettings
from earshot.domain.call import Call, Mode, Outcome, Purpose, Tier, Usage
from earshot.errors import Misconfigured, Rejected
from earshot.llm.prices import ListPrices
from earshot.llm.settings import LlmSettings
from earshot.pipeline.earshot import Earshot
from earshot.pipeline.llm_parts import LlmParts
from earshot.pipeline.money.consent import agreed, ensure
from earshot.pipeline.money.costing import costs, estimate
from earshot.pipeline.money.offers import make_quoting
from earshot.pipeline.money.spendings import sureness
from earshot.pipeline.quoting import Quoting
from earshot.ports.clock import SystemClock
from earshot.ports.ledger import Ledger
from earshot.settings import Secrets, Settings
from tests.flow.labelling import LLM, House, talks, variants

NOON = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
TODAY = NOON.date().isoformat()


class Noon(SystemClock):
    """It is noon today."""

    def now(self) -> datetime:
        return NOON


@pytest.fixture
async def earshot(database_url: str) -> AsyncGenerator[Earshot]:
    """Earshot on a fresh database, at noon."""
    secrets = Secrets.model_validate({"database_url": database_url})
    async with await build(Settings.fixed({}), secrets=secrets, clock=Noon()) as opened:
        yield opened


def _quoting(llm: LlmSettings = LLM, classify: ClassifySettings | None = None) -> Quoting:
    return make_quoting(llm, classify or ClassifySettings(), taxonomy=TaxonomySettings(), clock=Noon())


def _call(number: int, **values: object) -> Call:
    usual = Call(
        id=f"call-{number}",
        provider="openai",
        model="house-small",
        tier=Tier.CHEAP,
        conversation_id=f"file:c{number}",
        started_at=NOON,
        outcome=Outcome.OK,
        usage=Usage(input_tokens=1000, cached_tokens=600, output_tokens=50),
        cost_usd=0.001,
        bound_usd=0.01,
        latency_ms=400,
    )
    return usual.model_copy(update=values)


async def _book(earshot: Earshot, calls: Sequence[Call]) -> None:
    async with earshot.parts.store.unit() as unit:
        await unit.calls.close(calls)
        await unit.commit()


async def test_an_estimate_prices_what_waits_and_nothing_else(earshot: Earshot, tmp_path: Path) -> None:
    empty = await estimate(earshot.parts, _quoting())
    assert (empty.conversations, empty.as_set[0].usd) == (0, 0.0)
    assert empty.basis == "no conversations that wait to be read"
    await earshot.import_file(talks(tmp_path / "talks.jsonl"))
    found = await estimate(earshot.parts, _quoting())
    assert (found.conversations, found.sampled, found.unreadable) == (6, 6, 0)
    assert found.basis == "all 6 conversations that wait to be read"
    online, batch = found.as_set
    assert online.usd is not None
    assert (online.usd_low, online.usd_high) == (online.usd, online.usd)
    assert batch.usd == pytest.approx(online.usd / 2)
    prompter = Prompter(ClassifySettings(), TaxonomySettings(), now=Noon().now)
    async with earshot.parts.store.unit() as unit:
        waiting = await unit.conversations.pending(10)
    assert online.input_tokens == sum(prompter.prepare(one).tokens for one in waiting)
    assert 0 < found.prefix_tokens < min(prompter.prepare(one).tokens for one in waiting)
    await earshot.classify(classifier="local")
    assert (await estimate(earshot.parts, _quoting())).conversations == 0
    stored = await estimate(earshot.parts, _quoting(), everything=True)
    assert stored.as_set == found.as_set
    assert (await estimate(earshot.parts, _quoting(), since=NOON + timedelta(days=1))).conversations == 0


async def test_a_number_of_conversations_is_priced_like_the_stored_ones_or_the_guides(
    earshot: Earshot, tmp_path: Path
) -> None:
    guide = await estimate(earshot.parts, _quoting(), count=10_000)
    assert guide.basis == "10,000 conversations of 500 tokens each (none is stored yet)"
    assert guide.as_set[0].input_tokens == 5_000_000
    await earshot.import_file(talks(tmp_path / "talks.jsonl"))
    six, many = [await estimate(earshot.parts, _quoting(), count=count) for count in (6, 600)]
    assert many.basis == "600 conversations like 6 stored ones"
    assert many.as_set[0].usd == pytest.approx(100 * (six.as_set[0].usd or 0))
    assert many.as_set[0].usd_low is not None
    assert many.as_set[0].usd_low < (many.as_set[0].usd or 0)


async def test_an_estimate_learns_from_the_ledger(earshot: Earshot, tmp_path: Path) -> None:
    await earshot.import_file(talks(tmp_path / "talks.jsonl"))
    before = await estimate(earshot.parts, _quoting())
    await _book(earshot, [_call(n) for n in range(40)])
    after = await estimate(earshot.parts, _quoting())
    assert after.as_set[0].output_tokens == 6 * 50 != before.as_set[0].output_tokens
    assert after.spent_today_usd == pytest.approx(0.04)
    assert any("from earlier calls for openai:house-small" in note for note in after.notes)


async def test_a_budget_that_is_too_small_is_named_before_it_stops_a_run(earshot: Earshot, tmp_path: Path) -> None:
    await earshot.import_file(talks(tmp_path / "talks.jsonl"))

    async def told(**budget: object) -> str | None:
        return (await estimate(earshot.parts, _quoting(LLM.model_copy(update=budget)))).over_budget

    assert "run_budget_usd" in (await told(run_budget_usd=0.001) or "")
    assert "day_budget_usd" in (await told(day_budget_usd=0.001) or "")
    assert await told(run_budget_usd=5.0, day_budget_usd=5.0) is None
    await _book(earshot, [_call(1, cost_usd=4.9999)])
    assert "tomorrow" in (await told(day_budget_usd=5.0) or "")


async def test_an_unknown_price_stays_unknown_and_notes_say_what_counts(earshot: Earshot, tmp_path: Path) -> None:
    await earshot.import_file(talks(tmp_path / "talks.jsonl"))
    llm = LlmSettings(provider="openai", cheap="openai:nobody-knows", most_per_run=2)
    found = await estimate(earshot.parts, _quoting(llm, ClassifySettings(escalate_below=0.5)))
    assert found.as_set[0].usd is None
    assert found.over_budget is None
    notes = " ".join(found.notes)
    assert "one run reads 2 of them" in notes
    assert "assumed until there are calls" in notes
    assert "no triage, no escalation" in notes


async def test_costs_add_up_and_say_how_sure_they_are(earshot: Earshot) -> None:
    await _book(
        earshot,
        [
            *[_call(n) for n in range(10)],
            _call(10, outcome=Outcome.TIMEOUT, usage=None, cost_usd=None, bound_usd=0.02, latency_ms=None),
            _call(11, cost_usd=None, model="nobody-knows", bound_usd=None),
            _call(12, purpose=Purpose.AUDIT, mode=Mode.BATCH, cost_usd=0.5, conversation_id="file:c1"),
            _call(13, started_at=NOON - timedelta(days=400), cost_usd=7.0),
        ],
    )
    whole = await costs(earshot.parts, by="purpose", top=2)
    assert whole.total.usd == pytest.approx(7.51)
    assert sureness(whole.total) == (
        "at most $0.020000 more for 1 call whose answer was lost; "
        "1 call by a model without a known price is not in it"
    )
    assert [(one.conversation_id, one.calls) for one in whole.dearest] == [("file:c13", 1), ("file:c1", 2)]
    recent = await costs(earshot.parts, since=NOON - timedelta(days=1))
    assert [line.name for line in recent.lines] == [TODAY]
    assert recent.total.usd == pytest.approx(0.51)
    assert recent.total.cached_tokens == 600 * 12
    assert recent.forecast.so_far_usd == pytest.approx(0.51)
    by_mode = await costs(earshot.parts, since=NOON - timedelta(days=1), by="mode")
    assert {line.name: line.calls for line in by_mode.lines} == {"online": 12, "batch": 1}
    none = await costs(earshot.parts, since=NOON + timedelta(days=1))
    assert (none.total.calls, none.usd_each) == (0, None)


def _llm(earshot: Earshot) -> LlmParts:
    ledger: Ledger = variants(earshot.parts.store, House()).books.ledger
    prompter = Prompter(ClassifySettings(), TaxonomySettings(), now=Noon().now)
    return LlmParts(
        prompter=prompter, model=House(), batch=None, prices=ListPrices(LLM, clock=Noon()), ledger=ledger
    )


async def test_the_first_spend_shows_its_price_and_asks_once(earshot: Earshot, tmp_path: Path) -> None:
    llm, told = _llm(earshot), list[str]()

    def say(answer: bool):
        def ask(text: str) -> bool:
            told.append(text)
            return answer

        return ask

    with pytest.raises(Misconfigured, match="What comes in will be read by openai:house-small"):
        await ensure(earshot.parts, llm, yes=False, ask=None)
    assert not await agreed(earshot.parts, llm)
    await earshot.import_file(talks(tmp_path / "talks.jsonl"))
    with pytest.raises(Misconfigured, match="6 conversations by openai:house-small") as error:
        await ensure(earshot.parts, llm, yes=False, ask=None)
    assert "--yes" in error.value.hint
    with pytest.raises(Rejected):
        await ensure(earshot.parts, llm, yes=False, ask=say(answer=False))
    assert not await agreed(earshot.parts, llm)
    await ensure(earshot.parts, llm, yes=False, ask=say(answer=True))
    assert await agreed(earshot.parts, llm)
    await ensure(earshot.parts, llm, yes=False, ask=None)
    assert len(told) == 2
    assert "will cost about $" in told[1]
    assert "Go on?" in told[1]


async def test_a_machine_agrees_with_yes_even_before_anything_waits(earshot: Earshot) -> None:
    llm = _llm(earshot)
    await ensure(earshot.parts, llm, yes=True, ask=None)
    assert await agreed(earshot.parts, llm)
