"""What changed against the window before: one sentence for the top of the report, and the runners-up."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from earshot.domain.reading import IssueType
from earshot.domain.report import Report, Totals
from earshot.domain.theme import Theme
from earshot.report import words
from earshot.report.intervals import Z95, count_z, mean_z, spread
from earshot.report.views import Headline, Tone
from earshot.text.escape import clip

CLEAR = 2.58
"""Only changes beyond this standard score make the headline (1 % by chance each; many are looked at)."""
TITLE_LIMIT = 90
RUNNERS_UP = 3
NEUTRAL = frozenset({IssueType.FEATURE_REQUEST, IssueType.USAGE_QUESTION, IssueType.OTHER})
"""Issue types of which more is neither good nor bad."""
_FALL = {Tone.BAD: Tone.GOOD, Tone.GOOD: Tone.BAD, Tone.MARK: Tone.MARK}


@dataclass(frozen=True, slots=True)
class _Candidate:
    z: float
    text: str
    theme: bool = False


def comparable(report: Report) -> bool:
    """Whether the store holds the whole window before, so that changes mean something."""
    if report.window.everything:
        return False
    if report.held_since is None:
        return report.previous.conversations > 0
    return report.held_since <= words.before(report.window).start


def sentiment_sd(totals: Totals) -> float | None:
    """The standard deviation of the scores: the exact one where known, else estimated from the five bands."""
    return spread(totals.by_sentiment) if totals.sentiment_sd is None else totals.sentiment_sd


def span_before(report: Report) -> str:
    """The window before in words: "the 30 days before"."""
    length = report.window.end - report.window.start
    days = max(1, -(-length // timedelta(days=1)))
    return "the day before" if days == 1 else f"the {days} days before"


def count_change(now: int, then: int, *, rise: Tone) -> tuple[str, Tone]:
    """A change of counts in words, and whether it is beyond chance; `rise` is how a rise is meant."""
    difference = now - then
    if difference == 0:
        return f"no change, was\u00a0{words.number(then)}", Tone.PLAIN
    ratio = f"\u00a0({words.signed(difference / then * 100)}%)" if then >= 10 else ""
    text = f"{words.signed(difference)}{ratio}, was\u00a0{words.number(then)}"
    return text, _tone(count_z(now, then), rise=rise)


def score_change(report: Report) -> tuple[str, Tone]:
    """The change of the average sentiment in words, and whether it is beyond chance."""
    now, then = report.totals, report.previous
    if now.avg_sentiment is None or then.avg_sentiment is None:
        return "nothing to compare with", Tone.PLAIN
    difference = now.avg_sentiment - then.avg_sentiment
    if round(difference, 2) == 0:
        return f"no change, was\u00a0{words.score(then.avg_sentiment)}", Tone.PLAIN
    text = f"{words.signed(difference, 2)}, was\u00a0{words.score(then.avg_sentiment)}"
    return text, _tone(_sentiment_z(report), rise=Tone.GOOD)


def theme_change(report: Report, theme: Theme) -> tuple[str, Tone]:
    """A theme's change in words."""
    if not comparable(report):
        return "", Tone.PLAIN
    rise = Tone.MARK if theme.issue_type in NEUTRAL else Tone.BAD
    if theme.previous_conversations == 0:
        new = theme.first_seen >= report.window.start
        return ("new" if new else "none before"), _tone(count_z(theme.conversations, 0), rise=rise)
    return count_change(theme.conversations, theme.previous_conversations, rise=rise)


def headline(report: Report) -> Headline:
    """The sentence a busy reader should take away."""
    totals = report.totals
    if totals.conversations == 0:
        return Headline(sentence="No conversations in this window yet")
    size = words.count(totals.conversations, "conversation")
    size += f" from {words.count(totals.customers, 'customer')}" if totals.customers else ""
    most = _most_raised(report)
    if not comparable(report):
        recent = _clear(_recent(report))
        unsaid = ("What changed since the window before cannot be said: it is not held completely.",)
        return _told(recent, also=(*(f"{size}." for _ in recent[:1]), *most, *unsaid), otherwise=size)
    clear = _clear(_candidates(report))
    if clear:
        rest = sorted(clear[1:], key=lambda c: -abs(c.z))[:RUNNERS_UP]
        return _told(clear, also=tuple(f"{c.text}." for c in rest))
    before = f"{words.number(report.previous.conversations)} in {span_before(report)}"
    return _told((), also=most, otherwise=f"No clear change: {size}, against {before}")


