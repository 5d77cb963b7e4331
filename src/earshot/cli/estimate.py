"""`earshot estimate`: price and time before any spend."""

from typing import Annotated, Literal

import typer

from earshot.cli.console import print_json
from earshot.cli.options import AsJson
from earshot.cli.session import go, moment, opened
from earshot.cli.sheets import Cell, Sheet, show
from earshot.domain.call import Mode
from earshot.errors import Misconfigured
from earshot.pipeline.embedding.outlook import outlook
from earshot.pipeline.money.consent import dollars
from earshot.pipeline.money.costing import Estimate, estimate
from earshot.pipeline.money.offers import make_quoting
from earshot.pipeline.money.quotation import Expected
from earshot.settings import Settings, load_settings

Provider = Literal["anthropic", "openai", "google", "compatible"]
COLUMNS = ("", "model", "how", "input tokens", "output", "cost", "range", "each", "if cached", "time")
MONEY = (
    "Cost: list price without a cache. Range: what measuring only a sample leaves open (95 %). If cached: when the "
    "provider keeps the instructions between calls. Batch: usually within an hour, a day at most."
)


def command(
    *,
    since: Annotated[
        str | None,
        typer.Option(
            "--since", metavar="WHEN", help="Of stored conversations from then on: 24h, 7d, 2026-01-01, all."
        ),
    ] = None,
    count: Annotated[
        int | None, typer.Option("--count", min=1, help="Of so many conversations like the stored ones.")
    ] = None,
    provider: Annotated[
        Provider | None, typer.Option("--provider", help="As if this provider were set; needs no key.")
    ] = None,
    template: Annotated[
        int | None, typer.Option("--template", min=1, max=3, help="As if [classify] template were this one.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """What reading would cost and how long it would take, before anything is spent.

    Builds the real prompts of what waits to be read (of 500 of them where there are more), counts their tokens and
    prices them for every tier, online and in batch. Nothing is sent. Without options: what waits now.
    """
    overrides = {} if template is None else {"template": str(template)}
    settings = load_settings()
    found = go(_estimate(settings, since, count=count, provider=provider, overrides=overrides, quiet=as_json))
    if as_json:
        print_json(found.model_dump(mode="json"))
        return
    show(sheets(found))


async def _estimate(
    settings: Settings,
    since: str | None,
    *,
    count: int | None,
    provider: Provider | None,
    overrides: dict[str, str],
    quiet: bool,
) -> Estimate:
    async with opened(quiet=quiet, settings=settings) as earshot:
        quoting = make_quoting(
            settings.llm.model_copy(update={"provider": provider}) if provider else settings.llm,
            settings.classify,
            taxonomy=settings.taxonomy,
            clock=earshot.parts.clock,
            overrides=overrides,
        )
        found = await estimate(earshot.parts, quoting, since=moment(since), count=count)
        try:
            embedding = await outlook(earshot.parts)
        except Misconfigured as error:  # an estimate needs no key
            return found.model_copy(update={"notes": (*found.notes, str(error))})
        said = () if embedding is None else (embedding.in_words,)
        return found.model_copy(update={"notes": (*found.notes, *said)})


def sheets(found: Estimate) -> list[Sheet]:
    """The tables of an estimate."""
    told = [f"Measured: {found.basis}."]
    if found.unreadable:
        told.append(f"About {found.unreadable:,} hold no words of a customer and cost nothing.")
    if found.shortened:
        told.append(f"About {found.shortened:,} are longer than [classify] most_tokens and are read in part.")
    told.append(
        f"Instructions: {found.prefix_tokens:,} tokens of every prompt. "
        f"Spent today: {dollars(found.spent_today_usd)}."
    )
    if found.over_budget:
        told.append(f"BUDGET: {found.over_budget}")
    rows = [_row(one, name="as set") for one in found.as_set] + [_row(one, name=_tiers(one)) for one in found.tiers]
    return [
        Sheet(f"Reading {found.conversations:,} conversations", COLUMNS, rows, "\n".join([*told, MONEY])),
        Sheet("Good to know", note="\n".join(found.notes)),
    ]


def _row(one: Expected, *, name: str) -> list[Cell]:
    known = one.usd is not None
    span = f"{dollars(one.usd_low or 0)} to {dollars(one.usd_high or 0)}"
    return [
        name,
        ", ".join(model.partition(":")[2] for model in one.models),
        str(one.mode),
        one.input_tokens,
        one.output_tokens,
        dollars(one.usd or 0) if known else "unknown",
        span if known and one.usd_low != one.usd_high else None,
        dollars(one.usd_each or 0) if known else None,
        dollars(one.usd_cached) if one.usd_cached is not None and one.usd_cached != one.usd else None,
        "≤ 24 h" if one.mode is Mode.BATCH else _time(one.seconds),
    ]


def _tiers(one: Expected) -> str:
    return ", ".join(one.tiers)


def _time(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
