"""What is new since the last report of a series, and what of a report was shown before and did not change."""

from collections.abc import Sequence
from datetime import datetime

from earshot.domain.report import Highlight, Report, Shown
from earshot.domain.theme import Theme
from earshot.report import links, words
from earshot.report.change import theme_change
from earshot.report.views import Bullets, Section, Tone
from earshot.text.escape import clip

TITLE_LIMIT, NAMED = 90, 5
SEVERAL = 2
"""A theme is named as news from so many conversations on."""


def shown_by(report: Report) -> Shown:
    """What a report shows, for the next one of its series to tell what is new: ids and counts, no words."""
    totals = report.totals
    conversations = sorted({one.conversation_id for one in (*report.criticals, *report.high_churn)})
    figures = {
        "conversations": totals.conversations,
        "customers": totals.customers,
        "critical": totals.critical,
        "churn": totals.high_churn,
        "sentiment": totals.avg_sentiment,
    }
    return Shown(
        themes={theme.id: theme.conversations for theme in report.themes},
        conversations=tuple(conversations),
        figures=figures,
    )


def fresh_themes(report: Report) -> tuple[Theme, ...]:
    """Themes to be shown whole: new ones and those that clearly changed; all where nothing was shown before."""
    return tuple(theme for theme in report.themes if not _known(report, theme))


def folded_themes(report: Report) -> tuple[Theme, ...]:
    """Themes that the last report showed and that did not clearly change since."""
    return tuple(theme for theme in report.themes if _known(report, theme))


def fresh(report: Report, items: Sequence[Highlight]) -> tuple[Highlight, ...]:
    """Conversations that the last report did not show."""
    before = report.edition.before
    seen = frozenset(before.conversations) if before else frozenset[str]()
    return tuple(item for item in items if item.conversation_id not in seen)


def _known(report: Report, theme: Theme) -> bool:
    before = report.edition.before
    return bool(before and theme.id in before.themes and theme_change(report, theme)[1] is Tone.PLAIN)


def news(report: Report) -> Section | None:
    """What is new since the last report of the series; None for a report that has no series or is its first."""
    before, end = report.edition.before, report.edition.before_end
    if before is None or end is None:
        return None
    lines = [line for line in (*_themes(report, before), *_voices(report), *_done(report)) if line[0]]
    if not lines:
        lines = [("Nothing new: no new theme, no clear change, no critical conversation that was not told.", None)]
    items, hrefs = zip(*lines, strict=True)
    lead = f"Since the last report, which ended on {_day(end, report.window.timezone)}."
    return Section(
        id="news", title="What is new", lead=lead, blocks=(Bullets(items=items, hrefs=hrefs),), brief=True
    )


_Line = tuple[str, str | None]


def _themes(report: Report, before: Shown) -> list[_Line]:
    unseen = [theme for theme in report.themes if theme.id not in before.themes]
    new = [theme for theme in unseen if theme.conversations >= SEVERAL][:NAMED]
    changed = [theme for theme in fresh_themes(report) if theme.id in before.themes]
    lines = [_theme(report, theme, told=_newness(report, theme)) for theme in new]
    if more := len(unseen) - len(new):
        text = f"{words.count(more, 'theme')} more that the last report did not show"
        lines.append((text if new else text.replace(" more", ""), links.themes(report)))
    lines += [_theme(report, theme, told=_movement(theme)) for theme in changed[:NAMED]]
    return lines


def _newness(report: Report, theme: Theme) -> str:
    return "New theme" if theme.first_seen >= report.window.start else "Not shown last time"


def _movement(theme: Theme) -> str:
    return "Rose clearly" if theme.conversations > theme.previous_conversations else "Fell clearly"


def _theme(report: Report, theme: Theme, *, told: str) -> _Line:
    count = words.count(theme.conversations, "conversation")
    return f"{told}: “{clip(theme.title, TITLE_LIMIT)}”, {count}", links.theme(report, theme.id)


def _voices(report: Report) -> list[_Line]:
    critical, churn = fresh(report, report.criticals), fresh(report, report.high_churn)
    lines: list[_Line] = []
    if critical:
        text = f"{_more(len(critical), report.totals.critical)} critical, not told before"
        lines.append((text, links.conversations(report, priority="CRITICAL")))
    if churn:
        text = f"{_more(len(churn), report.totals.high_churn)} with high churn risk, not told before"
        lines.append((text, links.conversations(report, churn_risk="HIGH")))
    return lines


def _more(listed: int, whole: int) -> str:
    """How many are new, as far as it is known: the lists are cut."""
    plural = words.count(listed, "conversation")
    return f"at least {plural}" if whole > listed else plural


def _done(report: Report) -> list[_Line]:
    made = sum(report.delivered.values())
    lines: list[_Line] = [
        (f"{words.count(made, 'thing')} made at other tools", links.actions(report, state="done"))
        if made
        else ("", None)
    ]
    lines += [
        (f"Shipped: “{clip(item.title, TITLE_LIMIT)}”", links.item(report, item.id))
        for item in report.shipped[:NAMED]
    ]
    return lines


def _day(moment: datetime, zone: str) -> str:
    return words.moment(moment, zone)
