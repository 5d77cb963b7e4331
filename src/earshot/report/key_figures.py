"""The key numbers: value, change, meaning and certainty of each."""

from earshot.domain.report import Report
from earshot.report import links, words
from earshot.report.change import comparable, count_change, score_change, sentiment_sd, span_before
from earshot.report.intervals import SMALL_SAMPLE, mean_interval, share_interval
from earshot.report.views import KeyFigure, KeyFigures, Paragraph, Section, Tone


def key_numbers(report: Report) -> Section:
    """The five numbers a reader looks at first."""
    if not report.totals.conversations:
        return Section(id="numbers", title="Key numbers", blocks=(_nothing(report),), brief=True)
    figures = (
        _conversations(report),
        _customers(report),
        _critical(report),
        _high_churn(report),
        _sentiment(report),
    )
    lead = f"Compared with {span_before(report)}." if comparable(report) else _no_comparison(report)
    return Section(id="numbers", title="Key numbers", lead=lead, blocks=(KeyFigures(items=figures),), brief=True)


def _nothing(report: Report) -> Paragraph:
    if report.completeness is None:
        return Paragraph(text="Nothing has been fetched yet. Fetch and read conversations:", command="earshot run")
    text = "No conversation was read in this window. Read what has been fetched, or choose an earlier start:"
    return Paragraph(text=text, command="earshot report --since 90d")


def _no_comparison(report: Report) -> str:
    since = (
        f" Complete data begin on {words.moment(report.held_since, report.window.timezone)}."
        if (report.held_since)
        else ""
    )
    return f"No comparison: the window before is not held completely.{since}"


def _change(report: Report, now: int, *, then: int, rise: Tone) -> tuple[str, Tone]:
    return count_change(now, then, rise=rise) if comparable(report) else ("", Tone.PLAIN)


def _few(n: int) -> tuple[str, ...]:
    return (f"Few conversations (n = {n}): read with care.",) if n < SMALL_SAMPLE else ()


def _conversations(report: Report) -> KeyFigure:
    now, then = report.totals, report.previous
    change, tone = _change(report, now.conversations, then=then.conversations, rise=Tone.PLAIN)
    share = words.percent(now.low_confidence / now.conversations)
    doubt = f"The reader was unsure of {words.number(now.low_confidence)} of them ({share})."
    return KeyFigure(
        id="conversations",
        label="Conversations",
        value=words.number(now.conversations),
        change=change,
        change_tone=tone,
        meaning="Read conversations in which a customer first wrote in this window.",
        certainty=("An exact count.", doubt),
        anchor="how",
        where=(),
        amount=now.conversations,
        previous=then.conversations if comparable(report) else None,
        n=now.conversations,
        href=links.conversations(report),
    )


def _customers(report: Report) -> KeyFigure:
    now, then = report.totals, report.previous
    nameless = now.conversations > 0 and not now.customers
    change, tone = _change(report, now.customers, then=then.customers, rise=Tone.PLAIN)
    return KeyFigure(
        id="customers",
        label="Customers",
        value="unknown" if nameless else words.number(now.customers),
        change=change,
        change_tone=tone,
        meaning="Different companies that wrote; a person without a company counts as one.",
        certainty=("The source names no customers.",) if nameless else ("An exact count.",),
        anchor="how",
        where=(),
        amount=None if nameless else now.customers,
        previous=then.customers if comparable(report) else None,
        n=now.conversations,
        href=links.conversations(report),
    )


def _critical(report: Report) -> KeyFigure:
    return _share(
        report,
        ("critical", "Critical"),
        counts=(report.totals.critical, report.previous.critical),
        meaning="Something essential does not work for the customer.",
        where=(("priority", "CRITICAL"),),
    )


def _high_churn(report: Report) -> KeyFigure:
    return _share(
        report,
        ("churn", "High churn risk"),
        counts=(report.totals.high_churn, report.previous.high_churn),
        meaning="The customer’s words say that they may leave.",
        where=(("churn_risk", "HIGH"),),
    )


def _share(
    report: Report,
    name: tuple[str, str],
    *,
    counts: tuple[int, int],
    meaning: str,
    where: tuple[tuple[str, str], ...],
) -> KeyFigure:
    n = report.totals.conversations
    change, tone = _change(report, counts[0], then=counts[1], rise=Tone.BAD)
    interval = share_interval(counts[0], n)
    low, high = (interval.low, interval.high) if interval else (0.0, 1.0)
    between = f"{words.percent(low)} to {words.percent(high)}"
    sure = f"{words.percent(counts[0] / n)} of conversations; 95% interval {between}, n = {words.number(n)}."
    return KeyFigure(
        id=name[0],
        label=name[1],
        value=words.number(counts[0]),
        change=change,
        change_tone=tone,
        meaning=meaning,
        certainty=(sure, *_few(n)),
        anchor=name[0],
        where=where,
        amount=counts[0],
        previous=counts[1] if comparable(report) else None,
        n=n,
        low=low,
        high=high,
        href=links.conversations(report, filters=dict(where)),
    )


def _sentiment(report: Report) -> KeyFigure:
    now, n = report.totals, report.totals.conversations
    change, tone = score_change(report) if comparable(report) else ("", Tone.PLAIN)
    average = now.avg_sentiment
    interval = None if average is None else mean_interval(average, sentiment_sd(now), n=n)
    low, high = (interval.low, interval.high) if interval else (None, None)
    sure = f"95% interval {words.score(low)} to {words.score(high)}, n = {words.number(n)}."
    return KeyFigure(
        id="sentiment",
        label="Average sentiment",
        value=words.score(average),
        change=change,
        change_tone=tone,
        meaning="From −1 (very negative) to +1 (very positive).",
        certainty=(sure if interval else f"Spread unknown, n = {words.number(n)}.", *_few(n)),
        anchor="sentiment",
        where=(),
        amount=average,
        previous=report.previous.avg_sentiment if comparable(report) else None,
        n=n,
        low=low,
        high=high,
        href=links.conversations(report),
    )
