"""A letter: words that are ready to be sent as they are, with pictures, in the forms that destinations take."""

from enum import StrEnum
from typing import Any

from earshot.domain.model import Noun


class Picture(Noun):
    """A PNG. `name` is its file's, `label` what it shows for those who cannot see it."""

    name: str
    label: str
    body: bytes


class Letter(Noun):
    """What is sent, once. `key` is the same whenever this letter is written: 32 hexadecimal digits.

    `to` are mail addresses, or one channel. `page` is HTML that names pictures as `cid:NAME`; `blocks` are Slack's.
    """

    key: str
    to: tuple[str, ...]
    title: str
    plain: str
    page: str = ""
    blocks: tuple[dict[str, Any], ...] = ()
    pictures: tuple[Picture, ...] = ()


class SentState(StrEnum):
    """Where a report stands at one destination. UNKNOWN may have been sent and is never sent again by itself.

    DRY was written and checked only; FAILED surely did not arrive.
    """

    SENDING = "sending"
    DONE = "done"
    UNKNOWN = "unknown"
    FAILED = "failed"
    DRY = "dry"
