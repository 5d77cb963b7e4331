"""The tool `productboard`: notes with the customers' words, found again by their source."""

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from urllib.parse import quote

import httpx2

from earshot.connectors.http.sender import Lost, Reply, Sender
from earshot.connectors.lacks import found_or_lack
from earshot.connectors.lenient import Json, moment, obj, objects, string
from earshot.connectors.orders import misfit
from earshot.connectors.productboard.note import MOST_CHARACTERS, SYSTEM, changed_note, new_note, note_fields
from earshot.connectors.productboard.settings import ProductboardSettings
from earshot.connectors.productboard.verdict import verdict
from earshot.connectors.secrets import needed
from earshot.connectors.tickets import unanswered
from earshot.connectors.verdicts import error_of
from earshot.domain.delivery import Op, Order, Outcome, Receipt, Remote, Result, Thing
from earshot.ports.clock import Clock
from earshot.ports.tool import Abilities, Resend, ToolAccess
from earshot.text.escape import safe_url

TOKEN = "PRODUCTBOARD_TOKEN"  # noqa: S105 (the name of one)
SECRETS: tuple[str, ...] = (TOKEN,)
_HINT = (
    f"Set {TOKEN} to an API token of version 2 with the scopes notes:read and notes:write (Productboard: "
    "Settings > Integrations > Public API)."
)
_SETTLES = 30.0
_SOON_DAYS = 30
_OPTIONAL = {"fields/tags": "tags", "fields/owner": "owner", "relationships": "customer"}


