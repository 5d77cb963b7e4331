"""An order as a Slack message: blocks and their text, nothing in it that Slack would act on."""

from earshot.connectors.lenient import Json
from earshot.domain.delivery import Content
from earshot.domain.letter import Letter
from earshot.text.render.mrkdwn import to_blocks, to_text

SENT_PLAINLY = "Slack refused the message's blocks; it went out as plain text"
"""What a person is told when `plain` was used."""
_QUIET: Json = {"unfurl_links": False, "unfurl_media": False}


def message(content: Content) -> Json:
    """The message without its place: blocks, and the text that notifications show."""
    return {
        "text": to_text(content.title, content.body),
        "blocks": to_blocks(content.title, content.body),
        **_QUIET,
    }


def letter_message(letter: Letter) -> Json:
    """A letter without its place: its own blocks, and its plain text as what notifications show."""
    return {"text": letter.plain, "blocks": list(letter.blocks), **_QUIET}


def plain(full: Json) -> Json:
    """The same message as text alone, for when its blocks were refused. An empty list takes earlier blocks away."""
    return {**full, "blocks": []} if "ts" in full else {name: full[name] for name in full if name != "blocks"}
