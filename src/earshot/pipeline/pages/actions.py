"""What the pages of actions show, and what people do there: approve, try again, give up exactly what they saw."""

import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from urllib.parse import quote

from earshot.domain.action import INWARD, PROVISIONAL, Action, Subject
from earshot.domain.delivery import Breaker, Delivery, DeliveryState, Health, Silence
from earshot.domain.model import Noun
from earshot.errors import BadInput, Rejected
from earshot.pipeline.acting.looking import ActionPortrait, Shown, portrait, shown
from earshot.pipeline.acting.people import GIVEN_UP, HELD, RETRIED, approve, discard, healths, retry, silences
from earshot.pipeline.pages.histories import Event, history
from earshot.pipeline.parts import Parts
from earshot.ports.browse import Place
from earshot.ports.pages.actions import HeldOf, Line, OutboxQuery
from earshot.text.escape import clip, visible
from earshot.text.render.plain import to_plain

LINES: Final = 50
"""Actions, or deliveries where they are selected, of one page."""
MOST: Final = 1_000
"""Counts end here: more is said as "more than"."""
LONG: Final = timedelta(hours=24)
"""After so long, what waits for approval is marked."""
_TOGETHER: Final = 500
"""Deliveries that are decided on at once."""
_TITLE: Final = 120
_WORDS: Final = 2_000


class Doing(StrEnum):
    """What people do with deliveries."""

    APPROVE = "approve"
    RETRY = "retry"
    DISCARD = "discard"


DONE: Final[Mapping[Doing, str]] = {
    Doing.APPROVE: "approved",
    Doing.RETRY: "to be tried again",
    Doing.DISCARD: "discarded",
}
"""What was done, in words."""


class About(Noun):
    """What an action is about, in words, and its page here ("": it has none)."""

    text: str
    href: str = ""
    kind: str = ""


class OutboxLine(Noun):
    """A line of the list. `pick` stands for the delivery as it is shown, "" where there is none.

    `preview` (its words) and `problem` (what its tool would refuse) are there for what waits for approval.
    `waits_long`: for more than `LONG`.
    """

    line: Line
    title: str
    why: str
    about: About
    pick: str = ""
    may: tuple[Doing, ...] = ()
    preview: str = ""
    problem: str = ""
    waits_long: bool = False
    url: str | None = None

    @property
    def action(self) -> Action:
        """The action."""
        return self.line.action

    @property
    def delivery(self) -> Delivery | None:
        """What is, or was, sent."""
        return self.line.delivery


class Outbox(Noun):
    """The page of actions. `counts` end at `MOST`; `troubled` are destinations that need a look."""

    lines: tuple[OutboxLine, ...]
    next: Place | None
    counts: dict[DeliveryState, int]
    held: tuple[HeldOf, ...]
    troubled: tuple[Health, ...]
    destinations: tuple[str, ...]
    silences: tuple[Silence, ...]

    @property
    def may(self) -> frozenset[Doing]:
        """What can be done with some line."""
        return frozenset(doing for line in self.lines for doing in line.may)


class Sent(Noun):
    """A delivery on its action's page: its words, its body as it is, or was, sent, and what can be decided."""

    shown: Shown
    words: str
    pick: str
    may: tuple[Doing, ...]

    @property
    def delivery(self) -> Delivery:
        """The delivery."""
        return self.shown.delivery


class ActionPage(Noun):
    """Everything about one action."""

    portrait: ActionPortrait
    about: About
    sent: tuple[Sent, ...]
    history: tuple[Event, ...]


class Settled(Noun):
    """What became of a decision: what was done, and how many others had changed meanwhile."""

    done: tuple[Delivery, ...]
    missed: int


async def outbox(parts: Parts, query: OutboxQuery, *, after: Place | None) -> Outbox:
    """A page of the outbox with what stands around it."""
    async with parts.store.unit() as unit:
        found = await unit.pages.actions.lines(query, after=after, limit=LINES + 1)
        counts = await unit.pages.actions.counts(most=MOST + 1)
        held = await unit.pages.actions.held(most=MOST)
    lines, next_ = _page(found)
    known = await healths(parts)
    return Outbox(
        lines=tuple(_shown_line(parts, line) for line in lines),
        next=next_,
        counts=counts,
        held=tuple(held),
        troubled=tuple(one for one in known if one.breaker is not Breaker.CLOSED),
        destinations=tuple(one.destination for one in known),
        silences=tuple(await silences(parts)),
    )


async def lines_of(parts: Parts, query: OutboxQuery, *, after: Place | None) -> tuple[list[Line], Place | None]:
    """A page of lines alone, and where the next one begins."""
    async with parts.store.unit() as unit:
        return _page(await unit.pages.actions.lines(query, after=after, limit=LINES + 1))


async def action_page(parts: Parts, key: str) -> ActionPage:
    """One action by its key. NotFound where there is none."""
    found = await portrait(parts, key)
    async with parts.store.unit() as unit:
        names = await unit.pages.actions.about([found.action])
        acts = [act for _, act in await unit.pages.people.acts(subject=found.action.key, after=None, limit=MOST)]
    return ActionPage(
        portrait=found,
        about=about_of(found.action, names.get(found.action.key, "")),
        sent=tuple(
            Sent(shown=one, words=_text(one.delivery), pick=pick_of(one.delivery), may=may_of(one.delivery))
            for one in found.deliveries
        ),
        history=tuple(history(found, acts)),
    )


