"""Triage, cascade and fallback are readers round readers."""

from collections.abc import Callable
from functools import partial

import pytest

from earshot.classify.cascade import Cascade
from earshot.classify.fallback import Fallback
from earshot.classify.llm.settings import ClassifySettings
from earshot.classify.triage import Triage, tier_for
from earshot.domain.call import Tier
from earshot.domain.conversation import Conversation
from earshot.domain.insight import Stage
from earshot.domain.reading import IssueType
from earshot.errors import Misconfigured
from earshot.ports.ledger import BudgetSpent
from earshot.ports.reader import Read
from earshot.telemetry.meter import PrometheusMeter
from tests.unit.classify.local.talk import talk
from tests.unit.classify.readers import Says, good, labelled, raises, refused, silent
from tests.unit.telemetry.test_meter import read

ONE, TWO = talk("Charged twice", key="1"), talk("I was charged twice again", key="2")


@pytest.mark.parametrize(
    ("lines", "tier"),
    [
        ((), Tier.CHEAP),
        (("a" * 199,), Tier.CHEAP),
        (("a" * 199, "a" * 200), Tier.CHEAP),
        (("a" * 200, "a" * 200), Tier.MEDIUM),
        (("a",) * 3, Tier.MEDIUM),
        (("a",) * 5, Tier.MEDIUM),
        (("a",) * 6, Tier.STRONG),
    ],
)
def test_triage_chooses_as_the_guide_does(lines: tuple[str, ...], tier: Tier) -> None:
    assert tier_for(talk(*lines), ClassifySettings()) is tier


def test_triage_keeps_to_the_settings() -> None:
    settings = ClassifySettings(triage_short_messages=0, triage_medium_messages=1)
    assert [tier_for(talk(*("a",) * n), settings) for n in (1, 2)] == [Tier.MEDIUM, Tier.STRONG]


async def test_triage_asks_each_conversations_tier_and_keeps_the_order() -> None:
    cheap, strong = (
        Says(lambda c: good(c, model="small")),
        Says(lambda c: good(c, model="large"), batch=3, parallel=2),
    )
    triage = Triage({Tier.CHEAP: cheap, Tier.STRONG: strong}, lambda c: Tier.STRONG if c.id == "1" else Tier.CHEAP)
    answers = await triage.read([ONE, TWO])
    assert [(a.conversation_id, a.provenance.model) for a in answers] == [("1", "large"), ("2", "small")]
    assert (cheap.asked, strong.asked) == (["2"], ["1"])
    assert (triage.name, triage.stage, triage.batch, triage.parallel) == ("llm", Stage.FULL, 1, 2)


async def test_cascade_asks_the_stronger_one_where_the_first_is_unsure() -> None:
    first = Says(lambda c: good(c, confidence=0.4 if c.id == "1" else 0.6))
    stronger = Says(lambda c: good(c, confidence=0.3, model="large", cost=4.0))
    answers = await Cascade(first, stronger, below=0.5).read([ONE, TWO])
    assert stronger.asked == ["1"]
    assert [a.provenance.model for a in answers] == ["large", "small-1"]
    spent = answers[0].provenance
    assert (spent.cost_usd, spent.input_tokens, spent.output_tokens, spent.latency_ms) == (4.1, 20, 2, 200)
    assert answers[1].provenance.cost_usd == 0.1


async def test_an_unknown_cost_makes_the_sum_unknown() -> None:
    cascade = Cascade(Says(lambda c: good(c, confidence=0.1)), Says(lambda c: good(c, cost=None)), below=0.5)
    assert (await cascade.read([ONE]))[0].provenance.cost_usd is None


async def test_cascade_leaves_alone_what_says_no_confidence_and_what_failed() -> None:
    stronger = Says(good)
    for answer in (partial(labelled, confidence=None), refused, silent):
        await Cascade(Says(answer), stronger, below=1.0).read([ONE])
    assert stronger.asked == []
    await Cascade(Says(lambda c: labelled(c, confidence=0.2)), stronger, below=1.0).read([ONE])
    assert stronger.asked == ["1"]


