"""The tool `jira`: tickets in Jira Cloud."""

import json
from collections.abc import Mapping, Sequence
from datetime import date

import httpx2

from earshot.connectors.http.sender import Reply
from earshot.connectors.jira.changing import Changing, comment_of
from earshot.connectors.jira.creating import Creating
from earshot.connectors.jira.issue import PROPERTY, changed_fields, draft, project_of, property_of, type_of
from earshot.connectors.jira.links import link_body
from earshot.connectors.jira.rights import lacking
from earshot.connectors.jira.screens import Screen, Screens
from earshot.connectors.jira.search import HINT, standings
from earshot.connectors.jira.settings import JiraSettings
from earshot.connectors.jira.wire import TOKEN, JiraWire
from earshot.connectors.lenient import Json, obj, string
from earshot.connectors.tickets import unreadable
from earshot.domain.delivery import Op, Order, Outcome, Receipt, Remote, Result, Thing
from earshot.errors import Misconfigured
from earshot.ports.clock import Clock
from earshot.ports.tool import Abilities, Resend, ToolAccess
from earshot.text.escape import one_line
from earshot.text.render.adf import to_adf

SECRETS: tuple[str, ...] = (TOKEN,)
"""The environment variables that it reads."""

_OPS = frozenset({Op.CREATE, Op.UPDATE, Op.REOPEN})
_NEEDED = {"BROWSE_PROJECTS": "Browse projects", "CREATE_ISSUES": "Create issues"}
_USEFUL = {
    "EDIT_ISSUES": "Edit issues",
    "LINK_ISSUES": "Link issues",
    "ADD_COMMENTS": "Add comments",
    "TRANSITION_ISSUES": "Transition issues",
}


