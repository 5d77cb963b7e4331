"""The sections about the report itself: cost, completeness, and how its figures are made."""

from datetime import UTC, datetime
from typing import Final

from earshot.domain.report import Report
from earshot.domain.run import Completeness
from earshot.report import links, words
from earshot.report.change import CLEAR, comparable, span_before
from earshot.report.views import Bullets, Cell, Column, Fact, Facts, Listing, Paragraph, Section, Table, Tone
from earshot.text.escape import one_line

GAPS = 200
"""How many gaps the report names; the run's completeness statement keeps them all."""
FORMULAS: Final = (
    "All figures are counted or computed from stored rows; no model wrote a number.",
    (
        "Issue type, priority, sentiment and churn risk are a model’s reading of the words, and readings can be "
        "wrong. Quotes are the customers’ own words; long ones are cut, which an ellipsis marks."
    ),
    (
        "Shares carry the Wilson 95% interval. Averages carry mean ± 1.96 · s / √n, with s the standard deviation "
        "of the window’s scores; the band over time uses the same s with the n of each mark."
    ),
    (
        "A change is coloured when chance alone would do as much in fewer than 5 of 100 cases: for counts a and b, "
        "(|a − b| − 1) / √(a + b) > 1.96; for averages, difference / √(s₁²/n₁ + s₂²/n₂) > 1.96. "
        "The headline asks for {clear}, because many changes are looked at."
    ),
)
REVENUE: Final = (
    "Customers are companies where known, otherwise persons. MRR is the sum over a theme’s customers whose revenue "
    "is known, in {currency}."
)


def audit(report: Report) -> Section | None:
    """How far readings agree with people; nothing while nobody labelled any."""
    found = report.audit
    if found is None:
        return None
    where = links.page(report, "/audit")
    between = f"95% interval {found.low:.0%} to {found.high:.0%}, {words.count(found.labels, 'label')}"
    told = {"met": "met", "missed": "missed", "unsure": "not sure yet"}.get(found.standing, "not known")
    facts = (
        Fact(term="Agreement with people", value=f"{found.agreement:.0%}", note=between, href=where),
        Fact(term="Target", value=f"{found.target:.0%}", note=told, href=where),
    )
    lead = "Of the issue type, by the newest audit that people labelled without seeing the model’s answer."
    return Section(id="audit", title="How well it reads", lead=lead, blocks=(Facts(items=facts),))


def cost(report: Report) -> Section:
    """What reading cost; unknown stays unknown."""
    spent = report.cost
    if not spent.by_model and not spent.calls:
        return Section(
            id="cost", title="Cost of reading", blocks=(Paragraph(text="Nothing was read in this window."),)
        )
    costs = links.page(report, "/costs")
    facts = [Fact(term="Spent", value=words.cost(spent.usd), note=_cost_note(report), href=costs)]
    read = sum(spent.by_model.values())
    if spent.usd and read:
        facts.append(Fact(term="Per conversation", value=words.cost(spent.usd / read), href=costs))
    facts.append(
        Fact(
            term="Model calls",
            value=words.number(spent.calls),
            note="" if spent.calls else "no provider was called",
            href=costs,
        )
    )
    if spent.calls:
        facts.append(Fact(term="Tokens in", value=words.number(spent.input_tokens)))
        facts.append(Fact(term="Tokens out", value=words.number(spent.output_tokens)))
    models = Table(
        caption="Conversations by the model that read them",
        columns=(Column(name="Model"), Column(name="Conversations", numeric=True)),
        rows=tuple(
            (Cell(one_line(m)), Cell(words.number(n), costs))
            for m, n in sorted(spent.by_model.items(), key=lambda i: (-i[1], i[0]))
        ),
    )
    return Section(id="cost", title="Cost of reading", blocks=(Facts(items=tuple(facts)), models))


def _cost_note(report: Report) -> str:
    if report.cost.usd is None:
        return "at least one price is not known, so no sum is given"
    return "read on this machine" if report.cost.usd == 0 and not report.cost.calls else "by list prices"


def completeness(report: Report) -> Section:
    """What the last sync saw against what is held."""
    held = report.completeness
    if held is None:
        text = "No sync has ended yet, so it is not known what is missing. Fetch conversations:"
        blocks = (Paragraph(text=text, tone=Tone.WARN, command="earshot sync"),)
        return Section(id="completeness", title="Completeness", blocks=blocks, brief=True)
    gaps = held.gaps[:GAPS]
    table = Table(
        caption="What is missing"
        if len(gaps) == len(held.gaps)
        else f"What is missing, first {GAPS} of {len(held.gaps)}",
        columns=(Column(name="What"), Column(name="Why")),
        rows=tuple((Cell(one_line(gap.what)), Cell(one_line(gap.reason))) for gap in gaps),
    )
    blocks = (_verdict(report, held), Facts(items=tuple(_held(report, held))), *((table,) if gaps else ()))
    return Section(id="completeness", title="Completeness", blocks=blocks, brief=True)


