"""The subject of a report that is sent: the news in a few words, and the period."""

from datetime import timedelta

from earshot.domain.report import Report
from earshot.report import words
from earshot.report.change import comparable
from earshot.report.intervals import Z95, count_z

_MOST = 3
_LEAST_BEFORE = 5
"""Changes of counts below this are not said as a percentage: 1 to 3 is not “up 200%”."""


def subject(report: Report) -> str:
    """“12 critical, product bugs up 40%: week of 23 Nov”. No customer's word is in it."""
    news = ", ".join(_news(report)[:_MOST])
    return f"{news}: {period(report)}"


def period(report: Report) -> str:
    """The window in as few words as are clear."""
    window = report.window
    first, last = words.first_day(window), words.last_day(window)
    if window.everything:
        return words.span(window)
    days = (last - first) / timedelta(days=1) + 1
    if days == 1:
        return words.day(first, year=False)
    return f"week of {words.day(first, year=False)}" if days == 7 else words.span(window)


def _news(report: Report) -> list[str]:
    totals = report.totals
    if not totals.conversations:
        return ["no conversations"]
    told = [f"{words.number(totals.critical)} critical"] if totals.critical else []
    changes = _changes(report)
    told += [text for _, text in sorted(changes, key=lambda change: -abs(change[0]))]
    before = report.edition.before
    new = len({theme.id for theme in report.themes} - before.themes.keys()) if before else 0
    told += [words.count(new, "new theme")] if new else []
    return told if len(told) > (1 if totals.critical else 0) else [*told, _size(report)]


def _size(report: Report) -> str:
    return words.count(report.totals.conversations, "conversation")


def _changes(report: Report) -> list[tuple[float, str]]:
    """Changes beyond chance, with their standard scores."""
    if not comparable(report):
        return []
    now, then = report.totals.by_issue_type, report.previous.by_issue_type
    pairs = [
        (words.issue_types(kind).lower(), now.get(kind, 0), then.get(kind, 0))
        for kind in words.in_order({*now, *then})
    ]
    pairs.append(("conversations", report.totals.conversations, report.previous.conversations))
    return [(z, _moved(name, n, then=b)) for name, n, b in pairs if abs(z := count_z(n, b)) >= Z95]


def _moved(name: str, now: int, *, then: int) -> str:
    verb = "up" if now > then else "down"
    if then < _LEAST_BEFORE:
        return f"{name} {verb} from {then} to {now}"
    return f"{name} {verb} {abs(now - then) / then * 100:.0f}%"
