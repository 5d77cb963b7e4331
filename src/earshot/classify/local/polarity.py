"""How a text feels: a polarity lexicon with negation, intensifiers and emoji, written for this project."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

_NEGATIONS = frozenset(
    {"not", "no", "never", "dont", "doesnt", "didnt", "isnt", "arent", "wasnt", "werent", "wont", "cant", "cannot"}
    | {
        "couldnt",
        "wouldnt",
        "shouldnt",
        "hardly",
        "without",
        "nothing",
        "neither",
        "nor",
        "aint",
        "havent",
        "hasnt",
    }
)
_BOOSTS = {
    "very": 1.35, "so": 1.25, "really": 1.3, "extremely": 1.6, "absolutely": 1.5, "totally": 1.4, "super": 1.4,
    "incredibly": 1.5, "completely": 1.35, "truly": 1.4, "highly": 1.3, "such": 1.2, "most": 1.1, "too": 1.15,
    "insanely": 1.5, "utterly": 1.5, "deeply": 1.4, "quite": 1.1, "beyond": 1.4, "freaking": 1.5,
    "slightly": 0.6, "somewhat": 0.7, "little": 0.7, "bit": 0.75, "kinda": 0.8, "fairly": 0.9, "rather": 0.9,
}  # fmt: skip
_EMOJI = {
    **dict.fromkeys("😀😃😄😁😊🙂😍🥰😘🤩🎉🥳👍👏🙏💯❤♥💙💚💛💜😎🤗✨⭐🌟🙌💪😻👌🔥☺", 2.0),
    **dict.fromkeys("😂😆😅😉🤣", 0.8),
    **dict.fromkeys("😞😔😟🙁☹😕😢😭😿💔😩😫😓😥🤦🙄😒👎", -1.8),
    **dict.fromkeys("😠😡🤬😤💩👿🖕🤮", -3.2),
}
_WIDEST = 5
_REACH = 3


@dataclass(frozen=True, slots=True)
class Feeling:
    """Sums and peaks of polarity: `positive` and `negative` are never below zero; `score` lies in -1 to 1."""

    positive: float
    negative: float
    best: float
    worst: float

    @property
    def score(self) -> float:
        """The balance, squashed to -1 to 1; bad words outweigh as many good ones."""
        return math.tanh((self.positive - 1.25 * self.negative) / 5.0)


NOTHING = Feeling(0.0, 0.0, 0.0, 0.0)


@cache
def lexicon() -> tuple[dict[str, float], frozenset[str]]:
    """Weights by word or `_`-joined phrase, and the first words of phrases."""
    text = resources.files("earshot.classify.local").joinpath("polarity.txt").read_text(encoding="utf-8")
    weights: dict[str, float] = dict(_EMOJI)
    for line in text.splitlines():
        if line and not line.startswith("#"):
            word, weight = line.split()
            weights[word] = float(weight)
    return weights, frozenset(phrase.split("_")[0] for phrase in weights if "_" in phrase)


def feel(words: Sequence[str]) -> Feeling:
    """Score a token sequence (tokens of `words.tokens`)."""
    positive = negative = best = worst = 0.0
    position = 0
    while position < len(words):
        weight, width = _entry(words, position)
        if weight:
            weight = _in_context(words, position, weight=weight, wide=width > 1)
            if weight > 0:
                positive += weight
                best = max(best, weight)
            else:
                negative -= weight
                worst = max(worst, -weight)
        position += width
    return Feeling(positive, negative, best, worst) if positive or negative else NOTHING


def _entry(words: Sequence[str], position: int) -> tuple[float, int]:
    weights, starts = lexicon()
    word = words[position]
    if word in starts:
        for width in range(min(_WIDEST, len(words) - position), 1, -1):
            weight = weights.get("_".join(words[position : position + width]))
            if weight is not None:
                return weight, width
    return weights.get(word, 0.0), 1


def _in_context(words: Sequence[str], position: int, *, weight: float, wide: bool) -> float:
    for back in range(1, _REACH + 1):
        if position < back or (before := words[position - back]) == ".":
            break
        if before in _BOOSTS and back == 1:
            weight *= _BOOSTS[before]
        elif before in _NEGATIONS and not wide:
            return weight * (-0.6 if weight > 0 else -0.25)
    return weight
