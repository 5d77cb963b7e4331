"""Slack's error words: what each means for a message, and what a person does about it."""

import re
from typing import NamedTuple

from earshot.domain.delivery import Result

_WORD = re.compile(r"[a-z][a-z0-9_]{1,59}")


class Meaning(NamedTuple):
    """What a word means and the advice that goes with it."""

    result: Result
    advice: str = ""


_KEY = Meaning(Result.AUTH_FAILED, "check SLACK_BOT_TOKEN or SLACK_WEBHOOK_URL")
_SCOPE = Meaning(Result.AUTH_FAILED, "give the app the scope chat:write and install it again")
_HOOK = Meaning(Result.AUTH_FAILED, "the incoming webhook was removed or switched off; make a new one")
_ADMIN = Meaning(Result.AUTH_FAILED, "the workspace's admins do not allow it")
_INVITE = Meaning(Result.PAUSED, "invite the bot to the channel (/invite)")
_CHANNEL = Meaning(Result.PAUSED, "the channel is not known to the bot; name its id, and invite the bot to it")
_ARCHIVED = Meaning(Result.PAUSED, "the channel is archived")
_POSTING = Meaning(Result.PAUSED, "the workspace does not let this app post there")
_LATER = Meaning(Result.RETRY)
_HALF_DONE = Meaning(Result.UNKNOWN)
_FORM = Meaning(Result.REJECTED, "it does not take the message's form")

_MEANINGS: dict[str, Meaning] = {
    **dict.fromkeys(
        ("invalid_auth", "not_authed", "token_revoked", "token_expired", "account_inactive", "invalid_token"), _KEY
    ),
    **dict.fromkeys(("missing_scope", "no_permission", "not_allowed_token_type"), _SCOPE),
    **dict.fromkeys(("no_service", "no_active_hooks", "no_team"), _HOOK),
    **dict.fromkeys(
        ("action_prohibited", "team_disabled", "team_access_not_granted", "access_denied", "org_login_required"),
        _ADMIN,
    ),
    "not_in_channel": _INVITE,
    "channel_not_found": _CHANNEL,
    **dict.fromkeys(("is_archived", "channel_is_archived"), _ARCHIVED),
    "posting_to_general_channel_denied": _POSTING,
    **dict.fromkeys(
        ("ratelimited", "rate_limited", "service_unavailable", "request_timeout", "team_added_to_org"), _LATER
    ),
    **dict.fromkeys(("internal_error", "fatal_error"), _HALF_DONE),
    **dict.fromkeys(
        (
            "invalid_blocks",
            "invalid_blocks_format",
            "msg_blocks_too_long",
            "msg_too_long",
            "no_text",
            "invalid_payload",
            "invalid_attachments",
            "too_many_attachments",
        ),
        _FORM,
    ),
}
FORM_REFUSED = frozenset(word for word, meaning in _MEANINGS.items() if meaning is _FORM)
"""Words after which the message is sent once more as plain text."""
MESSAGE_LOST = frozenset(
    {"message_not_found", "cant_update_message", "edit_window_closed", "message_limit_exceeded"}
)
"""Words after which an update is posted as a new message."""


def meaning(word: str) -> Meaning:
    """What an error word means; an unknown one is a refusal."""
    if word.startswith("restricted_action"):
        return _POSTING
    return _MEANINGS.get(word, Meaning(Result.REJECTED))


def read_word(text: object) -> str:
    """The error word, "" for anything that is none: nothing else of the answer is repeated."""
    found = text.strip() if isinstance(text, str) else ""
    return found if _WORD.fullmatch(found) else ""