async def settle(parts: Parts, picks: Sequence[str], *, doing: Doing, reason: str = "") -> Settled:
    """Do this to exactly the deliveries that were picked as they were shown; what changed since is left alone.

    Raises BadInput where nothing was picked, Rejected where all of it changed.
    """
    wanted = {pick.partition(".")[0]: pick for pick in picks}
    if not wanted or len(wanted) > _TOGETHER:
        raise BadInput(
            f"Tick something, {_TOGETHER} at most." if wanted else "Nothing was ticked, so nothing was done.",
            hint="Go back and tick what you mean.",
        )
    async with parts.store.unit() as unit:
        found = await unit.pages.actions.deliveries(list(wanted))
    same = [one for one in found if pick_of(one) == wanted[one.id] and doing in may_of(one)]
    done = await _does(doing, reason)(parts, same) if same else []
    missed = len(wanted) - len(done)
    if not done:
        raise Rejected(
            f"Nothing was {DONE[doing]}: somebody else decided about it meanwhile, or it was sent or changed.",
            hint="Look at it as it is now, then decide again.",
        )
    return Settled(done=tuple(done), missed=missed)


def pick_of(delivery: Delivery) -> str:
    """Stands for a delivery as it is shown: its id, its state and every word of it."""
    told = f"{delivery.state.value}\n{delivery.content.model_dump_json()}"
    return f"{delivery.id}.{hashlib.sha256(told.encode('utf-8', 'surrogatepass')).hexdigest()[:20]}"


def may_of(delivery: Delivery) -> tuple[Doing, ...]:
    """What a person can do about a delivery."""
    can = ((Doing.APPROVE, HELD), (Doing.RETRY, RETRIED), (Doing.DISCARD, GIVEN_UP))
    return tuple(doing for doing, states in can if delivery.state in states)


def about_of(action: Action, name: str) -> About:
    """What an action is about; what stands in for an unknown theme is said in words."""
    id_, subject = action.subject_id, action.subject
    if id_.startswith(PROVISIONAL):
        issue, area, priority = (*id_.removeprefix(PROVISIONAL).split(":"), "", "", "")[:3]
        told = " ".join(filter(None, (priority, issue.replace("_", " "), f"in {area}" if area else "")))
        return About(text=told.lower(), kind="theme, not known yet")
    if subject is Subject.CONVERSATION or id_.startswith("conversation:"):
        bare = id_.removeprefix("conversation:")
        return About(text=bare, href=f"/conversations/{quote(bare, safe='')}", kind="conversation")
    page = "/accounts" if subject is Subject.CUSTOMER else "/themes"
    return About(text=name or id_, href=f"{page}/{quote(id_, safe='')}", kind=subject.value)


def waits_long(delivery: Delivery, now: datetime) -> bool:
    """Whether a delivery has waited for approval for long."""
    return delivery.state is DeliveryState.HELD and now - delivery.created_at >= LONG


def title_of(line: Line) -> str:
    """What a line is called: the words of what is sent, else what was decided."""
    if line.delivery is not None:
        return clip(line.delivery.content.title, _TITLE) or line.delivery.thing.value
    return line.action.kind.value.replace("_", " ").capitalize()


def fate_of(line: Line) -> str:
    """What became of an action of which nothing is, or was, sent."""
    action = line.action
    if action.kind in INWARD:
        return "inside"
    if action.suspect and not action.dry_run:
        return "suspect"
    return "dry run" if action.dry_run else "not planned"


def _page(found: list[Line]) -> tuple[list[Line], Place | None]:
    """The lines of a page of which one more action was fetched, and where the next one begins."""
    places = list(dict.fromkeys(line.place for line in found))
    if len(places) <= LINES:
        return found, None
    kept = set(places[:LINES])
    return [line for line in found if line.place in kept], places[LINES - 1]


def _shown_line(parts: Parts, line: Line) -> OutboxLine:
    delivery = line.delivery
    told = OutboxLine(
        line=line, title=title_of(line), about=about_of(line.action, line.about), why=_why(line.action)
    )
    if delivery is None:
        return told
    update: dict[str, object] = {"pick": pick_of(delivery), "may": may_of(delivery)}
    update["url"] = delivery.receipt.url if delivery.receipt else None
    if delivery.state is DeliveryState.HELD:
        update |= {"preview": _words(delivery), "problem": shown(parts, delivery).problem}
        update["waits_long"] = waits_long(delivery, parts.clock.now())
    return told.model_copy(update=update)


def _why(action: Action) -> str:
    """The facts and the summary of the reason, in one line."""
    return clip(action.reason.removeprefix(f"{action.rule}: "), _TITLE)


def _words(delivery: Delivery) -> str:
    """What a delivery says, in plain words and not without end: the whole stands on its action's page."""
    text = _text(delivery)
    return text if len(text) <= _WORDS else text[:_WORDS].rstrip() + "… (the whole stands on its page)"


def _text(delivery: Delivery) -> str:
    return visible(f"{delivery.content.title}\n\n{to_plain(delivery.content.body)}").strip()


def _does(doing: Doing, reason: str) -> Callable[[Parts, Sequence[Delivery]], Awaitable[list[Delivery]]]:
    async def given_up(parts: Parts, deliveries: Sequence[Delivery]) -> list[Delivery]:
        return await discard(parts, deliveries, reason=reason)

    return {Doing.APPROVE: approve, Doing.RETRY: retry, Doing.DISCARD: given_up}[doing]
