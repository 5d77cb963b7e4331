"""Mail as a destination: at most once, later words as answers in the same thread."""

import ssl
from collections.abc import Mapping, Sequence
from email.policy import SMTP
from pathlib import Path

from earshot.connectors.email.letters import MOST_BYTES, letter_id, mail_of
from earshot.connectors.email.message import compose, message_id, plain, subject
from earshot.connectors.email.post import Post
from earshot.connectors.email.server import SERVER_HINT, MailServer, read_server
from earshot.connectors.email.settings import EmailSettings
from earshot.connectors.lacks import Lack, found_or_lack
from earshot.connectors.orders import misfit
from earshot.connectors.secrets import optional
from earshot.connectors.verdicts import error_of
from earshot.domain.delivery import Op, Order, Outcome, Receipt, Remote, Result, Thing
from earshot.domain.letter import Letter
from earshot.errors import Misconfigured
from earshot.ports.clock import Clock
from earshot.ports.tool import Abilities, Resend, ToolAccess

SECRETS = ("SMTP_URL", "SMTP_OAUTH_TOKEN")
"""The environment variables that mail reads."""
_NOWHERE = (read_server("smtp://nowhere.invalid"), "")
"""Stands for the server and its login where they are not known."""
_NOBODY = Lack("Mail has no sender or no recipient.", "Set [email] sender and to.", Result.PAUSED)
_MOST_BYTES = 250_000


class EmailTool:
    """Mails to the team. `tls` replaces the machine's own trust, for tests."""

    def __init__(
        self,
        settings: EmailSettings,
        secrets: Mapping[str, str],
        *,
        clock: Clock,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._settings = settings
        self._clock = clock
        (self._server, self._token), unread = found_or_lack(lambda: _login(secrets), otherwise=_NOWHERE)
        self._lack = unread if settings.sender and settings.to else _NOBODY
        self._post = Post(
            self._server,
            allow_plain=settings.allow_plain,
            seconds=settings.timeout_seconds,
            token=self._present_token,
            tls=tls,
        )

    def __repr__(self) -> str:
        return f"EmailTool({self._server!r})"

    @property
    def name(self) -> str:
        """`email`."""
        return "email"

    @property
    def abilities(self) -> Abilities:
        """Mails and answers to them; none is ever sent again."""
        return Abilities(
            orders={Thing.MAIL: frozenset(Op)},
            resend={Thing.MAIL: Resend.NEVER},
            per_second=self._settings.per_minute / 60,
        )

    def check(self, order: Order) -> str:
        """What is wrong with it, "" when nothing is."""
        wrong = misfit(order, self.abilities)
        if wrong:
            return wrong
        if len(self._mail(order)) > _MOST_BYTES:
            return f"the mail is larger than {_MOST_BYTES // 1000} kB"
        return ""

    def preview(self, order: Order) -> str:
        """Recipients, subject and text."""
        return f"To: {', '.join(self._settings.to)}\nSubject: {subject(order)}\n\n{plain(order)}"

    async def deliver(self, order: Order) -> Outcome:
        """Hand the mail to the server once."""
        if self._lack:
            return self._lack.outcome
        wrong = self.check(order)
        if wrong:
            return Outcome(result=Result.REJECTED, reason=wrong)
        settings = self._settings
        outcome = await self._post.send(self._mail(order), sender=settings.sender or "", recipients=settings.to)
        if outcome.result is not Result.DELIVERED:
            return outcome
        first = order.receipt if order.op is not Op.CREATE else None
        receipt = first or Receipt(external_id=message_id(order, settings))
        return outcome.model_copy(update={"receipt": receipt})

    def check_letter(self, letter: Letter) -> str:
        """What is wrong with a letter, "" when nothing is; nothing is sent."""
        if not letter.to:
            return "the mail has no recipient"
        if len(self._letter(letter)) > MOST_BYTES:
            return f"the mail is larger than {MOST_BYTES // 1_000_000} MB"
        return ""

    async def post(self, letter: Letter) -> Outcome:
        """Hand a letter to the server once."""
        if self._lack:
            return self._lack.outcome
        if wrong := self.check_letter(letter):
            return Outcome(result=Result.REJECTED, reason=wrong)
        sender = self._settings.sender or ""
        outcome = await self._post.send(self._letter(letter), sender=sender, recipients=letter.to)
        if outcome.result is not Result.DELIVERED:
            return outcome
        return outcome.model_copy(update={"receipt": Receipt(external_id=letter_id(letter, self._settings))})

    async def find(self, order: Order) -> Outcome:
        """A mail cannot be looked up."""
        del order
        return Outcome(result=Result.UNKNOWN, reason="a mail cannot be looked up")

    async def statuses(self, external_ids: Sequence[str]) -> list[Remote]:
        """Nothing is read back."""
        del external_ids
        return []

    async def access(self) -> ToolAccess:
        """Log in without sending. Raises Misconfigured or Transient."""
        if self._lack:
            raise self._lack.error
        outcome = await self._post.greet()
        if outcome.result is not Result.DELIVERED:
            raise error_of(
                outcome, tool="The mail server", hint="Check SMTP_URL (user, password, port) and [email]."
            )
        warnings = ("no login is set up: the server must take mails from this machine",) if self._is_open else ()
        return ToolAccess(who=f"{self._settings.sender} at {self._server.host}", can="send mail", warnings=warnings)

    async def close(self) -> None:
        """Nothing is kept open."""

    @property
    def _is_open(self) -> bool:
        return not (self._server.password or self._token or self._settings.oauth_token_file)

    def _mail(self, order: Order) -> bytes:
        return compose(order, self._settings, at=self._clock.now()).as_bytes(policy=SMTP)

    def _letter(self, letter: Letter) -> bytes:
        return mail_of(letter, self._settings, at=self._clock.now()).as_bytes(policy=SMTP)

    def _present_token(self) -> str:
        return _read(self._settings.oauth_token_file) if self._settings.oauth_token_file else self._token


def _login(secrets: Mapping[str, str]) -> tuple[MailServer, str]:
    """The server and the OAuth token, "" where there is none. Raises Misconfigured."""
    if not secrets.get("SMTP_URL"):
        raise Misconfigured("SMTP_URL is not set.", hint=SERVER_HINT)
    return read_server(secrets["SMTP_URL"]), optional(secrets, "SMTP_OAUTH_TOKEN")


def _read(file: Path) -> str:
    """The token in a file; "" where it cannot be read (the login then fails, which pauses the destination)."""
    try:
        return file.read_text(encoding="ascii").strip()
    except (OSError, UnicodeError):
        return ""
