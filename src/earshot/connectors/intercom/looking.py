"""What must be known before something is written: who writes, which id a tag, team or attribute has."""

import asyncio
from collections.abc import Awaitable, Callable

from earshot.connectors.http.sender import Lost, Reply, Sender, judged
from earshot.connectors.intercom.write_settings import IntercomWriteSettings
from earshot.connectors.intercom.writing import complaint
from earshot.connectors.lenient import Json, ident, number, obj, objects, string
from earshot.domain.delivery import Outcome, Result
from earshot.ports.clock import Clock

_Look = Callable[[str], Awaitable[str]]
_LONGEST_WINDOW = 60.0
_SAME = ("id", "name", "email")


class Stop(Exception):
    """The order ends here with this outcome."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.reason)
        self.outcome = outcome


def refuse(reason: str, *fields: str) -> Stop:
    """An order that cannot be done as it is."""
    return Stop(Outcome(result=Result.REJECTED, reason=reason, fields=fields))


class Looking:
    """Questions to Intercom, each answer kept while the process lives. Raises Stop where there is none."""

    def __init__(self, sender: Sender, settings: IntercomWriteSettings, *, clock: Clock) -> None:
        self._sender = sender
        self._settings = settings
        self._clock = clock
        self._known: dict[tuple[str, str], str] = {}
        self._one_at_a_time = asyncio.Lock()

    async def admin(self) -> str:
        """The id of the teammate who writes."""
        return self._settings.admin_id or await self._learn("me", "", look=self._owner)

    async def tag(self, name: str) -> str:
        """The id of a tag, created where that is allowed."""
        return await self._learn("tag", name, look=self._tag)

    async def team(self, name: str) -> str:
        """The id of a team by its id or name."""
        return await self._learn("teams", name, look=self._team)

    async def person(self, name: str) -> str:
        """The id of a teammate by id, name or mail address."""
        return await self._learn("admins", name, look=self._person)

    async def attribute(self, name: str) -> Json:
        """The definition of a conversation attribute, made where that is allowed."""
        async with self._one_at_a_time:
            found = _called(objects((await self.ask("/conversations/attributes")).get("data")), name)
            if found is None and self._settings.create_attributes:
                definition = {"name": name, "data_type": "string"}
                found = await self._ask("POST", "/conversations/attributes", body=definition)
        if found is None:
            advice = "define it there, or set [intercom.write] create_attributes = true"
            raise refuse(f"the conversation attribute {name} is not defined in Intercom: {advice}", name)
        return found

    def forget(self) -> None:
        """Ask anew from now on."""
        self._known.clear()

    async def ask(self, path: str) -> Json:
        """Read a path."""
        return await self._ask("GET", path)

    async def _ask(self, method: str, path: str, *, body: Json | None = None) -> Json:
        """An answer to what may be asked again, so that whatever went wrong is tried again."""
        answer = await self._sender.send(method, path, json=body)
        outcome = verdict(answer, clock=self._clock)
        if outcome.result is Result.UNKNOWN:
            raise Stop(outcome.model_copy(update={"result": Result.RETRY}))
        if outcome.result is not Result.DELIVERED:
            raise Stop(outcome)
        assert isinstance(answer, Reply)
        return obj(answer.data)

    async def _learn(self, kind: str, name: str, *, look: _Look) -> str:
        key = (kind, name.casefold())
        if key not in self._known:
            self._known[key] = await look(name)
        return self._known[key]

    async def _owner(self, _name: str) -> str:
        owner = ident((await self.ask("/me")).get("id"))
        if owner is None:
            raise refuse("Intercom does not say whose token it is; set [intercom.write] admin_id")
        return owner

    async def _tag(self, name: str) -> str:
        if self._settings.create_tags:
            found: Json | None = await self._ask("POST", "/tags", body={"name": name})
        else:
            found = _called(objects((await self.ask("/tags")).get("data")), name)
        advice = "make it there, or set [intercom.write] create_tags = true"
        return _id_of(found, f"the tag {name} does not exist in Intercom: {advice}", field="tag")

    async def _team(self, name: str) -> str:
        teams = objects((await self.ask("/teams")).get("teams"))
        return _id_of(_called(teams, name), f"Intercom has no team {name}", field="team")

    async def _person(self, name: str) -> str:
        people = objects((await self.ask("/admins")).get("admins"))
        return _id_of(_called(people, name), f"Intercom has no teammate {name}", field="admin")


def verdict(answer: Reply | Lost, *, clock: Clock, unsafe: bool = False) -> Outcome:
    """What an answer of Intercom's means: its limit names the second at which it ends."""
    outcome = judged(answer, unsafe=unsafe, wants_json=True)
    if isinstance(answer, Lost) or outcome.result is Result.DELIVERED:
        return outcome
    if answer.status == 429:
        return outcome.model_copy(update={"retry_after": outcome.retry_after or _until_reset(answer, clock)})
    if answer.status >= 400 and answer.data is not None:
        return outcome.model_copy(update={"reason": f"{outcome.reason} ({complaint(answer.data)})"})
    return outcome


def _until_reset(answer: Reply, clock: Clock) -> float | None:
    """Seconds until the limit's window ends (windows are of 10 seconds, so a far end is nonsense)."""
    reset = number(answer.headers.get("x-ratelimit-reset"))
    wait = reset - clock.now().timestamp() if reset is not None else 0.0
    return wait if 0.0 < wait <= _LONGEST_WINDOW else None


def _called(things: list[Json], name: str) -> Json | None:
    """The live thing with that id, name or address, any case."""
    wanted = name.strip().casefold()
    for field in _SAME:
        for thing in things:
            value = ident(thing.get(field)) if field == "id" else string(thing.get(field))
            if value is not None and value.casefold() == wanted and thing.get("archived") is not True:
                return thing
    return None


def _id_of(thing: Json | None, otherwise: str, *, field: str) -> str:
    found = None if thing is None else ident(thing.get("id"))
    if found is None:
        raise refuse(otherwise, field)
    return found
