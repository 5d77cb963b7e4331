"""No spend by accident: the first one with a provider shows its estimate and asks."""

from collections.abc import Callable, Mapping

from earshot.domain.call import Mode
from earshot.errors import Misconfigured, Rejected
from earshot.pipeline.llm_parts import LlmParts
from earshot.pipeline.money.quotation import Expected, Habits, as_set, measure
from earshot.pipeline.parts import Parts
from earshot.pipeline.quoting import Quoting

Ask = Callable[[str], bool]
"""Shows a text and asks a person yes or no."""
SAMPLE = 200


async def ensure(
    parts: Parts, llm: LlmParts, *, yes: bool, ask: Ask | None, mode: Mode = Mode.ONLINE, pending: int | None = None
) -> None:
    """Let reading begin only when somebody agreed to spend money with this provider, now or earlier.

    `yes` agrees, the estimate is only said; `ask` shows it to a person. Without either: Misconfigured; a no:
    Rejected. It asks also while nothing waits, as a sync may bring conversations a moment later.
    """
    provider = llm.model.provider
    if await agreed_with(parts, provider):
        return
    async with parts.store.unit() as unit:
        count = await unit.conversations.count_pending() if pending is None else pending
        sample = await unit.conversations.pending(SAMPLE) if count else []
    quoting = Quoting.of(llm)
    expected = as_set(quoting, measure(quoting, sample, total=count), mode=mode, habits=Habits())
    text = in_words("Reading", expected) if count else f"What comes in will be read by {provider}:{llm.model.name}."
    if yes:
        parts.progress.say(text)
    decide(text, provider=provider, yes=yes, ask=ask)
    await note(parts, [provider])


async def agreed(parts: Parts, llm: LlmParts) -> bool:
    """Whether somebody agreed to spend money with the provider that reads."""
    return await agreed_with(parts, llm.model.provider)


async def agreed_with(parts: Parts, provider: str) -> bool:
    """Whether somebody agreed to spend money with this provider."""
    async with parts.store.unit() as unit:
        return await unit.calls.consented(provider)


async def agree(parts: Parts, expected: Mapping[str, Expected], *, yes: bool, ask: Ask | None) -> None:
    """Ask before an audit spends, every time: it is never part of an unattended run."""
    providers = sorted({model.partition(":")[0] for one in expected.values() for model in one.models})
    text = "\n".join(in_words(f"Reading with {name}", one) for name, one in expected.items())
    decide(text, provider=" and ".join(providers), yes=yes, ask=ask)
    await note(parts, providers)


def decide(text: str, *, provider: str, yes: bool, ask: Ask | None) -> None:
    """Take the answer of a machine (`yes`) or a person (`ask`)."""
    if yes:
        return
    if ask is None:
        raise Misconfigured(
            f"{text} Nobody agreed yet to spend money with {provider}.",
            hint="Run the command once in a terminal and answer, or with --yes to agree without being asked. "
            "`earshot estimate` shows more, --classifier local costs nothing.",
        )
    if not ask(f"{text}\nCustomers' words go to {provider}. Go on?"):
        raise Rejected("Nothing was asked and nothing spent.", hint="--classifier local reads without spending.")


def in_words(what: str, expected: Expected) -> str:
    """An estimate in one sentence."""
    models = ", ".join(expected.models)
    return f"{what}: {expected.conversations:,} conversations by {models} ({expected.mode}) {money(expected)}."


def money(expected: Expected) -> str:
    """The price of an estimate in words; what is unknown is called so."""
    if expected.usd is None:
        return "at an unknown price: the price list does not know every model ([llm.prices] can name it)"
    low, high = expected.usd_low or 0.0, expected.usd_high or 0.0
    span = f" ({dollars(low)} to {dollars(high)})" if dollars(low) != dollars(high) else ""
    return f"will cost about {dollars(expected.usd)}{span}, by list price"


def dollars(usd: float) -> str:
    """An amount with as many places as it needs: $12.30, $0.0042."""
    if usd == 0 or usd >= 1:
        return f"${usd:,.2f}"
    return f"${usd:.3g}" if usd >= 0.0001 else f"${usd:.6f}"


async def note(parts: Parts, providers: list[str]) -> None:
    """Keep that somebody agreed to spend money with these providers."""
    async with parts.store.unit() as unit:
        for provider in providers:
            if not await unit.calls.consented(provider):
                await unit.calls.consent(provider, now=parts.clock.now())
        await unit.commit()
