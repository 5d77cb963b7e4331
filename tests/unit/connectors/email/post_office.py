"""A real mail server (aiosmtpd) in this process, with STARTTLS where a test wants it."""

import asyncio
import ssl
import warnings
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

PASSWORD = "p4ss:w@rd"


@dataclass
class Office:
    """What the server took, and how it answers."""

    port: int = 0
    taken: list[Envelope] = field(default_factory=list[Envelope])
    encrypted: list[bool] = field(default_factory=list[bool])
    logins: list[bytes] = field(default_factory=list[bytes])
    refused: dict[str, str] = field(default_factory=dict[str, str])
    sender_answer: str = "250 OK"
    end_answer: str = "250 Taken"

    async def handle_MAIL(  # noqa: N802 (aiosmtpd's name)
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        del server, session, options
        if self.sender_answer.startswith("250"):
            envelope.mail_from = address
        return self.sender_answer

    async def handle_RCPT(  # noqa: N802 (aiosmtpd's name)
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        del server, session, options
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        del server
        if self.end_answer.startswith("250"):
            self.taken.append(envelope)
            self.encrypted.append(session.ssl is not None)
        return self.end_answer

    def authenticate(self, _server: Any, _session: Any, _envelope: Any, mechanism: str, auth: Any) -> AuthResult:
        if mechanism not in ("LOGIN", "PLAIN") or not isinstance(auth, LoginPassword):
            return AuthResult(success=False, handled=False)
        self.logins.append(auth.password)
        return AuthResult(success=auth.password == PASSWORD.encode(), handled=False)


@asynccontextmanager
async def open_office(
    office: Office, *, tls: ssl.SSLContext | None = None, login: bool = False
) -> AsyncGenerator[Office]:
    """The server at work on a free port of this machine."""

    def protocol() -> SMTP:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # it warns of logins without TLS, which is the test
            return SMTP(
                office,
                hostname="localhost",
                tls_context=tls,
                auth_require_tls=tls is not None,
                auth_required=login,
                authenticator=office.authenticate if login else None,
            )

    server = await asyncio.get_running_loop().create_server(protocol, "127.0.0.1", 0)
    office.port = server.sockets[0].getsockname()[1]
    try:
        yield office
    finally:
        server.close()