def _verdict(report: Report, held: Completeness) -> Paragraph:
    when = f" on {words.moment(report.completeness_at, report.window.timezone)}" if report.completeness_at else ""
    if held.complete:
        return Paragraph(text=f"Complete: nothing was missing after the last sync{when}.", tone=Tone.GOOD)
    gaps = words.count(len(held.gaps), "gap")
    return Paragraph(
        text=f"Incomplete: the last sync{when} left {gaps}, named below. Fetch again:",
        tone=Tone.BAD,
        command="earshot sync",
    )


def _held(report: Report, held: Completeness) -> list[Fact]:
    health = links.page(report, "/health")
    seen = words.number(held.seen)
    facts = [
        Fact(term="Seen", value=seen, note="conversations that had changed at the source", href=health),
        Fact(term="Fetched", value=words.number(held.fetched), href=health),
        Fact(term="Unchanged", value=words.number(held.unchanged), note="already held"),
        Fact(term="Filtered out", value=words.number(held.filtered_out), note="by the settings’ filters"),
        Fact(term="Deleted", value=words.number(held.deleted), note="at the source, and removed here"),
        Fact(term="Failed", value=words.number(held.failed)),
        Fact(
            term="Parts",
            value=f"{words.number(held.parts_held)} of {words.number(held.parts_expected)}",
            note=_parts(held),
        ),
    ]
    if held.truncated:
        facts.append(
            Fact(
                term="Truncated",
                value=words.number(held.truncated),
                note="the source gives the newest 500 parts only",
            )
        )
    for name, n in sorted(held.unknown_kinds.items()):
        facts.append(
            Fact(term=f"Unknown: {one_line(name)}", value=words.number(n), note="kept raw, not interpreted")
        )
    return facts


def _parts(held: Completeness) -> str:
    missing = held.parts_expected - held.parts_held
    if missing <= 0:
        return "all messages and events are held"
    why = "older than what the source returns of long conversations" if held.truncated else "missing"
    return f"{words.number(missing)} {why}"


def notes(report: Report) -> Section:
    """How the figures are made, what is not counted, and how to list what is behind a number."""
    return Section(
        id="how",
        title="How to read this report",
        blocks=(Bullets(items=(*_window(report), *_left_out(report), *_formulas(report))), _listing(report)),
    )


def _window(report: Report) -> tuple[str, ...]:
    window = report.window
    start = "the first conversation" if words.everything(window) else words.moment(window.start, window.timezone)
    end = words.moment(window.end, window.timezone)
    items = [f"Window: {start} to {end}, time zone {window.timezone}, by the time the customer first wrote."]
    if window.end >= report.generated_at or _partial_day(window.end, window.timezone):
        items.append("The last day is not over or not whole, so its bar is smaller than a full day’s.")
    if not comparable(report):
        items.append("Changes are not shown, because the window before is not held completely.")
    elif (window.end - window.start).days % 7:
        before = span_before(report)
        items.append(f"This window and {before} hold different weekdays, which alone can shift counts a little.")
    return tuple(items)


def _partial_day(end: datetime, zone: str) -> bool:
    return not words.moment(end, zone).endswith("00:00")


def _left_out(report: Report) -> tuple[str, ...]:
    kinds = (
        (report.unread, "could not be read and wait in the review queue"),
        (
            0 if words.everything(report.window) else report.undated,
            "came without times and stay out of windows and trends",
        ),
        (
            report.filtered_out,
            "were left out by the settings’ filters (spam, own staff, unanswered outbound, teams, tags)",
        ),
    )
    left = [f"{words.count(n, 'conversation')} {why}" for n, why in kinds if n]
    return (f"Not counted: {'; '.join(left)}.",) if left else ("Every conversation of the window is counted.",)


def _formulas(report: Report) -> tuple[str, ...]:
    return (*(text.format(clear=CLEAR) for text in FORMULAS), REVENUE.format(currency=report.currency))


def _listing(report: Report) -> Listing:
    start, end = (t.astimezone(UTC).isoformat(timespec="seconds") for t in (report.window.start, report.window.end))
    text = (
        "SELECT conversation_id, summary\n"
        "FROM earshot.conversation_insights\n"
        f"WHERE conversation_at >= '{start}' AND conversation_at < '{end}'\n"
        "-- and one of, for example:\n"
        "  AND priority = 'CRITICAL'\n"
        "  AND churn_risk = 'HIGH'\n"
        "  AND issue_type = 'BILLING';"
    )
    return Listing(
        caption="The conversations behind any count, in the database (or with earshot export insights):", text=text
    )
