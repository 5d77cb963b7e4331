"""What is compared: a text in its parts, and the terms that are counted in it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from earshot.domain.reading import IssueType
from earshot.group.terms import Terms, concepts_in, is_pair, occurrences
from earshot.group.vocabulary import Vocabulary
from earshot.group.words import symbols, words

_TITLE = 2.0
"""How many times a word of the title counts beside one of the body."""

_ENOUGH = 0.8
"""How soon repeating a word stops to count (BM25's k1): n times weigh (k + 1) n / (k + n)."""

_AREA = 0.9

_MOST_WORDS = 150
"""Words of the title, and of the body, that say what a text means."""


@dataclass(frozen=True, slots=True)
class Told:
    """A text to be compared: a finding (summary, quote and context) or a backlog item (title, description).

    `reply` is what human agents answered, where that is known: the same matter often gets the same answer.
    `written` marks an item that somebody put down (backlog, tracker), as against what a customer said.
    """

    title: str
    body: str = ""
    reply: str = ""
    kind: IssueType | None = None
    area: str | None = None
    written: bool = False


@dataclass(frozen=True, slots=True)
class Counted:
    """Weights before rarity: terms of the whole and of the title, pairs of neighbours, terms of the reply.

    `said` counts the words on the customer's side as they were written, those of the title twice.
    """

    terms: Terms
    title: Terms
    pairs: Terms
    reply: Terms
    said: Mapping[str, int]


def counted(told: Told, vocabulary: Vocabulary) -> Counted:
    """The terms of a text with their weights."""
    title_words, body_words = words(told.title), words(told.body)
    title, body = (occurrences(said, vocabulary.thesaurus) for said in (title_words, body_words))
    area = occurrences(words(told.area or ""), vocabulary.thesaurus)
    whole = _damped(_sum(title, body))
    matters = vocabulary.matters(concepts_in(whole), concepts_in(area))
    whole.update({f"@{name}": weight for name, weight in matters.items()})
    for term in area:
        whole[term] = max(whole.get(term, 0.0), _AREA)
    return Counted(
        terms=_single(whole) or {f"!{symbol}": 1.0 for symbol in symbols(told.title)},
        title=_single(_damped(title or body)),
        pairs={term: weight for term, weight in whole.items() if is_pair(term)},
        reply=_damped(occurrences(words(told.reply), vocabulary.thesaurus)) if told.reply else {},
        said=_said(title_words, body_words),
    )


def _said(title: Sequence[str], body: Sequence[str]) -> Mapping[str, int]:
    counts = Counter([*title[:_MOST_WORDS], *title[:_MOST_WORDS]])
    counts.update(body[:_MOST_WORDS])
    return counts


def _sum(title: Mapping[str, float], body: Mapping[str, float]) -> Terms:
    whole = {term: count * _TITLE for term, count in title.items()}
    for term, count in body.items():
        whole[term] = whole.get(term, 0.0) + count
    return whole


def _damped(counts: Mapping[str, float]) -> Terms:
    return {term: (_ENOUGH + 1.0) * count / (_ENOUGH + count) for term, count in counts.items()}


def _single(terms: Mapping[str, float]) -> Terms:
    return {term: weight for term, weight in terms.items() if not is_pair(term)}