class JiraTool:
    """Makes tickets once (found again by their label), keeps their count current, reopens, reads them back."""

    name = "jira"

    def __init__(
        self,
        settings: JiraSettings,
        secrets: Mapping[str, str],
        *,
        clock: Clock,
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._wire = JiraWire(settings, secrets, clock=clock, transport=transport)
        self._screens = Screens(self._wire)
        self._creating = Creating(self._wire, self._screens, settings=settings)
        self._changing = Changing(self._wire, self._screens, settings=settings)

    def __repr__(self) -> str:
        return f"JiraTool({self._settings.base_url})"

    @property
    def abilities(self) -> Abilities:
        """Tickets; a lost answer is looked up by label once the search had time to see it."""
        return Abilities(
            orders={Thing.TICKET: _OPS},
            resend={Thing.TICKET: Resend.LOOK_UP},
            settle_after=60.0,
            per_second=5.0,
            reads_back=True,
        )

    def check(self, order: Order) -> str:
        """What is wrong with the order as far as can be seen without asking Jira."""
        if order.thing is not Thing.TICKET or order.op not in _OPS:
            return f"Jira does no {order.op} of a {order.thing}"
        if order.op is not Op.CREATE:
            return (
                "" if order.receipt is not None and order.receipt.external_id else "the ticket's key is not known"
            )
        if unready := self._unready(order.content.parameters):
            return unready
        if not project_of(order.content, self._settings):
            return "the action's project must be a project's key, such as ENG"
        return "" if one_line(order.content.title) else "a ticket needs a title"

    def preview(self, order: Order) -> str:
        """The bodies that would be sent, where nothing is known of the project's screens."""
        return json.dumps(self._bodies(order), ensure_ascii=False, indent=2)

    async def deliver(self, order: Order) -> Outcome:
        """Do it once."""
        wrong = self._wrong(order)
        if wrong is not None:
            return wrong
        match order.op, order.receipt:
            case Op.UPDATE, Receipt() as receipt:
                return await self._changing.update(order, receipt)
            case Op.REOPEN, Receipt() as receipt:
                return await self._changing.reopen(order, receipt)
            case _:
                return await self._creating.create(order)

    async def find(self, order: Order) -> Outcome:
        """Whether it was done: by label, by the property's request, by the comment's reference."""
        wrong = self._wrong(order)
        if wrong is not None:
            return wrong
        match order.op, order.receipt:
            case Op.UPDATE, Receipt() as receipt:
                return await self._changing.find_update(order, receipt)
            case Op.REOPEN, Receipt() as receipt:
                return await self._changing.find_comment(order, receipt)
            case _:
                return await self._creating.find(order)

    async def statuses(self, external_ids: Sequence[str]) -> list[Remote]:
        """Where tickets stand."""
        if self._wire.lack:
            raise self._wire.lack.error
        return await standings(self._wire, external_ids)

    async def access(self) -> ToolAccess:
        """Who the account is and what it may do in the project, without changing anything."""
        unready = self._unready({})
        if unready:
            raise Misconfigured(f"{unready}.", hint="See docs/connectors.md for the set-up.")
        who = await self._who()
        warnings = [*await self._permissions(), *await self._screen_warnings(), *self._token_warnings()]
        return ToolAccess(who=who, can=f"make tickets in {self._settings.project}", warnings=tuple(warnings))

    async def close(self) -> None:
        """Give connections back."""
        await self._wire.close()

    def _wrong(self, order: Order) -> Outcome | None:
        if self._wire.lack:
            return self._wire.lack.outcome
        if unready := self._unready(order.content.parameters):
            return Outcome(result=Result.PAUSED, reason=unready)
        wrong = self.check(order)
        return Outcome(result=Result.REJECTED, reason=wrong) if wrong else None

    def _unready(self, parameters: Mapping[str, str]) -> str:
        """What the settings lack; "" when they are complete."""
        if not self._settings.base_url or not self._settings.email:
            return "[jira] base_url and email must be set"
        if not self._settings.project and not parameters.get("project"):
            return "[jira] project must be set to a project's key, such as ENG"
        return ""

    def _bodies(self, order: Order) -> Json:
        if order.op is Op.REOPEN:
            return {"body": to_adf(comment_of(order))}
        screen = Screen(type_of(order.content, self._settings))
        made = (
            changed_fields(order.content, self._settings, screen=screen)
            if order.op is Op.UPDATE
            else draft(order, self._settings, screen=screen)
        )
        return {
            "fields": made.fields,
            "properties": [{"key": PROPERTY, "value": property_of(order)}],
            "remotelink": link_body(order),
        }

    async def _who(self) -> str:
        if self._wire.lack:
            raise self._wire.lack.error
        data = await self._read("/myself")
        return string(data.get("displayName")) or self._settings.email

    async def _permissions(self) -> list[str]:
        project = self._settings.project
        found = await lacking(self._wire, (*_NEEDED, *_USEFUL), project=project)
        if isinstance(found, Outcome) and found.status in (400, 404):
            raise Misconfigured(
                f"Jira has no project {project or '(none is set)'}, or the account may not see it.",
                hint="Set [jira] project to the key that its tickets begin with (ENG in ENG-12).",
            )
        if isinstance(found, Outcome):
            raise unreadable(found, "Jira", hint=HINT)
        needed = [words for name, words in _NEEDED.items() if name in found]
        if needed:
            raise Misconfigured(
                f"The Jira account lacks a permission in {project}: {', '.join(needed)}.",
                hint="A Jira administrator can give it in the project's permission scheme.",
            )
        return [f"the account lacks the permission {words}" for name, words in _USEFUL.items() if name in found]

    async def _screen_warnings(self) -> list[str]:
        found: list[str] = []
        for wanted in dict.fromkeys(self._settings.issue_types.values()):
            screen = await self._screens.of(self._settings.project, wanted)
            if isinstance(screen, Outcome):
                found.append(screen.reason)
            else:
                found += _warnings_of(screen, self._settings)
        return list(dict.fromkeys(found))

    def _token_warnings(self) -> list[str]:
        ends = self._settings.token_expires
        return [] if ends is None else token_warning(ends, today=self._clock.now().date())

    async def _read(self, path: str) -> Json:
        answer = await self._wire.get(path)
        outcome = self._wire.judge(answer, wants_json=True)
        if not isinstance(answer, Reply) or outcome.result is not Result.DELIVERED:
            raise unreadable(outcome, "Jira", hint=HINT)
        return obj(answer.data)


def token_warning(ends: date, *, today: date) -> list[str]:
    """What to say of a token that ends: nothing until 30 days before."""
    left = (ends - today).days
    if left > 30:
        return []
    if left < 0:
        return [f"the API token ended on {ends}: make a new one"]
    now = " now" if left <= 7 else ""
    return [f"the API token ends on {ends}, in {left} days: make a new one{now}"]


def _warnings_of(screen: Screen, settings: JiraSettings) -> list[str]:
    found = [screen.note] if screen.note else []
    if not screen.fields:
        return found
    known = {"project", "issuetype", "summary", "labels", "description", "reporter", "priority"}
    filled = known | set(settings.defaults) | set(settings.fields.values())
    empty = [one for one in screen.fields.values() if one.required and one.id not in filled]
    found += [f"{screen.type_name} requires {one.name} ({one.id}): see [jira] defaults" for one in empty]
    absent = [name for name in ("labels", *settings.fields.values()) if name not in screen.fields]
    return found + [f"{name} is not on the create screen of {screen.type_name}" for name in absent]
