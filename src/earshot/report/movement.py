"""The sections about what moved: rising and falling themes, customers who may leave, what was done and shipped."""

from earshot.domain.report import Mover, Report
from earshot.report import links, words
from earshot.report.change import NEUTRAL, comparable, count_change, span_before
from earshot.report.intervals import count_z
from earshot.report.rising import FALSE_SHARE, real
from earshot.report.views import Bullets, Cell, Column, Paragraph, Section, Table, Tone
from earshot.text.escape import clip, one_line

TITLE_LIMIT = 110
MOVERS, ACCOUNTS, SHIPPED = 10, 20, 10


def moved(report: Report) -> Section:
    """Themes that rose or fell beyond chance."""
    title = "Rising and falling"
    if not comparable(report):
        text = "Not known: the window before is not held completely."
        return Section(id="movers", title=title, blocks=(Paragraph(text=text),))
    clear = clear_movers(report)
    if not clear:
        text = "No theme rose or fell more than chance would do."
        return Section(id="movers", title=title, blocks=(Paragraph(text=text),))
    table = Table(
        caption="Themes that rose or fell beyond chance",
        columns=(
            Column(name="Theme"), Column(name="Kind"), Column(name="Now", numeric=True),
            Column(name="Before", numeric=True), Column(name="Change"),
        ),
        rows=tuple(_mover_row(report, one) for one in clear),
    )  # fmt: skip
    lead = f"Against {span_before(report)}; of the changes listed at most about {FALSE_SHARE:.0%} are chance."
    return Section(id="movers", title=title, lead=lead, blocks=(table,))


def clear_movers(report: Report) -> tuple[Mover, ...]:
    """Themes whose change is beyond chance though many were looked at, rising ones first."""
    kept = real([_z(m) for m in report.movers], looked=max((m.looked for m in report.movers), default=0))
    found = [m for m, is_real in zip(report.movers, kept, strict=True) if is_real]
    return tuple(sorted(found, key=lambda m: (_z(m) < 0, -abs(_z(m)), m.theme_id))[:MOVERS])


def _z(mover: Mover) -> float:
    return count_z(mover.conversations, mover.previous_conversations)


def _mover_row(report: Report, mover: Mover) -> tuple[Cell, ...]:
    rise = Tone.MARK if mover.issue_type in NEUTRAL else Tone.BAD
    change, _ = count_change(mover.conversations, mover.previous_conversations, rise=rise)
    arrow = "↑" if mover.conversations > mover.previous_conversations else "↓"
    earlier = words.before(report.window)
    return (
        Cell(clip(mover.title, TITLE_LIMIT), links.theme(report, mover.theme_id)),
        Cell(words.issue_type(mover.issue_type)),
        Cell(words.number(mover.conversations), links.conversations(report, theme=mover.theme_id)),
        Cell(
            words.number(mover.previous_conversations),
            links.conversations(report, since=earlier.start, until=earlier.end, theme=mover.theme_id),
        ),
        Cell(f"{arrow} {change.split(',')[0]}"),
    )


def accounts(report: Report) -> Section:
    """Customers whose conversations say that they may leave, most revenue first."""
    title = "Accounts at risk"
    if not report.accounts:
        text = "No customer wrote in this window that they may leave."
        tone = Tone.GOOD if report.totals.conversations else Tone.PLAIN
        return Section(id="accounts", title=title, blocks=(Paragraph(text=text, tone=tone),))
    table = Table(
        caption="Customers with conversations of high churn risk, most revenue first",
        columns=(
            Column(name="Customer"), Column(name="Plan"), Column(name="MRR", numeric=True),
            Column(name="Conversations", numeric=True), Column(name="Last"),
        ),
        rows=tuple(
            (
                Cell(one_line(one.name or one.id), links.account(report, one.id)),
                Cell(one_line(one.plan or "") or words.UNKNOWN),
                Cell(words.money(one.mrr, report.currency)),
                Cell(
                    words.number(one.conversations),
                    links.conversations(report, account=one.id, churn_risk="HIGH"),
                ),
                Cell(words.moment(one.last_at, report.window.timezone)),
            )
            for one in report.accounts
        ),
    )  # fmt: skip
    known = [one.mrr for one in report.accounts if one.mrr is not None]
    lead = f"{words.count(len(report.accounts), 'customer')} listed"
    lead += f"; MRR of those known: {words.money(sum(known), report.currency)}." if known else "; no MRR is known."
    return Section(id="accounts", title=title, lead=lead, blocks=(table,))


def done(report: Report) -> Section:
    """What was made at other tools, and what was shipped."""
    lines: list[tuple[str, str | None]] = [
        (
            f"{words.count(n, 'thing')} made at {one_line(name)}",
            links.actions(report, destination=name, state="done"),
        )
        for name, n in report.delivered.items()
    ]
    lines += [
        (f"Shipped: “{clip(item.title, TITLE_LIMIT)}”", links.item(report, item.id))
        for item in report.shipped[:SHIPPED]
    ]
    if not lines:
        lines = [("Nothing was made at other tools and nothing was shipped in this window.", None)]
    items, hrefs = zip(*lines, strict=True)
    return Section(id="done", title="Done and shipped", blocks=(Bullets(items=items, hrefs=hrefs),))
