"""Up to three verbatim quotes: clear ones, of different customers, in different words. Never cut, never changed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from earshot.domain.backlog import MOST_QUOTES
from earshot.domain.theme import Quote
from earshot.prioritise.quote_worth import Fitness, clarity, fitness, shingles
from earshot.prioritise.topic import Topic

_LOOKED_AT = 400
"""So many candidates are weighed at most, the newest."""
_ALIKE = 0.8
"""From this overlap on two quotes are the same words sent twice."""
_CLARITY, _UNLIKE, _SAME_CUSTOMER = 0.7, 0.3, 0.5


@dataclass(frozen=True, slots=True)
class _Candidate:
    quote: Quote
    account: str
    clarity: float
    shingles: frozenset[str]


def choose(spoken: Iterable[tuple[Quote, str]], *, title: str = "", most: int = MOST_QUOTES) -> tuple[Quote, ...]:
    """The quotes to show, the clearest first; `spoken` are a theme's quotes with the account that said each.

    Quotes with personal data are taken only where there is no other, and then a single one; those that instruct
    their reader or hold secrets never. The order of `spoken` does not matter.
    """
    looked_at = _newest(spoken)
    topic = Topic(title, (quote.text for quote, _ in looked_at))
    left = [_weighed(quote, account, topic=topic) for quote, account in looked_at]
    taken: list[_Candidate] = []
    personal: list[_Candidate] = []
    while left and len(taken) < most:
        best = _best(left, taken)
        match fitness(best.quote.text):  # costly, so asked only of those that would be taken
            case Fitness.CLEAN:
                taken.append(best)
                left = [candidate for candidate in left if _goes_with(candidate, best)]
                continue
            case Fitness.PERSONAL:
                personal.append(best)
            case Fitness.UNFIT:
                pass
        left.remove(best)
    return tuple(candidate.quote for candidate in taken or personal[: min(1, most)])


def _newest(spoken: Iterable[tuple[Quote, str]]) -> list[tuple[Quote, str]]:
    """Each quote once, the newest first; ties by what they are, never by how they came."""
    distinct = {
        (quote.conversation_id, quote.text): (quote, account) for quote, account in sorted(spoken, key=_key)
    }
    ordered = sorted(distinct.values(), key=_key)
    return sorted(ordered, key=_said_at, reverse=True)[:_LOOKED_AT]


def _key(pair: tuple[Quote, str]) -> tuple[str, str, str, str]:
    quote, account = pair
    return quote.conversation_id, quote.text, account, quote.url or ""


def _said_at(pair: tuple[Quote, str]) -> float:
    return pair[0].said_at.timestamp() if pair[0].said_at else 0.0


def _weighed(quote: Quote, account: str, *, topic: Topic) -> _Candidate:
    worth = clarity(quote.text, nearness=topic.nearness(quote.text))
    return _Candidate(quote=quote, account=account, clarity=worth, shingles=shingles(quote.text))


def _best(left: Sequence[_Candidate], taken: Sequence[_Candidate]) -> _Candidate:
    """Clarity less likeness to what is taken (maximal marginal relevance); the newest of equals."""
    worth = [_worth(candidate, taken) for candidate in left]
    return left[worth.index(max(worth))]


def _worth(candidate: _Candidate, taken: Sequence[_Candidate]) -> float:
    likeness = max((_overlap(candidate, other) for other in taken), default=0.0)
    again = any(candidate.account == other.account for other in taken)
    return round(_CLARITY * candidate.clarity - _UNLIKE * likeness - _SAME_CUSTOMER * again, 6)


def _goes_with(candidate: _Candidate, taken: _Candidate) -> bool:
    """Whether it is another conversation in other words."""
    if candidate.quote.conversation_id == taken.quote.conversation_id:
        return False
    return _overlap(candidate, taken) < _ALIKE


def _overlap(one: _Candidate, other: _Candidate) -> float:
    shared = len(one.shingles & other.shingles)
    return shared / max(1, len(one.shingles) + len(other.shingles) - shared)