class ProductboardTool:
    """Makes notes and keeps their text up to date. A note is looked up before it is made a second time."""

    def __init__(
        self,
        settings: ProductboardSettings,
        secrets: Mapping[str, str],
        *,
        clock: Clock,
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._token, self._lack = found_or_lack(lambda: needed(secrets, TOKEN, hint=_HINT), otherwise="")
        self._sender = Sender(
            settings.base_url,
            headers={"Authorization": f"Bearer {self._token}", "Accept": "application/json"},
            clock=clock,
            secrets=(self._token,),
            timeout=settings.timeout_seconds,
            transport=transport,
        )

    @property
    def name(self) -> str:
        """The destination's name."""
        return "productboard"

    @property
    def abilities(self) -> Abilities:
        """Feedback, made and updated. 5 requests a second of the 50 that a token has."""
        return Abilities(
            orders={Thing.FEEDBACK: frozenset({Op.CREATE, Op.UPDATE, Op.REOPEN})},
            resend={Thing.FEEDBACK: Resend.LOOK_UP},
            settle_after=_SETTLES,
            per_second=5.0,
        )

    def check(self, order: Order) -> str:
        """What is wrong with it, "" when nothing is."""
        found = misfit(order, self.abilities)
        if found:
            return found
        if order.op is not Op.CREATE and order.receipt is None:
            return "it is not known which note is meant"
        text = note_fields(order, settings=self._settings, now=self._clock.now())["content"]
        too_long = max([len(text)] if isinstance(text, str) else [len(part["content"]) for part in text], default=0)
        return "" if too_long <= MOST_CHARACTERS else "the text is longer than Productboard takes (524,288)"

    def preview(self, order: Order) -> str:
        """The note as JSON."""
        return json.dumps(self._body(order), ensure_ascii=False, indent=2)

    async def deliver(self, order: Order) -> Outcome:
        """Make the note, or bring it up to date; `again` looks it up first."""
        if self._lack:
            return self._lack.outcome
        wrong = self.check(order)
        if wrong:
            return Outcome(result=Result.REJECTED, reason=wrong)
        if order.op is not Op.CREATE:
            return await self._change(order)
        if order.again:
            found = await self.find(order)
            if found.result is not Result.REJECTED:
                return found
        return await self._make(order)

    async def find(self, order: Order) -> Outcome:
        """The note whose source names this thing."""
        if self._lack:
            return self._lack.outcome
        if order.op is not Op.CREATE:
            return Outcome(result=Result.REJECTED, reason="a change of a note is made again, not looked up")
        params = {"metadata[source][system]": SYSTEM, "metadata[source][recordId]": order.object_key}
        answer = await self._sender.send("GET", "/notes", params=params)
        outcome = verdict(answer, makes=False)
        if outcome.result is not Result.DELIVERED:
            return unanswered(outcome)
        return self._found(answer, order.object_key)

    async def statuses(self, external_ids: Sequence[str]) -> list[Remote]:
        """Nothing: notes have no standing that concerns us."""
        del external_ids
        return []

    async def access(self) -> ToolAccess:
        """Read how notes are set up there. Raises Misconfigured, Transient, Rejected."""
        if self._lack:
            raise self._lack.error
        outcome = verdict(await self._sender.send("GET", "/notes/configurations"), makes=False)
        if outcome.result is not Result.DELIVERED:
            raise error_of(outcome, tool="Productboard", hint=_HINT)
        return ToolAccess(
            who="a Productboard token", can="make notes", warnings=ending(self._token, now=self._clock.now())
        )

    async def close(self) -> None:
        """Give connections back."""
        await self._sender.close()

    def _body(self, order: Order) -> Json:
        make = new_note if order.op is Op.CREATE else changed_note
        return make(order, settings=self._settings, now=self._clock.now())

    async def _make(self, order: Order) -> Outcome:
        body = self._body(order)
        answer = await self._sender.send("POST", "/notes", json=body)
        outcome = verdict(answer, makes=True)
        dropped = _optional(outcome.fields)
        if outcome.result is Result.REJECTED and dropped:
            answer = await self._sender.send("POST", "/notes", json=_without(body, dropped))
            note = f"Productboard refused the {', '.join(dropped)} of the note; it was made without"
            outcome = verdict(answer, makes=True).model_copy(update={"note": note})
        if outcome.result is not Result.DELIVERED:
            return outcome
        made = _receipt(obj(answer.data).get("data")) if isinstance(answer, Reply) else None
        if made is None:
            return Outcome(result=Result.UNKNOWN, status=outcome.status, reason="the answer names no note")
        return outcome.model_copy(update={"receipt": made})

    async def _change(self, order: Order) -> Outcome:
        assert order.receipt is not None
        path = f"/notes/{quote(order.receipt.external_id, safe='')}"
        outcome = verdict(await self._sender.send("PATCH", path, json=self._body(order)), makes=False)
        if outcome.status in (404, 410):
            return Outcome(result=Result.REJECTED, status=outcome.status, reason="the note is no longer there")
        if outcome.result is Result.DELIVERED:
            return outcome.model_copy(update={"receipt": order.receipt})
        return outcome

    def _found(self, answer: Reply | Lost, key: str) -> Outcome:
        data = answer.data if isinstance(answer, Reply) else None
        if not isinstance(obj(data).get("data"), list):
            return Outcome(result=Result.RETRY, reason="the list of notes could not be read")
        listed = objects(data, "data")
        notes = [note for note in listed if _source(note) == {"system": SYSTEM, "recordId": key}]
        if not notes and any(not _source(note) for note in listed):
            return Outcome(result=Result.UNKNOWN, reason="the notes found do not name their source")
        notes.sort(key=lambda note: (string(note.get("createdAt")) or "", string(note.get("id")) or ""))
        receipts = [receipt for note in notes if (receipt := _receipt(note)) is not None]
        if not receipts:
            return Outcome(result=Result.REJECTED, reason="there is no such note")
        more = f"{len(receipts)} notes name this thing; the oldest is kept" if len(receipts) > 1 else ""
        return Outcome(result=Result.DELIVERED, receipt=receipts[0], note=more)


def ending(token: str, *, now: datetime) -> tuple[str, ...]:
    """A warning when the token says that it ends within 30 days; nothing where it does not say."""
    try:
        claims = base64.urlsafe_b64decode(token.split(".")[1] + "==")
        ends = moment(obj(json.loads(claims)).get("exp"))
    except (IndexError, ValueError, binascii.Error):
        return ()
    if ends is None or (ends - now).days > _SOON_DAYS:
        return ()
    return (f"the token ends on {ends.astimezone(UTC):%Y-%m-%d}",)


def _source(note: Json) -> Json:
    """System and record of a listed note's source, what is there of them."""
    source = obj(obj(note.get("metadata")).get("source"))
    return {name: source[name] for name in ("system", "recordId") if source.get(name)}


def _receipt(note: object) -> Receipt | None:
    held = obj(note)
    found = string(held.get("id"))
    return Receipt(external_id=found, url=safe_url(string(obj(held.get("links")).get("html")))) if found else None


def _optional(fields: Sequence[str]) -> list[str]:
    """The parts to leave out; none when something that a note needs was refused, too."""
    hits = [[words for part, words in _OPTIONAL.items() if field.startswith(part)] for field in fields]
    return list(dict.fromkeys(one for hit in hits for one in hit)) if all(hits) else []


def _without(body: Json, dropped: Sequence[str]) -> Json:
    data = dict(body["data"])
    data["fields"] = {name: value for name, value in data["fields"].items() if name not in dropped}
    if "customer" in dropped:
        data.pop("relationships", None)
    return {"data": data}