def _told(clear: Sequence[_Candidate], *, also: tuple[str, ...], otherwise: str = "") -> Headline:
    return Headline(sentence=clear[0].text if clear else otherwise, also=also)


def _clear(candidates: Iterable[_Candidate]) -> list[_Candidate]:
    """What changed beyond chance, themes first, then by how far."""
    return sorted((c for c in candidates if abs(c.z) >= CLEAR), key=lambda c: (not c.theme, -abs(c.z)))


def _most_raised(report: Report) -> tuple[str, ...]:
    if not report.themes:
        return ()
    top = max(report.themes, key=lambda theme: theme.conversations)
    return (f"Most raised: {_quoted(top)} ({words.number(top.conversations)}).",)


def _recent(report: Report) -> Iterator[_Candidate]:
    """The last seven whole days against the seven before, where the window before cannot be compared."""
    last = words.last_whole_day(report.window)
    middle, first = last - timedelta(days=6), last - timedelta(days=13)
    if first < words.first_day(report.window) or not _held_on(report, first):
        return
    kinds = {row.issue_type for row in report.issue_days}
    for kind in words.in_order(kinds):
        rows = [row for row in report.issue_days if row.issue_type == kind and first <= row.day <= last]
        now = sum(row.conversations for row in rows if row.day >= middle)
        then = sum(row.conversations for row in rows) - now
        moved = _counts(words.issue_types(kind), now, then=then)
        yield _Candidate(moved.z, f"{moved.text} in the last 7 whole days")


def _held_on(report: Report, day: date) -> bool:
    return report.held_since is None or report.held_since.astimezone(ZoneInfo(report.window.timezone)).date() < day


def _candidates(report: Report) -> Iterator[_Candidate]:
    now, then = report.totals, report.previous
    for theme in report.themes:
        yield _theme_candidate(theme, report)
    for kind in words.in_order(set(now.by_issue_type) | set(then.by_issue_type)):
        yield _counts(words.issue_types(kind), now.by_issue_type.get(kind, 0), then=then.by_issue_type.get(kind, 0))
    yield _counts("Critical conversations", now.critical, then=then.critical)
    yield _counts("Conversations with high churn risk", now.high_churn, then=then.high_churn)
    yield _counts("Conversations in all", now.conversations, then=then.conversations)
    if now.avg_sentiment is not None and then.avg_sentiment is not None:
        verb = "rose" if now.avg_sentiment > then.avg_sentiment else "fell"
        path = f"from {words.score(then.avg_sentiment)} to {words.score(now.avg_sentiment)}"
        yield _Candidate(_sentiment_z(report), f"Average sentiment {verb} {path}")


def _theme_candidate(theme: Theme, report: Report) -> _Candidate:
    now, then = theme.conversations, theme.previous_conversations
    z = count_z(now, then)
    if then == 0:
        what = "is new" if theme.first_seen >= report.window.start else "came back"
        return _Candidate(z, f"{_quoted(theme)} {what}: {words.count(now, 'conversation')}", theme=True)
    return _Candidate(z, _moved(_quoted(theme), now, then=then), theme=True)


def _counts(subject: str, now: int, *, then: int) -> _Candidate:
    return _Candidate(count_z(now, then), _moved(subject, now, then=then))


def _moved(subject: str, now: int, *, then: int) -> str:
    verb = "rose" if now > then else "fell"
    return f"{subject} {verb} from {words.number(then)} to {words.count(now, 'conversation')}"


def _quoted(theme: Theme) -> str:
    return f"“{clip(theme.title, TITLE_LIMIT)}”"


def _sentiment_z(report: Report) -> float:
    now, then = report.totals, report.previous
    if now.avg_sentiment is None or then.avg_sentiment is None:
        return 0.0
    sds = (sentiment_sd(now), sentiment_sd(then))
    return mean_z(now.avg_sentiment - then.avg_sentiment, sds, ns=(now.conversations, then.conversations))


def _tone(z: float, *, rise: Tone) -> Tone:
    if abs(z) < Z95 or rise is Tone.PLAIN:
        return Tone.PLAIN
    return rise if z > 0 else _FALL[rise]
