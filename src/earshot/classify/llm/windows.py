"""Which part of a thread is sent: own words only, long messages clipped, beginning and end of long threads.

Message numbers are the original positions (from 1), so that quotes find their message whatever was left out.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from earshot.domain.conversation import Author, Conversation
from earshot.text.personal import Masked
from earshot.text.tokens import estimate_tokens
from earshot.text.trim import own_words_end
from earshot.text.untrusted import inert

STARTER, OTHER, AGENT, BOT = "customer", "other customer", "agent", "bot"
LINE_TOKENS = 6
"""About what a line costs beside its text: number, author, quotation marks."""

_SHARES = {STARTER: 0.5, OTHER: 0.15, AGENT: 0.15, BOT: 0.05}
"""The share of the budget that one message may fill at most, by author: agents' and bots' words are context."""
_LEAST_TOKENS = 40
_HEAD_OF_CLIPPED = 0.7
_HEAD_OF_WINDOW = 0.5
_TELLING = 12
_ENDS = 40
_REMEMBERED = 50_000


@dataclass(frozen=True, slots=True)
class Piece:
    """One message as it is shown. `tail` is the end of a message whose middle of `left_out` characters is cut."""

    number: int
    author: str
    head: str
    tokens: int
    tail: str = ""
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class Window:
    """The pieces that are shown; between `head` and `tail` messages are left out, if `left_out` is not 0."""

    head: tuple[Piece, ...]
    tail: tuple[Piece, ...] = ()
    left_out: int = 0

    @property
    def shortened(self) -> bool:
        """Whether anybody's words are missing, bots' apart."""
        return self.left_out > 0 or any(p.left_out and p.author != BOT for p in (*self.head, *self.tail))

    @property
    def lacks_much(self) -> bool:
        """Whether whole messages or a customer's words are missing."""
        return self.left_out > 0 or any(p.left_out and p.author in (STARTER, OTHER) for p in self.head + self.tail)


def pieces(conversation: Conversation, masked: Masked, *, most_tokens: int) -> list[Piece]:
    """The messages that say something, each at most its author's share of the budget long."""
    starter = next((m.author_id for m in conversation.messages if m.author is Author.CUSTOMER), None)
    found: list[Piece] = []
    said = ""
    for number, (message, text) in enumerate(zip(conversation.messages, masked.texts, strict=True), start=1):
        words = _without_repeats(_tidy(text[: own_words_end(text)]), said)
        said = f"{said} {' '.join(words.split())}"[-_REMEMBERED:]
        if words:
            author = _author(message.author, same=starter in (None, message.author_id))
            limit = max(_LEAST_TOKENS, int(most_tokens * _SHARES[author]))
            found.append(_clipped(words, number=number, author=author, limit=limit))
    return found


def window(found: Sequence[Piece], *, most_messages: int, most_tokens: int) -> Window:
    """All pieces where they fit; otherwise the first and the last of them, the starter's first words always."""
    if len(found) <= most_messages and sum(p.tokens for p in found) <= most_tokens:
        return Window(head=tuple(found))
    first = _first_words(found)
    head = max(
        _fitting(found, messages=most_messages * _HEAD_OF_WINDOW, tokens=most_tokens * _HEAD_OF_WINDOW), first
    )
    spent = sum(p.tokens for p in found[:head])
    rest = found[head:][::-1]
    tail = _fitting(rest, messages=most_messages - head, tokens=most_tokens - spent)
    return Window(
        head=tuple(found[:head]), tail=tuple(rest[:tail][::-1]), left_out=len(found) - head - tail
    )  # fmt: skip


def _first_words(found: Sequence[Piece]) -> int:
    """How many pieces must be kept so that the starter's first one is among them, seldom more than two."""
    place = next((place for place, piece in enumerate(found) if piece.author == STARTER), 0)
    return place + 1 if place < 3 else 1


def _fitting(found: Sequence[Piece], *, messages: float, tokens: float) -> int:
    count = 0
    for piece in found:
        tokens -= piece.tokens
        if tokens < 0 or count + 1 > messages:
            break
        count += 1
    return count


def _author(author: Author, *, same: bool) -> str:
    if author is Author.CUSTOMER:
        return STARTER if same else OTHER
    return AGENT if author is Author.AGENT else BOT


def _tidy(text: str) -> str:
    """The text without invisible characters, runs of blanks and empty lines."""
    lines = (" ".join(line.split()) for line in inert(text).splitlines())
    return "\n".join(line for line in lines if line)


def _without_repeats(words: str, said: str) -> str:
    """The text without quoted lines (`> …`) that an earlier message holds; whole when nothing else is in it."""
    if ">" not in words:
        return words
    own = "\n".join(line for line in words.split("\n") if not _repeats(line, said))
    return own or words


def _repeats(line: str, said: str) -> bool:
    quoted = line.lstrip("> ")
    return line.startswith(">") and len(quoted) >= _TELLING and quoted[:_ENDS] in said and quoted[-_ENDS:] in said


def _clipped(words: str, *, number: int, author: str, limit: int) -> Piece:
    tokens = estimate_tokens(words)
    if tokens <= limit:
        return Piece(number=number, author=author, head=words, tokens=tokens + LINE_TOKENS)
    room = int(len(words) * limit / tokens)
    cut = int(room * _HEAD_OF_CLIPPED)
    head = words[: _blank_before(words, cut)].rstrip()
    tail = words[_blank_after(words, len(words) - (room - cut)) :].lstrip()
    return Piece(
        number=number,
        author=author,
        head=head,
        tail=tail,
        left_out=len(words) - len(head) - len(tail),
        tokens=estimate_tokens(head) + estimate_tokens(tail) + 2 * LINE_TOKENS,
    )


_NEAR = 60


def _blank_before(text: str, place: int) -> int:
    """The last blank shortly before a place, so that no word or placeholder is cut."""
    for at in range(place, max(place - _NEAR, 0), -1):
        if text[at].isspace():
            return at
    return place


def _blank_after(text: str, place: int) -> int:
    for at in range(place, min(place + _NEAR, len(text))):
        if text[at].isspace():
            return at
    return place
