"""Who may look: this machine, a session that began with a token, or whom the reverse proxy names."""

import hashlib
import hmac
import ipaddress
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from earshot.domain.visitor import Role, Visitor
from earshot.pipeline.serving import WebSettings
from earshot.settings import Secrets
from earshot.web.api.guard import Rates
from earshot.web.limits import Gone, TooLarge, replayed, whole_body
from earshot.web.origins import of_other_site, stranger
from earshot.web.pages.forgery import Seals, new_visit
from earshot.web.pages.shell import VISITOR

SESSION = "earshot_session"
VISIT = "earshot_visit"
OPEN = ("/static/", "/login")
"""What needs nobody: the style sheet, scripts, and the page on which people say who they are."""
_WRONG_PER_MINUTE = 20
_READS = frozenset({"GET", "HEAD"})
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; frame-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=()",
}


@dataclass(frozen=True)
class Refusal(Exception):
    """Why a request is not let in; `sign_in` leads to the page where people say who they are."""

    status: int
    text: str
    hint: str = ""
    sign_in: bool = False


class Doorkeeper:
    """Says who a visitor is, from the settings and secrets."""

    def __init__(self, settings: WebSettings, secrets: Secrets, *, seals: Seals) -> None:
        self._settings = settings
        self._seals = seals
        given = (
            (Role.ADMIN, secrets.web_token),
            (Role.EDITOR, secrets.web_editor_token),
            (Role.VIEWER, secrets.web_viewer_token),
        )
        self._tokens = [(role, token.get_secret_value().encode()) for role, token in given if token]
        self._wrong = Rates(_WRONG_PER_MINUTE, burst=_WRONG_PER_MINUTE)

    @property
    def open_here(self) -> bool:
        """Whether this machine needs no password: no token and no proxy are set."""
        return not self._tokens and not self._settings.identity_header

    def visitor(self, request: Request, *, visit: str) -> Visitor:
        """Who asks. Raises Refusal."""
        if self._settings.identity_header and self._from_proxy(request):
            return self._named(request, visit=visit)
        if self.open_here:
            self._local(request)
            return Visitor(name="local", role=Role.ADMIN, visit=visit, known_by="this machine")
        session = self._seals.unsealed("session", request.cookies.get(SESSION, ""))
        if not isinstance(session, dict):
            raise Refusal(401, "Please say who you are.", sign_in=True)
        return Visitor.model_validate(session)

    def session(self, request: Request, *, name: str, token: str) -> str:
        """The session of somebody who shows a token. Raises Refusal, and lets nobody try often."""
        if not name:
            raise Refusal(422, "Please give your name: it stands beside what you change.")
        client = request.client.host if request.client else "unknown"
        if self._wrong.wait(client):  # before it is compared: a guess that is right opens nothing either
            raise Refusal(429, "Too many wrong tokens came from there.", "Wait a minute.")
        role = next((role for role, known in self._tokens if hmac.compare_digest(token.encode(), known)), None)
        if role is None:
            self._wrong.take(client)
            raise Refusal(401, "That token is not right.", "It is the value of EARSHOT_WEB_TOKEN on the server.")
        visitor = Visitor(name=name, role=role, visit=new_visit(), known_by="token")
        return self._seals.sealed("session", visitor.model_dump(mode="json"))

    def _from_proxy(self, request: Request) -> bool:
        """Whether the proxy stands before us: only its word is taken."""
        peer = request.client.host if request.client else ""
        return any(_within(peer, network) for network in self._settings.trusted_proxies)

    def _named(self, request: Request, *, visit: str) -> Visitor:
        names = request.headers.getlist(self._settings.identity_header)
        if len(names) != 1 or not names[0].strip():
            raise Refusal(
                401,
                "The reverse proxy did not say who you are.",
                f"It has to set the header {self._settings.identity_header}, once.",
            )
        name = names[0].strip()[:200]
        known, settings = name.casefold(), self._settings
        role = Role(settings.identity_role)
        if known in {one.casefold() for one in settings.editors}:
            role = Role.EDITOR
        if known in {one.casefold() for one in settings.admins}:
            role = Role.ADMIN
        return Visitor(name=name, role=role, visit=visit, known_by="proxy")

    def _local(self, request: Request) -> None:
        """Without a token only this machine is served, asked for by its own name: no page elsewhere can do that."""
        hint = "Set EARSHOT_WEB_TOKEN on the server, or let a reverse proxy say who looks ([web] identity_header)."
        peer = request.client.host if request.client else ""
        told = {
            "machine": ("Without a token these pages serve this machine only.", hint),
            "proxy": ("A proxy stands before these pages, so a token is needed.", hint),
            "name": ("These pages were asked for by a foreign name.", "Use http://127.0.0.1, or: " + hint),
        }
        if (why := stranger(request.headers, peer, host=self._settings.host)) is not None:
            raise Refusal(403, *told[why])


