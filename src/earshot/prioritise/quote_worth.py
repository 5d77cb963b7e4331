"""How clear a customer's quote is: long enough, whole, about the matter, without ids, personal data or abuse."""

import re
from collections.abc import Iterator
from enum import IntEnum

from earshot.text.injection import instructs
from earshot.text.personal.masking import passages
from earshot.text.personal.spans import Kind
from earshot.text.untrusted import inert

SHORTEST, SHORT, LONG, LONGEST = 12, 40, 180, 400
"""In characters: below the first or above the last a quote is of little use; best between the inner two."""

_NOISE = re.compile(r"https?://\S+|\b\w*\d\w*\b|[{}<>\\|/=_#*`~\[\]^]")
_END = re.compile(r"[.!?…。！？][\"'”’»)]?\s*$")
_ASIDE = re.compile(
    r"^\W*(?:hi|hiya|hello|hey|dear|thanks?|thank you|(?:good )?(?:morning|afternoon|evening|day)|cheers|regards"
    r"|sorry|hm+|oh|plus|also|and|but|besides|btw|by the way|p\.?s|me again|one more thing|another thing)\b",
    re.IGNORECASE,
)
"""Beginnings of greetings and of asides, which are mostly about something else."""
_NAME = re.compile(r"(?<=[a-z,;] )[A-Z][a-z]+ [A-Z][a-z]+")
"""What may be somebody's full name."""
_ABUSE = re.compile(
    r"\b(?:fuck\w*|shit\w*|bullshit|crap\w*|damn\w*|idiots?|idiotic|morons?|stupid|bastards?|bitch\w*|asshole\w*"
    r"|scum|wtf|screw you|go to hell)\b",
    re.IGNORECASE,
)
_INSTRUCTION = re.compile(
    r"\b(?:ignore|disregard|forget|override|bypass)\b.{0,40}\b(?:instruction|prompt|rule|previous|above|prior)"
    r"|\b(?:system|hidden|initial) prompt\b|\bprompt injection\b|\bas an ai\b|\bpretend (?:to be|you)"
    r"|\bfrom now on,? (?:you|answer|reply|speak)"
    r"|\byou are (?:now )?(?:a|an|the) (?:ai|assistant|bot|language model|chatbot)\b"
    r"|\b(?:respond|answer|reply) (?:only )?(?:with |in )?(?:only|the (?:word|label)|json|same|yes|no)\b"
    r"|\b(?:classify|label|prioriti[sz]e|rate|score|mark|treat|give|set) (?:it|this|me|my|the) (?:\w+ ){0,3}"
    r"(?:as )?(?:a )?(?:critical|urgent|p0|highest|severe)\b"
    r"|<[/|]{0,2}(?:im_|system|assistant|user\b|human\b|conversation|message|customer|input|output|data\b|instruction"
    r"|script|iframe|img\b|svg\b)|\[/?INST\]|\bjavascript:|^\W*(?:system|assistant|developer|user) ?:",
    re.IGNORECASE | re.MULTILINE,
)
"""Words to a machine rather than to a person, and tags: stricter than `text.injection`, as nothing is lost here."""
_SECRET = frozenset((Kind.KEY, Kind.CARD, Kind.IBAN))


class Fitness(IntEnum):
    """Whether words may be shown: CLEAN ones, PERSONAL ones only where nothing else is there, UNFIT never."""

    CLEAN = 0
    PERSONAL = 1
    UNFIT = 2


def fitness(text: str) -> Fitness:
    """Whether a quote may be shown. Words that instruct a reader, and secrets, never are."""
    seen = inert(text)
    if not any(char.isalnum() for char in seen) or instructs(seen) or _INSTRUCTION.search(seen):
        return Fitness.UNFIT
    kinds = {span.kind for span in passages(seen)}
    if kinds & _SECRET:
        return Fitness.UNFIT
    return Fitness.PERSONAL if kinds else Fitness.CLEAN


def clarity(text: str, *, nearness: float = 0.0) -> float:
    """0 to 1, rounded; `nearness` says how far the text is about the theme."""
    seen = inert(text).strip()
    parts = (
        (0.25, _length(len(seen))),
        (0.15, _whole(seen)),
        (0.15, _plain(seen)),
        (0.35, nearness),
        (0.10, 0.0 if _ASIDE.match(seen) else 1.0),
    )
    worth = sum(weight * value for weight, value in parts)
    fit = (0.5 if _ABUSE.search(seen) else 1.0) * (0.9 if _NAME.search(seen) else 1.0) * _calm(seen)
    return round(worth * fit, 6)


def shingles(text: str) -> frozenset[str]:
    """Runs of four letters: how alike two quotes are, in any writing."""
    folded = " ".join(inert(text).casefold().split())
    return frozenset(_runs(folded)) or frozenset((folded,))


def _runs(text: str) -> Iterator[str]:
    return (text[at : at + 4] for at in range(len(text) - 3))


def _length(size: int) -> float:
    if size < SHORTEST or size > LONGEST:
        return 0.0
    if size < SHORT:
        return (size - SHORTEST + 1) / (SHORT - SHORTEST + 1)
    return 1.0 if size <= LONG else 1.0 - 0.8 * (size - LONG) / (LONGEST - LONG)


def _whole(text: str) -> float:
    """Whether it begins and ends as a sentence does, on one line."""
    begins = text[:1].isupper() or not text[:1].isalpha() or not text[:1].isascii()
    return 0.3 * begins + 0.5 * bool(_END.search(text)) + 0.2 * ("\n" not in text)


def _plain(text: str) -> float:
    """How much of it is words rather than numbers, codes, addresses and signs."""
    noise = sum(len(found[0]) for found in _NOISE.finditer(text))
    return max(0.0, 1.0 - 3.0 * noise / max(1, len(text)))


def _calm(text: str) -> float:
    """Less for shouting: capitals throughout."""
    capitals, small = sum(map(str.isupper, text)), sum(map(str.islower, text))
    return 0.6 if capitals + small >= 8 and capitals > 1.5 * small else 1.0
