"""The words that prove a reading: the sentence that is the matter, its quote, and further matters."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from earshot.classify.local.features import BUCKETS, CUE_ZONES, HASHED_ZONES, Floats, hashed
from earshot.classify.local.model import Head, softmax
from earshot.classify.local.phrases import cues
from earshot.classify.local.sentences import sentences
from earshot.classify.local.words import tokens
from earshot.classify.local.zones import TURN, starter_messages
from earshot.domain.conversation import Conversation
from earshot.domain.reading import SUMMARY_LIMIT
from earshot.text.injection import instructs

MOST_SENTENCES = 14
MOST_MESSAGES = 5
_VAGUE = re.compile(
    r"^(?:it|this|that|they|these|those|and|but|so|also|then|or|because|which|ok|okay|yes|no|sure|thanks|thank|sorry"
    r"|i hope|i am new|i'm new|any|please help|can (?:any|some)one help|help|not sure if|i have a question)\b",
    re.IGNORECASE,
)
_IMAGE = re.compile(r"!?\[[^\]\n]{0,200}\](?:\([^)\n]*\))?|https?://\S+|<link>", re.IGNORECASE)
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence with what the model sees in it."""

    text: str
    words: list[str]
    message_id: str
    start: int
    end: int
    place: int
    probabilities: Floats
    evidence: Floats

    @property
    def turns(self) -> bool:
        """Whether it opens a new subject by its wording."""
        return bool(TURN.match(self.text))


def candidates(conversation: Conversation, head: Head) -> list[Candidate]:
    """The sentences of the starter's first messages that could be the matter."""
    found: list[Candidate] = []
    for message in starter_messages(conversation)[:MOST_MESSAGES]:
        for sentence in sentences(message.text, most=MOST_SENTENCES - len(found)):
            words = tokens(sentence.text)
            evidence = _evidence(words, head)
            found.append(
                Candidate(
                    text=sentence.text, words=words, message_id=message.id, start=sentence.start, end=sentence.end,
                    place=len(found), probabilities=softmax(evidence + head.bias), evidence=evidence,
                )
            )  # fmt: skip
        if len(found) >= MOST_SENTENCES:
            break
    return found


def _evidence(words: list[str], head: Head) -> Floats:
    """What a sentence alone says for each class, in the model's own weights."""
    grams = hashed(words, characters=False)
    width = len(cues().names)
    base = HASHED_ZONES * BUCKETS + width * (CUE_ZONES - (CUE_ZONES - 1))
    counts = cues().counts(words)
    indices = np.array([*grams, *(base + group for group in counts)], dtype=np.int64)
    values = np.array([*grams.values(), *(1.0 for _ in counts)], dtype=np.float32)
    if not len(indices):
        return np.zeros(len(head.names), dtype=np.float32)
    return (values @ head.weights[indices].astype(np.float32)) * head.scale


def matter(found: Sequence[Candidate], issue: int) -> Candidate | None:
    """The sentence that best shows the matter; one that speaks to a model only where there is no other."""
    best = max(found, key=lambda c: (_worth(c, issue), -c.place), default=None)
    if best is None or not instructs(best.text):
        return best
    return matter([one for one in found if one is not best], issue) or best


def _worth(candidate: Candidate, issue: int) -> float:
    evidence = candidate.evidence
    clear = float(evidence[issue] - (evidence.sum() - evidence[issue]) / (len(evidence) - 1))
    count = len(candidate.words)
    length = -1.5 if count < 4 else -0.5 if count < 7 else 0.3 if count <= 35 else -0.2
    vague = -0.8 if _VAGUE.match(candidate.text) else 0.0
    return max(min(clear, 6.0), -3.0) * 0.5 + length + vague - 0.12 * candidate.place


def other_matters(
    found: Sequence[Candidate],
    main: Candidate | None,
    *,
    issue: int,
    whole: Floats,
    sure: float,
    skip: frozenset[int],
) -> list[tuple[int, Candidate]]:
    """Sentences that clearly raise another matter, one per issue type, surest first."""
    best: dict[int, Candidate] = {}
    for candidate in found:
        kind = int(candidate.probabilities.argmax())
        if candidate is main or kind == issue or kind in skip or len(candidate.words) < 6:
            continue
        chance = float(candidate.probabilities[kind])
        if not candidate.turns and (chance < (1 + sure) / 2 or whole[kind] < 0.03):
            continue
        if chance >= sure and (kind not in best or chance > best[kind].probabilities[kind]):
            best[kind] = candidate
    return sorted(best.items(), key=lambda item: -float(item[1].probabilities[item[0]]))


def summary(text: str) -> str:
    """One line of at most the limit's length, without images and links."""
    line = _SPACE.sub(" ", _IMAGE.sub(" ", text)).strip(" -*#>|")
    if len(line) > SUMMARY_LIMIT:
        cut = line.rfind(" ", SUMMARY_LIMIT // 2, SUMMARY_LIMIT - 1)
        line = line[: cut if cut > 0 else SUMMARY_LIMIT - 1].rstrip(" ,;:") + "…"
    return line


def tells(text: str) -> bool:
    """Whether a title says enough to be a summary of its own, and not to a model."""
    return len([w for w in tokens(text) if w != "."]) >= 4 and not instructs(text)
