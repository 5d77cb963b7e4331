"""A simulated mail server on a socket: logins, refused recipients, and lines that break before or after the end.

It offers no encryption, so only this machine should reach it. Faults strike a mail, not a command: `429` answers
450 to MAIL, `401` refuses the login, `5xx` and `html` (no SMTP at all) come at MAIL, `reset` and `hang` at DATA;
`lost`, `late-5xx` and `late-hang` break the line after the mail was taken, `garbage` and `huge` spoil the last
answer.
"""

import asyncio
import base64
import contextlib
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy

from earshot.ports.clock import Clock, SystemClock
from earshot.sim.tools.faults import ToolFaults
from earshot.sim.tools.settings import DONE_ALL_THE_SAME, ToolFault, ToolSimSettings
from earshot.sim.tools.tally import ToolTally

_AT_MAIL = {
    ToolFault.TOO_MANY: b"450 4.7.1 Too many messages, slow down\r\n",
    ToolFault.SERVER_ERROR: b"451 4.3.0 Local error\r\n",
    ToolFault.HTML: b"<html><body>Bad gateway</body></html>\r\n",
}
_SPOILED = {
    ToolFault.GARBAGE: b"\xff\xfe what?\r\n",
    ToolFault.HUGE: b"250 " + b"x" * 2_000_000 + b"\r\n",
}
_MOST_BYTES = 10_000_000


@dataclass(frozen=True)
class Mail:
    """A mail that was taken."""

    sender: str
    recipients: tuple[str, ...]
    message: bytes


@dataclass
class _Talk:
    """One connection: who is named so far, and the fault that strikes its mail."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    sender: str = ""
    recipients: list[str] = field(default_factory=list[str])
    logged_in: bool = False
    fault: ToolFault | None = None

    async def say(self, line: bytes) -> None:
        self.writer.write(line)
        await self.writer.drain()


class SmtpSim:
    """`mails` holds what was taken; `refused` maps recipients to the code that refuses them.

    With a token in the settings it lets in who gives it as password or as OAuth token.
    """

    def __init__(self, settings: ToolSimSettings | None = None, *, clock: Clock | None = None) -> None:
        self.settings = settings or ToolSimSettings()
        self.clock = clock or SystemClock()
        self.faults = ToolFaults(self.settings.faults)
        self.tally = ToolTally(self.settings.keep_requests)
        self.mails: list[Mail] = []
        self.refused: dict[str, int] = {}

    @asynccontextmanager
    async def running(self, host: str = "127.0.0.1", port: int = 0) -> AsyncGenerator[tuple[str, int]]:
        """Serve beside other tasks of this loop, on a free port unless told; gives host and port."""
        talks: set[asyncio.Task[None]] = set()

        def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            talk = asyncio.ensure_future(self._serve(_Talk(reader, writer)))
            talks.add(talk)
            talk.add_done_callback(talks.discard)

        server = await asyncio.start_server(serve, host, port, limit=_MOST_BYTES)
        try:
            yield server.sockets[0].getsockname()[:2]
        finally:
            server.close()
            for talk in list(talks):
                talk.cancel()
            await asyncio.gather(*talks, return_exceptions=True)

    async def _serve(self, talk: _Talk) -> None:
        try:
            await talk.say(b"220 earshot-sim ESMTP\r\n")
            while line := await talk.reader.readline():
                if not await self._obey(talk, line.decode("utf-8", "replace").strip()):
                    break
        except (OSError, ValueError, asyncio.IncompleteReadError):
            pass
        finally:
            talk.writer.close()
            with contextlib.suppress(OSError):
                await talk.writer.wait_closed()

    async def _obey(self, talk: _Talk, line: str) -> bool:
        """Answer one command; whether the line stays open."""
        verb, _, rest = line.partition(" ")
        self.tally.requests[verb.upper()] += 1
        match verb.upper():
            case "EHLO" | "HELO":
                await talk.say(b"250-earshot-sim\r\n250-8BITMIME\r\n250 AUTH PLAIN XOAUTH2\r\n")
            case "AUTH":
                await self._log_in(talk, rest)
            case "MAIL":
                return await self._begin(talk, rest)
            case "RCPT":
                await self._name(talk, _address(rest))
            case "DATA":
                return await self._take(talk)
            case "RSET" | "NOOP":
                await talk.say(b"250 OK\r\n")
            case "QUIT":
                await talk.say(b"221 Bye\r\n")
                return False
            case _:
                await talk.say(b"502 Not implemented\r\n")
        return True

    async def _log_in(self, talk: _Talk, rest: str) -> None:
        talk.fault = self._strike() if talk.fault is None else talk.fault
        given = base64.b64decode(rest.partition(" ")[2] or "=").decode("utf-8", "replace")
        secret = given.split("\x00")[-1] if "\x00" in given else given.partition("Bearer ")[2].strip("\x01")
        right = bool(secret) and secret == (self.settings.token or secret)
        talk.logged_in = right and talk.fault is not ToolFault.UNAUTHORIZED
        if talk.fault is ToolFault.UNAUTHORIZED:
            talk.fault = None
        await talk.say(b"235 2.7.0 Accepted\r\n" if talk.logged_in else b"535 5.7.8 Wrong user or password\r\n")

    async def _begin(self, talk: _Talk, rest: str) -> bool:
        if self.settings.token and not talk.logged_in:
            await talk.say(b"530 5.7.0 Authentication required\r\n")
            return True
        talk.fault = self._strike() if talk.fault is None else talk.fault
        if talk.fault is not None and talk.fault in _AT_MAIL:
            await talk.say(_AT_MAIL[talk.fault])
            talk.fault = None
            return True
        talk.sender, talk.recipients = _address(rest), []
        await talk.say(b"250 OK\r\n")
        return True

    async def _name(self, talk: _Talk, recipient: str) -> None:
        code = self.refused.get(recipient)
        if code is None:
            talk.recipients.append(recipient)
        await talk.say(b"250 OK\r\n" if code is None else f"{code} {recipient} is refused\r\n".encode())

    async def _take(self, talk: _Talk) -> bool:
        if talk.fault in (ToolFault.RESET, ToolFault.HANG):
            await self._break_off(talk)
            return False
        if not talk.recipients:
            await talk.say(b"503 No recipients\r\n")
            return True
        await talk.say(b"354 Go on\r\n")
        text = await talk.reader.readuntil(b"\r\n.\r\n")
        self._store(talk, text[:-3].replace(b"\r\n..", b"\r\n."))
        if talk.fault is not None and talk.fault in _SPOILED:
            await talk.say(_SPOILED[talk.fault])
        elif talk.fault in DONE_ALL_THE_SAME:
            await self._break_off(talk)
            return False
        else:
            await talk.say(b"250 2.0.0 Taken\r\n")
        talk.fault = None
        return True

    def _store(self, talk: _Talk, message: bytes) -> None:
        self.mails.append(Mail(talk.sender, tuple(talk.recipients), message))
        self.tally.store("mail", str(message_from_bytes(message, policy=policy.SMTP)["Message-ID"]))

    async def _break_off(self, talk: _Talk) -> None:
        hangs = talk.fault in (ToolFault.HANG, ToolFault.LATE_HANG)
        if hangs and self.settings.faults.hang_seconds:
            await self.clock.sleep(self.settings.faults.hang_seconds)
        talk.writer.transport.abort()

    def _strike(self) -> ToolFault | None:
        return self.faults.strike(f"mail {len(self.mails)}", path="/")


def _address(rest: str) -> str:
    return rest.partition("<")[2].partition(">")[0]