@pytest.mark.parametrize("second", [refused, silent])
async def test_the_first_answer_stays_where_the_stronger_one_brings_none(
    second: Callable[[Conversation], Read],
) -> None:
    cascade = Cascade(Says(lambda c: good(c, confidence=0.1)), Says(second), below=0.5)
    (answer,) = await cascade.read([ONE])
    assert answer.reading is not None
    assert answer.failure is None
    assert answer.provenance.model == "small-1"
    assert answer.provenance.latency_ms == 200


async def test_the_first_answer_stays_where_the_budget_ends() -> None:
    cascade = Cascade(Says(lambda c: good(c, confidence=0.1)), Says(raises(BudgetSpent("spent"))), below=0.5)
    (answer,) = await cascade.read([ONE])
    assert answer == good(ONE, confidence=0.1)


async def test_fallback_stands_in_only_where_nobody_answered() -> None:
    first = Says(lambda c: silent(c) if c.id == "1" else refused(c))
    second = Says(lambda c: good(c, model="local"))
    fallback = Fallback(first, lambda: second, provisional=True)
    answers = await fallback.read([ONE, TWO])
    assert second.asked == ["1"]
    assert answers[0].provenance.provisional
    assert answers[0].provenance.model == "local"
    assert answers[0].provenance.latency_ms == 200
    assert not answers[0].unanswered
    assert answers[1] == refused(TWO)
    assert (fallback.name, fallback.stage, fallback.batch, fallback.parallel) == ("llm", Stage.FULL, 1, 8)


async def test_another_providers_reading_is_not_provisional() -> None:
    (answer,) = await Fallback(Says(silent), lambda: Says(good), provisional=False).read([ONE])
    assert not answer.provenance.provisional


async def test_a_revoked_key_is_not_hidden_unless_allowed() -> None:
    broken = Says(raises(Misconfigured("bad key")))
    with pytest.raises(Misconfigured):
        await Fallback(broken, lambda: Says(good), provisional=True).read([ONE])
    (answer,) = await Fallback(broken, lambda: Says(good), provisional=True, silent=True).read([ONE])
    assert answer.provenance.provisional


async def test_a_spent_budget_is_not_a_reason_to_fall_back() -> None:
    second = Says(good)
    with pytest.raises(BudgetSpent):
        await Fallback(Says(raises(BudgetSpent("spent"))), lambda: second, provisional=True).read([ONE])
    assert second.asked == []


async def test_where_labels_are_wanted_a_stand_in_gives_labels() -> None:
    fallback = Fallback(Says(silent, stage=Stage.LABELS), lambda: Says(good), provisional=True)
    (answer,) = await fallback.read([ONE])
    assert answer.reading is None
    assert answer.labels is not None
    assert (answer.labels.issue_type, answer.labels.confidence) == (IssueType.BILLING, 0.9)


async def test_what_the_stand_in_cannot_read_either_goes_to_the_review_queue() -> None:
    (answer,) = await Fallback(Says(silent), lambda: Says(refused), provisional=True).read([ONE])
    assert answer.failure == "the model refused"
    assert not answer.unanswered


async def test_who_stood_in_and_why_is_counted() -> None:
    meter = PrometheusMeter(strict=True)
    await Fallback(Says(silent), lambda: Says(good), provisional=True, meter=meter).read([ONE, TWO])
    broken = Says(raises(Misconfigured("no key")))
    await Fallback(broken, lambda: Says(good), provisional=True, silent=True, meter=meter).read([ONE])
    await Fallback(Says(good), lambda: Says(good), provisional=True, meter=meter).read([ONE])
    found = {name: value for name, value in read(meter).items() if name.startswith("earshot_llm_fallbacks_total")}
    ways = "('from', 'llm'), ('reason', '{}'), ('to', 'llm')"
    assert found == {
        f"earshot_llm_fallbacks_total[{ways.format('unanswered')}]": 2,
        f"earshot_llm_fallbacks_total[{ways.format('misconfigured')}]": 1,
    }
