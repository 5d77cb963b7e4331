"""The `[email]` section: who writes to whom. The server stands in the environment (SMTP_URL)."""

import re
from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from earshot.domain.model import Noun

_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})*")


def _address(value: str) -> str:
    if not _ADDRESS.fullmatch(value) or len(value) > 254:
        raise ValueError("must be a plain mail address such as support@example.com")
    return value


MailAddress = Annotated[str, AfterValidator(_address)]


class EmailSettings(Noun):
    """Mail by any SMTP server. Recipients are named here only: nothing ever goes to a customer's address."""

    enabled: bool = Field(default=False, description="Send alerts by mail.")
    dry_run: bool = Field(default=False, description="Render and check mails, send none.")
    sender: MailAddress | None = Field(default=None, description="The From address; its domain names the messages.")
    sender_name: str = Field(
        default="Earshot", max_length=80, pattern=r'^[^\r\n"<>]*$', description="The name before it."
    )
    to: list[MailAddress] = Field(default=[], max_length=50, description="Who gets the mails: people of your team.")
    reply_to: MailAddress | None = Field(default=None, description="Where answers go; unset: to the sender.")
    allow_plain: bool = Field(
        default=False,
        description="Send without encryption where the server offers none: only for a relay in your own network. "
        "A password is never sent so.",
    )
    oauth_token_file: Path | None = Field(
        default=None,
        description="A file with the present OAuth access token (XOAUTH2), read anew for every mail; "
        "instead of SMTP_OAUTH_TOKEN, which cannot change while Earshot runs.",
    )
    timeout_seconds: float = Field(default=30.0, gt=0, le=300, description="How long sending one mail may take.")
    per_minute: float = Field(default=30.0, gt=0, le=6000, description="Most mails a minute.")

    @model_validator(mode="after")
    def _knows_whom(self) -> Self:
        if self.enabled and not (self.sender and self.to):
            raise ValueError("mail needs sender and to")
        return self
