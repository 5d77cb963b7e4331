"""The zones of a conversation: who said what where counts for different things."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from earshot.classify.local.words import own_words, without_signature
from earshot.domain.conversation import Author, Conversation, Message

OPENING_ENOUGH = 350
"""The opening goes on over the starter's next messages until this many characters are held."""

SHORTEST_MATTER = 30
"""A first matter has at least this many characters."""

OPENING_LIMIT = 2500
LATER_LIMIT = 2500
OTHERS_LIMIT = 2000
AGENT_LIMIT = 2500


@dataclass(frozen=True, slots=True)
class Zones:
    """Texts by zone: title, opening and later words of the starter, other customers, agents; and counts."""

    title: str
    opening: str
    later: str
    others: str
    agent: str
    last: str
    own_messages: int
    other_messages: int
    agent_messages: int
    answered_last: bool


def starter_id(conversation: Conversation) -> str | None:
    """The author id of the customer who started it, None where unknown."""
    first = next(iter(conversation.customer_messages), None)
    return first.author_id if first else None


def starter_messages(conversation: Conversation) -> tuple[Message, ...]:
    """The messages of the customer who started; all customer messages where authors are unknown."""
    starter = starter_id(conversation)
    return tuple(m for m in conversation.customer_messages if starter is None or m.author_id in {starter, None})


TURN = re.compile(
    r"(?:^|(?<=[.!?…])\s{1,3}|\n[ \t]{0,8})(?="
    r"(?:also[,:]|another (?:thing|issue|question|problem|point|matter)|besides,|in addition,|additionally,"
    r"|separately|secondly|on top of that|on (?:a different|another) note|by the way|btw|one more|unrelated"
    r"|and another|while (?:i am|i'm|we are|we're) (?:here|at it)|apart from that|furthermore,|moreover,"
    r"|p\.?\s?s\.?[ :,]|lastly,|2[).] |außerdem|ausserdem|además|de plus,|en outre|par ailleurs|inoltre"
    r"|além disso|daarnaast|noch etwas|otra cosa|autre chose))",
    re.IGNORECASE,
)
"""Where a writer turns to another matter."""


def first_matter(text: str) -> tuple[str, str]:
    """The text up to the turn to another matter, and the rest."""
    for match in TURN.finditer(text):
        if match.start() > SHORTEST_MATTER:
            return text[: match.start()], text[match.end() :]
    return text, ""


def _join(texts: Sequence[str], limit: int) -> str:
    return "\n".join(t for t in texts if t)[:limit]


def _opening_size(own: Sequence[str]) -> int:
    held = 0
    for position, text in enumerate(own):
        held += len(text)
        if held >= OPENING_ENOUGH:
            return position + 1
    return len(own)


def split(conversation: Conversation) -> Zones:
    """Split a conversation into zones, each cut to a bounded length."""
    starter = starter_id(conversation)
    own: list[str] = []
    others: list[str] = []
    agents: list[str] = []
    for message in conversation.messages:
        if message.author is Author.CUSTOMER:
            mine = starter is None or message.author_id in {starter, None}
            (own if mine else others).append(without_signature(own_words(message.text)))
        elif message.author is Author.AGENT:
            agents.append(own_words(message.text))
    size = _opening_size(own)
    opening, aside = first_matter(_join(own[:size], OPENING_LIMIT))
    later = _join([aside, *own[size:]], LATER_LIMIT * 4)
    return Zones(
        title=(conversation.title or "")[:300],
        opening=opening,
        later=later if len(later) <= LATER_LIMIT else later[: LATER_LIMIT // 2] + "\n" + later[-LATER_LIMIT // 2 :],
        others=_join(others, OTHERS_LIMIT),
        agent=_join([text[:700] for text in agents[:6]], AGENT_LIMIT),
        last=own[-1][:600] if len(own) > 1 else "",
        own_messages=len(own),
        other_messages=len(others),
        agent_messages=len(agents),
        answered_last=bool(conversation.messages) and conversation.messages[-1].author is not Author.CUSTOMER,
    )
