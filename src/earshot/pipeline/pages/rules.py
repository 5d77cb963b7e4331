"""What the pages of rules show: how far each is on, what it decided, what it would have done, and switching it."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from earshot.act.routing import Route
from earshot.decide.packs import chosen, pack
from earshot.decide.rules import load_rules
from earshot.decide.settings import DecideSettings, RuleSettings
from earshot.decide.wording import Said, said
from earshot.domain.action import INWARD, ActionKind
from earshot.domain.model import Noun
from earshot.domain.rule_state import RuleMode, RuleState
from earshot.errors import BadInput, EarshotError, Misconfigured, Rejected
from earshot.pipeline.parts import Parts
from earshot.pipeline.ruling.backtest import RuleTest
from earshot.pipeline.ruling.states import SINGLE, RuleStanding, history, list_standing, named, switch
from earshot.pipeline.ruling.trial import outlook
from earshot.pipeline.ruling.trying import tried
from earshot.ports.pages.rules import INSIDE, REHEARSED, UNSENT
from earshot.report.plots import Mark, Plot, Shape
from earshot.text.escape import one_line

MOST: Final = 1_000
"""Counts of actions end here: more is said as "more than"."""
AT_ONCE: Final = 1_000
"""A span of so many conversations is tested when the page is opened."""
TESTED: Final = 20_000
"""Conversations that one request tests at most, the newest."""
SPANS: Final = (7, 30, 90)
"""Days that a test may reach back."""
WEEK, MONTH = timedelta(days=7), timedelta(days=30)
_HISTORY: Final = 50
_REASON: Final = 500
FATES: Final = {INSIDE: "inside Earshot", REHEARSED: "dry run", UNSENT: "nowhere to go"}
"""What became of actions that were not sent, in words."""


class Came(Noun):
    """How many deliveries came to one end. `href` lists them ("": they are among all of the rule's)."""

    state: str
    count: int
    href: str = ""


class ListedRule(Noun):
    """A rule of the list. `week` and `month` are actions it decided, counted up to one more than `MOST`."""

    standing: RuleStanding
    said: Said
    origin: str
    week: int
    month: int
    came: tuple[Came, ...] = ()

    @property
    def name(self) -> str:
        """The rule's name."""
        return self.standing.rule.name

    @property
    def inside(self) -> bool:
        """Whether all it does stays inside Earshot, where nothing is in dry run."""
        return all(said.partition(" ")[0] in INWARD for said in self.standing.rule.actions)


class Wish(Noun):
    """An action that a rule asks for, and where it would go; `inside`: nowhere, by its nature."""

    said: str
    routes: tuple[Route, ...] = ()
    inside: bool = False


class Trial(Noun):
    """A back-test of one rule. `whole`: all conversations of the span were tested, else the newest since `since`.

    `assumed` are destinations that are not enabled yet and were taken for granted.
    """

    days: int
    since: datetime
    until: datetime
    insights: int
    whole: bool
    test: RuleTest
    assumed: tuple[str, ...] = ()


class RulePage(Noun):
    """Everything about one rule. `trial` is None where none was run; `why_not` says why it could not be."""

    listed: ListedRule
    settings: RuleSettings
    wishes: tuple[Wish, ...]
    conversations: int
    history: tuple[RuleState, ...]
    trial: Trial | None = None
    why_not: str = ""


async def rule_list(parts: Parts, settings: DecideSettings) -> list[ListedRule]:
    """Every rule in the order of judging, with what it did."""
    return await _listed(parts, settings, standing=await list_standing(parts, chosen(settings)))


async def rule_page(parts: Parts, settings: DecideSettings, *, name: str, days: int | None) -> RulePage:
    """One rule; NotFound where there is none. Without `days`, a month is tested where that is quick."""
    rules = chosen(settings)
    rule = named(rules, name)
    standing = next(one for one in await list_standing(parts, rules) if one.rule.name == rule.name)
    (listed,) = await _listed(parts, settings, standing=[standing])
    trial, why_not = await _tried(parts, rules, rule=rule, days=days)
    async with parts.store.unit() as unit:
        since = parts.clock.now() - MONTH
        conversations = await unit.pages.rules.conversations(rule.name, since, most=MOST + 1)
    return RulePage(
        listed=listed,
        settings=rule,
        wishes=_wishes(parts, rule),
        conversations=conversations,
        history=tuple(await history(parts, rule.name, limit=_HISTORY)),
        trial=trial,
        why_not=why_not,
    )


async def set_mode(
    parts: Parts, settings: DecideSettings, *, name: str, mode: RuleMode, share: float, reason: str, seen: str
) -> RuleState:
    """Switch a rule as it was `seen`. Refuses rules with a mistake, without a reason, or changed meanwhile."""
    rule = named(chosen(settings), name)
    why = one_line(reason)[:_REASON]
    if not why:
        raise BadInput("Give a reason: it stands in the rule's history.", hint="Go back and write one.")
    if not rule.enabled:
        raise Rejected(
            f"The settings switch the rule {rule.name} off, and they win.",
            hint="Take it out of [decide] switched_off, or set enabled = true, and restart the server.",
        )
    if mode in {RuleMode.ON, RuleMode.SHARE}:
        try:
            load_rules([rule])
        except Misconfigured as error:
            raise Rejected(str(error), hint=error.hint) from error
    part = share if mode is RuleMode.SHARE else SINGLE
    on = RuleMode.ON if mode is RuleMode.SHARE and part == SINGLE else mode
    return await switch(parts, rule, mode=on, share=part, reason=why, seen=seen)


def day_plot(trial: Trial, *, zone: str) -> Plot:
    """Matches by the day on which customers wrote, in this zone; days without any stand there too."""
    first, last = (at.astimezone(ZoneInfo(zone)).date() for at in (trial.since, trial.until))
    every = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    days: dict[date, int] = dict.fromkeys(every, 0) | trial.test.days
    top = max(days.values(), default=0)
    return Plot(
        title=f"Conversations on which {trial.test.name} would have held",
        description=f"Per day on which customers wrote, over {trial.days} days; {top:,} on the highest day.",
        shape=Shape.BARS,
        marks=tuple(Mark(at=day, value=count) for day, count in sorted(days.items())),
    )


async def _listed(parts: Parts, settings: DecideSettings, *, standing: Sequence[RuleStanding]) -> list[ListedRule]:
    now = parts.clock.now()
    names = [one.rule.name for one in standing]
    async with parts.store.unit() as unit:
        fired = await unit.pages.rules.fired(names, [now - WEEK, now - MONTH], most=MOST + 1)
        came = await unit.pages.rules.came_of(names, now - MONTH, most=MOST)
    counts = {(one.rule, one.since): one.actions for one in fired}
    origins = {rule.name: name for name in settings.packs for rule in pack(name)}
    origins |= {rule.name: "" for rule in settings.rules}
    return [
        ListedRule(
            standing=one,
            said=said(one.rule.when),
            origin=origins.get(one.rule.name, ""),
            week=counts.get((one.rule.name, now - WEEK), 0),
            month=counts.get((one.rule.name, now - MONTH), 0),
            came=tuple(_came(state, count) for state, count in sorted(came.get(one.rule.name, {}).items())),
        )
        for one in standing
    ]


def _came(state: str, count: int) -> Came:
    return Came(state=FATES.get(state, state), count=count, href="" if state in FATES else state)


def _wishes(parts: Parts, rule: RuleSettings) -> tuple[Wish, ...]:
    tools = {name: tool.abilities for name, tool in parts.make_tools().items()}
    try:
        rules = load_rules([rule.model_copy(update={"enabled": True})])
    except Misconfigured:
        return tuple(Wish(said=wanted.said) for wanted in rule.actions)
    routes = outlook(parts.act, tools, rules=rules).routes
    return tuple(
        Wish(said=wanted.said, routes=_routes(wanted.do, routes, to=wanted.parameters.get("to", "")),
             inside=wanted.do in INWARD)
        for wanted in rule.actions
    )  # fmt: skip


def _routes(kind: ActionKind, routes: dict[ActionKind, tuple[Route, ...]], *, to: str) -> tuple[Route, ...]:
    found = routes.get(kind, ())
    if kind is not ActionKind.SEND_WEBHOOK or not to:
        return found
    name = to.removeprefix("webhook:")
    return tuple(one for one in found if one.destination.removeprefix("webhook:") == name)


async def _tried(
    parts: Parts, rules: Sequence[RuleSettings], *, rule: RuleSettings, days: int | None
) -> tuple[Trial | None, str]:
    """The back-test, or why there is none."""
    until = parts.clock.now()
    asked = until - timedelta(days=days or MONTH.days)
    async with parts.store.unit() as unit:
        since, whole = await unit.pages.rules.newest(asked, until, most=TESTED if days else AT_ONCE)
    if days is None and not whole:
        return None, ""
    try:
        found = await tried(parts, rules, only=[rule.name], since=since, until=until)
    except Misconfigured as error:
        return None, _reason(error)
    trial = Trial(
        days=days or MONTH.days,
        since=found.since,
        until=until,
        insights=found.insights,
        whole=whole,
        test=found.rules[0],
        assumed=found.assumed,
    )
    return trial, ""


def _reason(error: EarshotError) -> str:
    return f"{error} {error.hint}".strip()
