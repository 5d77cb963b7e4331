"""The mail server, as SMTP_URL names it: where it stands, how it is encrypted, who logs in."""

from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from earshot.errors import Misconfigured

SERVER_HINT = (
    "Set SMTP_URL: smtp://user:password@host:587 (STARTTLS) or smtps://user:password@host:465; "
    "special characters in user and password as %40 and so on."
)
"""What to do about a server that is not named, or not so that it is understood."""
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class MailServer(NamedTuple):
    """A server; `tls` from the first byte on (smtps). Shows neither user nor password."""

    host: str
    port: int
    tls: bool
    user: str
    password: str

    def __repr__(self) -> str:
        return f"MailServer({self.host}:{self.port})"

    @property
    def is_here(self) -> bool:
        """Whether it is this very machine, so that nothing travels."""
        return self.host in _LOOPBACK


def read_server(url: str) -> MailServer:
    """The server that SMTP_URL names. Raises Misconfigured, showing nothing of it."""
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port, parts = None, None, urlsplit("")
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if parts.scheme not in ("smtp", "smtps") or not host or parts.path not in ("", "/") or parts.query:
        raise Misconfigured("SMTP_URL names no mail server.", hint=SERVER_HINT)
    if not (user + password).isprintable():
        raise Misconfigured("SMTP_URL holds characters that no login has.", hint=SERVER_HINT)
    tls = parts.scheme == "smtps"
    return MailServer(host, port or (465 if tls else 587), tls, user, password)
