"""What `earshot doctor` wants to know of the providers in use. It only lists models, so nothing is spent."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime

import httpx2

from earshot.domain.call import Tier, Usage
from earshot.domain.model import Noun
from earshot.errors import EarshotError, Misconfigured
from earshot.llm.catalogue import (
    WARN_BEFORE,
    Named,
    is_snapshot,
    model_string,
    named,
    provider_entry,
    retirement,
)
from earshot.llm.clients import Clients, Company
from earshot.llm.keys import LlmKeys
from earshot.llm.prices import ListPrices
from earshot.llm.problems import Asked, problem
from earshot.llm.settings import LlmSettings
from earshot.ports.clock import Clock


class Finding(Noun):
    """One checked thing in words. `ok` None: worth knowing, nothing is broken."""

    name: str
    ok: bool | None
    text: str
    hint: str = ""


class _Use(Noun):
    """A model and the setting that names it. One that is not needed cannot fail the check."""

    setting: str
    model: str
    needed: bool


async def check(
    settings: LlmSettings,
    keys: LlmKeys,
    *,
    clock: Clock,
    needed: Collection[Tier] = (Tier.CHEAP,),
    transport: httpx2.AsyncBaseTransport | None = None,
) -> list[Finding]:
    """Keys, models, last days, prices and batches of every provider in use; none when no provider is chosen.

    What is wrong with a tier fails only where the tier is `needed`.
    """
    if not settings.provider:
        return []
    used, findings = _used(settings, needed)
    clients = Clients(settings, keys, transport=transport)
    prices = ListPrices(settings, clock=clock)
    try:
        for company in dict.fromkeys(_company(use) for use in used):
            mine = [use for use in used if _company(use) == company]
            findings += await _check_company(company, mine, clients=clients, settings=settings, now=clock.now())
    finally:
        await clients.close()
    return findings + [found for use in used for found in _price(use, prices)]


def _used(settings: LlmSettings, needed: Collection[Tier]) -> tuple[list[_Use], list[Finding]]:
    """The models of all tiers and the fallback, and what is missing among them."""
    used: list[_Use] = []
    findings: list[Finding] = []
    for tier in Tier:
        try:
            model = model_string(settings, tier)
            used.append(_Use(setting=f"[llm] {tier}", model=model, needed=tier in needed))
        except Misconfigured as error:
            ok = False if tier in needed else None
            findings.append(Finding(name=f"[llm] {tier}", ok=ok, text=str(error), hint=error.hint))
    if settings.fallback:
        model = str(named(settings.fallback, default=settings.provider))
        used.append(_Use(setting="[llm] fallback", model=model, needed=True))
    return used, findings


async def _check_company(
    company: str, used: Sequence[_Use], *, clients: Clients, settings: LlmSettings, now: datetime
) -> list[Finding]:
    chosen = clients.of(company)
    asked = Asked(company, used[0].model, used[0].setting, chosen.errors)
    try:
        listed = await _listed(chosen, asked=asked, deadline=settings.deadline_seconds)
    except EarshotError as error:
        ok = False if any(use.needed for use in used) else None
        return [Finding(name=company, ok=ok, text=str(error), hint=error.hint)]
    batches = "takes batches at half the price" if provider_entry(company).batches else "takes no batches"
    findings = [Finding(name=company, ok=True, text=f"The key works; {len(listed)} models; {batches}.")]
    for use in used:
        findings.append(_exists(use, listed))
        findings += _retires(use, listed, today=now.date())
    return findings


async def _listed(company: Company, *, asked: Asked, deadline: float) -> dict[str, date | None]:
    """The provider's models with their announced last days."""
    failed: EarshotError
    try:
        async with asyncio.timeout(deadline):
            return await company.listed()
    except asked.faults as error:
        failed = problem(error, asked=asked)
    raise failed


def _exists(use: _Use, listed: Mapping[str, date | None]) -> Finding:
    name = named(use.model)
    if _named_in(name, listed):
        return Finding(name=use.setting, ok=True, text=f"{use.model} is there.")
    doubtful = name.provider == "compatible" or provider_entry(name.provider).decides
    return Finding(
        name=use.setting,
        ok=None if doubtful or not use.needed else False,
        text=f"{use.model} is not among the provider's models.",
        hint="" if doubtful else f"Name another model: {use.setting}.",
    )


def _retires(use: _Use, listed: Mapping[str, date | None], *, today: date) -> list[Finding]:
    name = named(use.model)
    told = [last for known, last in listed.items() if last and _is(name, known)]
    last = min(told) if told else retirement(use.model)
    if last is None or today < last - WARN_BEFORE:
        return []
    past = today > last
    text = f"{use.model} {'was' if past else 'will be'} retired on {last:%Y-%m-%d}."
    hint = f"Name another model: {use.setting}."
    return [Finding(name=use.setting, ok=False if past and use.needed else None, text=text, hint=hint)]


def _price(use: _Use, prices: ListPrices) -> list[Finding]:
    name = named(use.model)
    if prices.cost(name.provider, name.model, usage=Usage(input_tokens=1)) is not None:
        return []
    return [
        Finding(
            name=use.setting,
            ok=None,
            text=f"The price of {use.model} is not known, so no budget can be kept for it.",
            hint=f'Tell it: [llm.prices."{use.model}"] input = 0 and output = 0 for your own server.',
        )
    ]


def _named_in(name: Named, listed: Mapping[str, date | None]) -> bool:
    return any(_is(name, known) for known in listed)


def _is(name: Named, known: str) -> bool:
    """Whether a listed model is the named one: itself, or the dated snapshot that its plain name stands for."""
    return known == name.model or is_snapshot(known, of=name.model)


def _company(use: _Use) -> str:
    return named(use.model).provider.removesuffix("-decisions")
