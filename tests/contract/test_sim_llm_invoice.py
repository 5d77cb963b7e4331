"""The invoice against figures worked out by hand, and against the bundled list prices."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import openai
import pytest
from genai_prices import Usage, calc_price

from earshot.sim.llm.catalogue import Tokens, catalogue
from earshot.sim.llm.invoice import Invoice
from earshot.sim.llm.settings import Fault
from tests.contract.llm_desk import always, desk

AT = datetime(2026, 11, 24, tzinfo=UTC)


@pytest.mark.parametrize(
    ("model", "mode", "tokens", "dollars"),
    [
        ("claude-haiku-5-5", "online", {"input": 1_000_000}, "0.50"),
        ("claude-haiku-5-5", "online", {"input": 100_000, "output": 1000}, "0.0105"),
        ("claude-haiku-5-5", "online", {"input": 100_001, "output": 1000}, "0.0525005"),
        ("claude-haiku-5-5", "batch", {"input": 1500, "read": 1500, "output": 150}, "0.00012"),
        ("claude-haiku-5-5", "online", {"write": 2000, "write_long": 1000}, "0.00045"),
        ("claude-sonnet-5-5", "online", {"input": 3000, "output": 150, "thinking": 100}, "0.0075"),
        ("gpt-6-luna", "batch", {"input": 3000, "output": 150}, "0.0001875"),
        ("gpt-6-luna", "decisions", {"input": 500, "read": 2500}, "0.00005"),
        ("gpt-6-luna", "online", {"input": 272_001, "read": 10, "output": 100}, "0.0544754"),
        ("gpt-4o-mini", "batch", {"input": 1500, "read": 1500, "output": 150}, "0.00027"),
        ("gemini-3.5-flash-lite", "online", {"input": 3000, "output": 150}, "0.001275"),
    ],
)
def test_amounts_are_those_worked_out_by_hand(model: str, mode: Any, tokens: dict[str, int], dollars: str) -> None:
    assert catalogue()[model].charge(Tokens(**tokens), mode) == Decimal(dollars)


SHAPES = [
    Tokens(input=3000, output=150),
    Tokens(input=400, read=2000, write=600, output=300),
    Tokens(input=150_000, output=1000),
    Tokens(input=300_000, read=5000, output=1000),
]


@pytest.mark.parametrize("tokens", SHAPES)
@pytest.mark.parametrize("mode", ["online", "batch"])
@pytest.mark.parametrize(
    "name", [n for n, m in catalogue().items() if m.batch is not None and not n.startswith("gemini")]
)
def test_the_price_table_agrees_with_the_bundled_list(name: str, mode: str, tokens: Tokens) -> None:
    model = catalogue()[name]
    if tokens.prompt > model.context or (tokens.write and not model.writes_cost):
        return
    usage = Usage(
        input_tokens=tokens.prompt,
        cache_read_tokens=tokens.read,
        cache_write_tokens=tokens.write,
        output_tokens=tokens.output,
    )
    context: Any = {"processing": "batch"} if mode == "batch" else None
    listed = calc_price(
        usage, model_ref=name, provider_id=model.vendor, genai_request_timestamp=AT, price_context=context
    )
    assert model.charge(tokens, "batch" if mode == "batch" else "online") == listed.total_price


async def test_every_answer_has_one_line_and_refusals_of_the_door_none() -> None:
    async with desk(answer=always("one two three")) as d:
        await d.say("four words are here")
        await d.respond("four words are here", text=None)
        for kind in (Fault.TOO_MANY, Fault.SERVER_ERROR, Fault.RESET):
            d.sim.script(kind)
            with pytest.raises(openai.APIError):
                await d.respond()
        first, second = d.sim.invoice
        served = (await d.raw.get("/_sim/invoice")).json()
    # "Sort the conversation." is 5 tokens of six letters at most and a full stop, the content 4.
    assert second.tokens == Tokens(input=9, output=3)
    assert second.amount == Decimal("0.0000024")
    assert first.tokens.output == 3
    assert first.content == second.content
    assert d.sim.invoice.total == first.amount + second.amount
    assert [Decimal(line["amount"]) for line in served["lines"]] == [first.amount, second.amount]


def test_an_invoice_adds_up_to_the_last_digit() -> None:
    invoice = Invoice()
    for number in range(10_000):
        invoice.charge(
            str(number),
            model=catalogue()["claude-haiku-5-5"],
            mode="online",
            tokens=Tokens(input=1, output=1),
            at=AT,
            content="",
        )
    assert invoice.total == Decimal("0.0060000")
    assert len(invoice) == 10_000
