"""How much speaks for an account leaving: a documented sum of points, explained line by line. No model's guess.

Shares are smoothed by two conversations that say nothing, so that one bad conversation does not make a whole share.
"""

from collections.abc import Sequence

from earshot.domain.model import Noun
from earshot.ports.pages.accounts import Standing
from earshot.report.intervals import Z95, mean_z

VERSION = 1
"""Raise it with every change of what follows: stored risks are then reckoned anew."""
HIGH, SOME = 50, 25
"""From where a risk is called high, and from where it is called some."""
NEUTRAL = 2
"""Conversations that say nothing, by which shares and means are smoothed."""
CHURN, SAID, SENTIMENT, FALL, OPEN, CRITICAL, RATING = 30, 15, 20, 10, 10, 10, 5
"""Most points of each line; together 100."""
_MEDIUM_COUNTS = 0.5
_SAID_MEDIUM = 5
_PER_MATTER = 2
_PER_CRITICAL = 5


class Line(Noun):
    """One reason: what was counted, how it becomes points, the points and how many it can give at most."""

    name: str
    counted: str
    how: str
    points: float
    most: int
    known: bool = True


class Risk(Noun):
    """The points of all lines together, 0 to 100, rounded; over how many conversations."""

    score: int
    lines: Sequence[Line]
    conversations: int

    @property
    def word(self) -> str:
        """What the score is called."""
        return "high" if self.score >= HIGH else "some" if self.score >= SOME else "low"


def risk_of(standing: Standing) -> Risk:
    """The risk of an account that stands so."""
    lines = (
        _churn(standing),
        _said(standing),
        _sentiment(standing),
        _fall(standing),
        _open(standing),
        _critical(standing),
        _ratings(standing),
    )
    score = round(sum(line.points for line in lines))
    return Risk(score=score, lines=lines, conversations=standing.conversations)


def points_of(standing: Standing) -> int:
    """The score alone."""
    return risk_of(standing).score


def mean(total: float, n: int) -> float | None:
    """A mean, None of nothing."""
    return total / n if n else None


def deviation(total: float, squares: float, *, n: int) -> float | None:
    """The sample standard deviation from sums; None below two."""
    if n < 2:
        return None
    return float(max(0.0, (squares - total * total / n) / (n - 1)) ** 0.5)


def mood_z(standing: Standing) -> float:
    """The standard score of the change of the mean sentiment against the days before; 0 where it cannot be said."""
    s = standing
    now, then = mean(s.score, s.conversations), mean(s.score_before, s.before)
    if now is None or then is None:
        return 0.0
    sds = (
        deviation(s.score, s.squares, n=s.conversations),
        deviation(s.score_before, s.squares_before, n=s.before),
    )
    return mean_z(now - then, sds, ns=(s.conversations, s.before))


def _churn(s: Standing) -> Line:
    share = (s.churn_high + _MEDIUM_COUNTS * s.churn_medium) / (s.conversations + NEUTRAL)
    return Line(
        name="Churn risk in conversations",
        counted=f"{s.churn_high} high and {s.churn_medium} medium of {s.conversations}",
        how=f"{CHURN} × (high + ½ medium) ÷ (conversations + {NEUTRAL})",
        points=_limited(CHURN * share, CHURN),
        most=CHURN,
        known=s.conversations > 0,
    )


def _said(s: Standing) -> Line:
    highest = "high" if s.churn_high else "medium" if s.churn_medium else "low" if s.conversations else "nothing"
    return Line(
        name="Highest churn risk said",
        counted=highest,
        how=f"{SAID} for high, {_SAID_MEDIUM} for medium",
        points=SAID if s.churn_high else _SAID_MEDIUM if s.churn_medium else 0,
        most=SAID,
        known=s.conversations > 0,
    )


def _sentiment(s: Standing) -> Line:
    average = mean(s.score, s.conversations)
    return Line(
        name="Sentiment below neutral",
        counted="not known" if average is None else f"mean {average:+.2f} of {s.conversations}",
        how=f"{SENTIMENT} × −(sum of scores) ÷ (conversations + {NEUTRAL}), nothing above 0",
        points=_limited(SENTIMENT * -s.score / (s.conversations + NEUTRAL), SENTIMENT),
        most=SENTIMENT,
        known=average is not None,
    )


def _fall(s: Standing) -> Line:
    now, then = mean(s.score, s.conversations), mean(s.score_before, s.before)
    if now is None or then is None:
        told, points = "nothing to compare with", 0.0
    else:
        real = mood_z(s) <= -Z95
        told = f"{now - then:+.2f}, from {then:+.2f} ({s.before})" + ("" if real else "; within chance")
        points = _limited(FALL * (then - now), FALL) if real else 0.0
    how = f"{FALL} × the fall of the mean against the days before, only beyond chance (95 %)"
    known = now is not None and then is not None
    return Line(name="Sentiment fell", counted=told, how=how, points=points, most=FALL, known=known)


def _open(s: Standing) -> Line:
    return Line(
        name="Open matters",
        counted=f"{s.open_matters} in {s.open_conversations} open conversations",
        how=f"{_PER_MATTER} for each theme with a conversation that is not closed, at most {OPEN}",
        points=_limited(_PER_MATTER * s.open_matters, OPEN),
        most=OPEN,
    )


def _critical(s: Standing) -> Line:
    return Line(
        name="Critical conversations",
        counted=f"{s.critical} of {s.conversations}",
        how=f"{_PER_CRITICAL} each, at most {CRITICAL}",
        points=_limited(_PER_CRITICAL * s.critical, CRITICAL),
        most=CRITICAL,
        known=s.conversations > 0,
    )


def _ratings(s: Standing) -> Line:
    average = mean(s.ratings, s.rated)
    return Line(
        name="Ratings of 1 or 2",
        counted="nobody rated" if average is None else f"{s.rated_low} of {s.rated} rated, mean {average:.1f} of 5",
        how=f"{RATING} × (ratings of 1 or 2) ÷ (rated + {NEUTRAL}) × 2, at most {RATING}",
        points=_limited(2 * RATING * s.rated_low / (s.rated + NEUTRAL), RATING),
        most=RATING,
        known=average is not None,
    )


def _limited(points: float, most: int) -> float:
    return round(min(float(most), max(0.0, points)), 1)
