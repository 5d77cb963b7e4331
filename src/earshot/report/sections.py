"""The report as a flat list of sections: one function and one line each."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from earshot.domain.report import Report
from earshot.report import words
from earshot.report.change import headline
from earshot.report.key_figures import key_numbers
from earshot.report.lists import actions, criticals, high_churn, themes
from earshot.report.movement import accounts, done, moved
from earshot.report.news import news
from earshot.report.series import issue_chart, sentiment_chart
from earshot.report.upkeep import audit, completeness, cost, notes
from earshot.report.views import Page, Paragraph, Section, Tone
from earshot.text.escape import one_line, safe_url

NOTHING = "Nothing to draw yet: no dated conversation was read in this window. Fetch and read conversations:"


def issue_trend(report: Report) -> Section:
    """Issue types over time."""
    if not report.issue_days:
        blocks = (Paragraph(text=NOTHING, command="earshot run"),)
        return Section(id="issues", title="Issue types over time", blocks=blocks)
    lead = "By the day on which the customer first wrote. The order and colours of issue types never change."
    return Section(id="issues", title="Issue types over time", lead=lead, blocks=(issue_chart(report),))


def sentiment_trend(report: Report) -> Section:
    """Sentiment over time."""
    if not report.sentiment_days:
        blocks = (Paragraph(text=NOTHING, command="earshot run"),)
        return Section(id="sentiment", title="Sentiment over time", blocks=blocks)
    lead = "The band is the 95% interval: where it is wide, few conversations stand behind the line."
    return Section(id="sentiment", title="Sentiment over time", lead=lead, blocks=(sentiment_chart(report),))


SECTIONS: Final[Mapping[str, Callable[[Report], Section | None]]] = {
    "news": news,
    "numbers": key_numbers,
    "themes": themes,
    "movers": moved,
    "issues": issue_trend,
    "sentiment": sentiment_trend,
    "critical": criticals,
    "churn": high_churn,
    "accounts": accounts,
    "actions": actions,
    "done": done,
    "audit": audit,
    "cost": cost,
    "completeness": completeness,
    "how": notes,
}
"""Every section of a report by its name, in the order a reader meets them; None has nothing to say."""


def page(report: Report) -> Page:
    """A report as every renderer shows it."""
    return Page(
        title="What customers told us",
        workspace=one_line(report.workspace or "") or "Unnamed workspace",
        span=words.span(report.window),
        timezone=report.window.timezone,
        generated=words.moment(report.generated_at, report.window.timezone),
        headline=headline(report),
        warnings=_warnings(report),
        sections=_chosen(report, report.edition.sections or tuple(SECTIONS)),
        address=safe_url(report.edition.address),
    )


def _chosen(report: Report, names: Sequence[str]) -> tuple[Section, ...]:
    """The sections of these names, in their order."""
    return tuple(section for name in names if (section := SECTIONS[name](report)) is not None)


def _warnings(report: Report) -> tuple[Paragraph, ...]:
    held, unread = report.completeness, report.unread
    warnings: list[Paragraph] = []
    if held is not None and not held.complete:
        gaps = words.count(len(held.gaps), "gap")
        text = f"This report is incomplete: {gaps} in the last sync, see Completeness."
        warnings.append(Paragraph(text=text, tone=Tone.BAD))
    if unread:
        verb = "are" if unread > 1 else "is"
        text = f"{words.count(unread, 'conversation')} could not be read and {verb} not counted."
        warnings.append(Paragraph(text=text, tone=Tone.WARN))
    return tuple(warnings)