class Gate:
    """Lets in who may come, with a body of bounded size; sets the headers that keep pages safe."""

    def __init__(self, app: ASGIApp, settings: WebSettings, *, keeper: Doorkeeper, refuse: ASGIApp) -> None:
        self._app = app
        self._settings = settings
        self._keeper = keeper
        self._refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        request = Request(scope)
        visit = request.cookies.get(VISIT, "")
        fresh = "" if len(visit) == 24 else new_visit()
        safe = _Safe(send, visit=fresh, secure=self._secure)
        try:
            same_origin(request)
            _readable(scope)
            self._admit(scope, request, visit=fresh or visit)
            receive = await self._bounded(scope, receive)
        except Refusal as refusal:
            await self._turn_away(refusal, request, safe)
        except Gone:
            return
        else:
            await self._app(scope, receive, safe)

    @property
    def _secure(self) -> bool:
        return self._settings.public_url.startswith("https://")

    def _admit(self, scope: Scope, request: Request, *, visit: str) -> None:
        path = request.url.path
        try:
            scope[VISITOR] = self._keeper.visitor(request, visit=visit)
        except Refusal:
            if not path.startswith(OPEN):
                raise
            scope[VISITOR] = Visitor(name="", role=Role.VIEWER, visit=visit, known_by="")

    async def _bounded(self, scope: Scope, receive: Receive) -> Receive:
        if scope["method"] in _READS:
            return receive
        try:
            body = await whole_body(scope, receive, most=self._settings.most_upload_bytes)
        except TooLarge as error:
            if error.slow:
                raise Refusal(408, "What you sent came too slowly; nothing was changed.", "Try again.") from None
            hint = f"At most {self._settings.most_upload_bytes:,} bytes ([web] most_upload_bytes)."
            raise Refusal(413, "That is more than is taken here.", hint) from None
        return replayed(body, receive)

    async def _turn_away(self, refusal: Refusal, request: Request, send: Send) -> None:
        if refusal.sign_in and request.method in _READS:
            wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
            response: Response = RedirectResponse(f"/login?next={quote(wanted, safe='')}", 303)
            await response(request.scope, _nothing, send)
            return
        request.scope["earshot.refusal"] = refusal
        await self._refuse(request.scope, _nothing, send)


class _Safe:
    """Adds the headers that every page has, and the cookie that forms are bound to."""

    def __init__(self, send: Send, *, visit: str, secure: bool) -> None:
        self._send = send
        self._visit = visit
        self._secure = secure

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
            headers.setdefault("Content-Security-Policy", POLICY)
            headers.setdefault("Cache-Control", "no-store")
            if self._visit:
                secure = "; Secure" if self._secure else ""
                headers.append("Set-Cookie", f"{VISIT}={self._visit}; Path=/; HttpOnly; SameSite=Lax{secure}")
        await self._send(message)


def same_origin(request: Request) -> None:
    """What changes something comes from a page of ours, not from another site. Raises Refusal."""
    if request.method in _READS:
        return
    headers: Headers = request.headers
    origin = headers.get("origin")
    foreign = origin is not None and urlsplit(origin).netloc != headers.get("host", "")
    if foreign or of_other_site(headers):
        raise Refusal(403, "Pages of other sites may not change anything here.")


def _readable(scope: Scope) -> None:
    """The store keeps no NUL, so none may come with an address. Raises Refusal."""
    if "\x00" in scope["path"]:
        raise Refusal(404, "")
    if b"%00" in scope["query_string"]:
        raise Refusal(422, "A parameter of this address cannot be read.", "Begin on the page without parameters.")


def tag_of(secrets: Secrets) -> str:
    """Stands for the tokens in force: when one changes, all sessions end."""
    tokens = (secrets.web_token, secrets.web_editor_token, secrets.web_viewer_token)
    told = "\x1f".join(token.get_secret_value() if token else "" for token in tokens)
    return hashlib.sha256(told.encode()).hexdigest()


def _within(peer: str, network: str) -> bool:
    try:
        return ipaddress.ip_address(peer) in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False


async def _nothing() -> Message:
    return {"type": "http.disconnect"}
