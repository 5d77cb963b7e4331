"""The dialogue with a mail server: one mail, one connection, every answer understood."""

import asyncio
import contextlib
import ssl
from collections.abc import Awaitable, Callable, Sequence

import aiosmtplib
from aiosmtplib import SMTP

from earshot.connectors.email.server import MailServer
from earshot.domain.delivery import Outcome, Result

_NO_TLS = "the server offers no encryption"
_GOODBYE_SECONDS = 2.0
_BASIC_AUTH_ENDED = "5.7.30"


_Talk = Callable[[SMTP], Awaitable[Outcome]]


class _Stop(Exception):
    """The dialogue ends here with this outcome."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.reason)
        self.outcome = outcome


class Post:
    """Sends mails by one server. `token` gives the present OAuth access token, "" for a login by password."""

    def __init__(
        self,
        server: MailServer,
        *,
        allow_plain: bool,
        seconds: float,
        token: Callable[[], str] = str,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._server = server
        self._allow_plain = allow_plain
        self._seconds = seconds
        self._token = token
        self._tls = tls or ssl.create_default_context()

    async def send(self, mail: bytes, *, sender: str, recipients: Sequence[str]) -> Outcome:
        """Hand one mail over. UNKNOWN when the line broke while or after its text went out."""

        async def hand_over(smtp: SMTP) -> Outcome:
            async with asyncio.timeout(self._seconds):
                refused = await _name(smtp, sender, recipients=recipients)
            if len(refused) == len(recipients):
                return _all_refused(refused)
            outcome = await _text(smtp, mail)
            return outcome.model_copy(update={"note": _note(refused)}) if refused else outcome

        return await self._held(hand_over)

    async def greet(self) -> Outcome:
        """Connect and log in, nothing else."""
        return await self._held(_nothing)

    async def _held(self, talk: _Talk) -> Outcome:
        """A talk on a fresh, encrypted, logged-in connection."""
        smtp = SMTP(
            hostname=self._server.host,
            port=self._server.port,
            use_tls=self._server.tls,
            start_tls=False,
            timeout=self._seconds,
            tls_context=self._tls if self._server.tls else None,
        )
        try:
            async with asyncio.timeout(self._seconds):
                await self._open(smtp)
            return await _ended(smtp, await talk(smtp))
        except _Stop as stop:
            return stop.outcome
        except aiosmtplib.SMTPAuthenticationError as error:
            return _login_refused(error)
        except aiosmtplib.SMTPResponseException as error:
            return by_code(error.code)
        except aiosmtplib.SMTPException as error:
            return Outcome(result=Result.RETRY, reason=f"the mail server was lost ({type(error).__name__})")
        except (OSError, ValueError) as error:
            return Outcome(result=Result.RETRY, reason=f"no connection to the mail server ({type(error).__name__})")
        finally:
            smtp.close()

    async def _open(self, smtp: SMTP) -> None:
        await smtp.connect()
        await smtp.ehlo()
        encrypted = self._server.tls
        if not encrypted and smtp.supports_extension("starttls"):
            await smtp.starttls(tls_context=self._tls, server_hostname=self._server.host)
            await smtp.ehlo()
            encrypted = True
        token = self._token()
        if not encrypted and not self._server.is_here:
            self._check_plain(secret=bool(self._server.password or token))
        await self._log_in(smtp, token)

    def _check_plain(self, *, secret: bool) -> None:
        """Stop where the line is open: no password travels so, and mails only where that was allowed."""
        if secret:
            raise _Stop(Outcome(result=Result.PAUSED, reason=f"{_NO_TLS}; the password was not sent"))
        if not self._allow_plain:
            raise _Stop(Outcome(result=Result.PAUSED, reason=f"{_NO_TLS}; [email] allow_plain is off"))

    async def _log_in(self, smtp: SMTP, token: str) -> None:
        if token:
            await smtp.auth_xoauth2(self._server.user, token)
        elif self._server.password:
            if not smtp.supports_extension("auth"):
                raise _Stop(Outcome(result=Result.PAUSED, reason="the mail server takes no login"))
            await smtp.login(self._server.user, self._server.password)


async def _ended(smtp: SMTP, outcome: Outcome) -> Outcome:
    """Say goodbye, whatever comes of it."""
    with contextlib.suppress(aiosmtplib.SMTPException, OSError):
        await smtp.quit(timeout=_GOODBYE_SECONDS)
    return outcome


async def _nothing(_smtp: SMTP) -> Outcome:
    return Outcome(result=Result.DELIVERED)


async def _name(smtp: SMTP, sender: str, *, recipients: Sequence[str]) -> dict[str, int]:
    """Name sender and recipients; those that are refused, with the code."""
    await smtp.mail(sender)
    refused: dict[str, int] = {}
    for recipient in recipients:
        try:
            await smtp.rcpt(recipient)
        except aiosmtplib.SMTPRecipientRefused as error:
            refused[recipient] = error.code
    return refused


async def _text(smtp: SMTP, mail: bytes) -> Outcome:
    """Send the text. From here on a lost line means that nobody knows."""
    try:
        response = await smtp.data(mail)
    except aiosmtplib.SMTPDataError as error:
        return by_code(error.code)
    except aiosmtplib.SMTPResponseException:
        return Outcome(result=Result.UNKNOWN, reason="the mail server's last answer cannot be read")
    except (aiosmtplib.SMTPException, OSError) as error:
        return Outcome(
            result=Result.UNKNOWN, reason=f"the line broke at the end of the mail ({type(error).__name__})"
        )
    return Outcome(result=Result.DELIVERED, status=response.code)


def by_code(code: int) -> Outcome:
    """What an SMTP answer means: 4yz later, 530 and 535 the login, 5yz never."""
    if 400 <= code < 500:
        return Outcome(result=Result.RETRY, status=code, reason=f"the mail server answered {code}")
    if code in (530, 534, 535, 538):
        return Outcome(result=Result.AUTH_FAILED, status=code, reason=f"the mail server refused the login ({code})")
    if 500 <= code < 600:
        return Outcome(result=Result.REJECTED, status=code, reason=f"the mail server refused ({code})")
    return Outcome(result=Result.RETRY, reason="the mail server's answer cannot be read")


def _login_refused(error: aiosmtplib.SMTPAuthenticationError) -> Outcome:
    if 400 <= error.code < 500:
        return by_code(error.code)
    why = "it takes no passwords any more, set up OAuth" if _BASIC_AUTH_ENDED in error.message else f"{error.code}"
    return Outcome(
        result=Result.AUTH_FAILED, status=error.code, reason=f"the mail server refused the login ({why})"
    )


def _all_refused(refused: dict[str, int]) -> Outcome:
    codes = set(refused.values())
    later = any(400 <= code < 500 for code in codes)
    worst = max(codes)
    return Outcome(
        result=Result.RETRY if later else Result.REJECTED,
        status=worst,
        reason=f"every recipient was refused ({worst})",
        fields=("to",),
    )


def _note(refused: dict[str, int]) -> str:
    return "not sent to " + ", ".join(f"{address} ({code})" for address, code in sorted(refused.items()))
