"""A rich, invented report to render in tests, and hostile words to render it with."""

import random
from datetime import UTC, date, datetime, timedelta

from earshot.domain.action import SUBJECTS, Action, ActionKind, ActionStatus
from earshot.domain.reading import IssueType
from earshot.domain.report import (
    AccountRisk,
    Cost,
    DayCount,
    DaySentiment,
    Edition,
    Highlight,
    Mover,
    Report,
    Shipped,
    Shown,
    Totals,
    Window,
)
from earshot.domain.run import Completeness, Gap
from earshot.domain.theme import Quote, Theme

NOW = datetime(2026, 11, 24, 16, 30, tzinfo=UTC)
START = datetime(2026, 10, 25, 23, 0, tzinfo=UTC)
FIRST = date(2026, 10, 26)
DAYS = 30
WEIGHTS = {
    "PRODUCT_BUG": 3.4,
    "ACCOUNT_ACCESS": 1.6,
    "BILLING": 2.1,
    "FEATURE_REQUEST": 2.4,
    "UX_FRICTION": 1.5,
    "USAGE_QUESTION": 2.8,
    "OTHER": 0.7,
}
MATTERS: tuple[tuple[IssueType, str, str, int, int, int, float | None, float, tuple[str, ...]], ...] = (
    (
        IssueType.PRODUCT_BUG,
        "Exports",
        "Large CSV exports stop at half and never arrive",
        41,
        12,
        29,
        48_200.0,
        -0.61,
        (
            "Every export over ten thousand rows dies at 50 %, and my board meeting is tomorrow.",
            "The mail with the download link simply never comes.",
            "Third week in a row that the finance export hangs. We are close to giving up on it.",
            "Export stuck again.",
            "Same as last time: half the file, then nothing.",
        ),
    ),
    (
        IssueType.BILLING,
        "Invoices",
        "Charged twice after switching from monthly to yearly",
        33,
        30,
        31,
        21_450.0,
        -0.48,
        (
            "I changed to the yearly plan and you took both amounts from my card.",
            "Two invoices on the same day, which one is real?",
        ),
    ),
    (
        IssueType.FEATURE_REQUEST,
        "Permissions",
        "Wish for read-only seats for auditors",
        27,
        9,
        24,
        63_900.0,
        0.12,
        ("Our auditors need to look, not touch. Right now we pay full seats for them.",),
    ),
    (
        IssueType.ACCOUNT_ACCESS,
        "Sign-in",
        "Two-factor codes arrive too late to be used",
        22,
        25,
        20,
        9_800.0,
        -0.35,
        ("The code comes after six minutes and is already expired by then.",),
    ),
    (
        IssueType.UX_FRICTION,
        "Dashboards",
        "Filters reset whenever the page is left",
        18,
        16,
        17,
        None,
        -0.22,
        ("I set five filters, open one record, go back, and all five are gone.",),
    ),
    (
        IssueType.USAGE_QUESTION,
        "Integrations",
        "How to map custom fields from the CRM",
        14,
        0,
        14,
        4_150.0,
        0.05,
        (),
    ),
)


def quote(text: str, number: int, url: str | None = "https://app.example.com/inbox/") -> Quote:
    """Words and where they stand."""
    ident = f"2153{number:08d}"
    said = START + timedelta(hours=7 * (number % 90), minutes=13 * (number % 60))
    return Quote(text=text, conversation_id=ident, url=f"{url}{ident}" if url else None, said_at=said)


def theme(number: int) -> Theme:
    """One of the invented matters."""
    kind, area, title, now, before, customers, mrr, mood, words = MATTERS[number]
    return Theme(
        id=f"theme-{number}",
        issue_type=kind,
        area=area,
        title=title,
        first_seen=START + timedelta(days=2) if before == 0 else START - timedelta(days=70),
        last_seen=NOW,
        conversations=now,
        customers=customers,
        mrr=mrr,
        avg_sentiment=mood,
        segments=("enterprise", "smb"),
        previous_conversations=before,
        quotes=tuple(quote(text, 100 * number + i) for i, text in enumerate(words)),
    )


def highlight(number: int, **changes: object) -> Highlight:
    """A conversation that stands out."""
    item = Highlight(
        conversation_id=f"215399{number:06d}",
        url=f"https://app.example.com/inbox/215399{number:06d}",
        said_at=NOW - timedelta(days=number % 20, hours=number),
        issue_type=("PRODUCT_BUG", "BILLING", "ACCOUNT_ACCESS")[number % 3],
        priority="CRITICAL",
        sentiment_score=round(-0.9 + 0.1 * (number % 5), 2),
        churn_risk=("HIGH", "MEDIUM", "LOW")[number % 3],
        confidence=(0.91, 0.74, 0.43)[number % 3],
        summary=(
            "Nobody in the company can sign in since this morning’s update.",
            "The invoice run billed all customers of the reseller a second time.",
            "Data of another workspace shows up in the search results.",
        )[number % 3],
        quote=(
            "We have forty people sitting here who cannot work, and the status page says all is well.",
            None,
            "I can see names and invoices of a company I have never heard of!",
        )[number % 3],
        customer=("Mara Lindqvist", "Tomasz Baran", None)[number % 3],
        company=("Halden Freight", "Baran & Söhne", None)[number % 3],
        plan=("Scale", "Team", None)[number % 3],
        mrr=(4_800.0, 640.0, None)[number % 3],
    )
    return item.model_copy(update=dict(changes))


def action(number: int, **changes: object) -> Action:
    """A decided action."""
    kind = list(ActionKind)[number % len(ActionKind)]
    item = Action(
        key=f"rule-{number}",
        kind=kind,
        subject=SUBJECTS[kind],
        subject_id="theme-0" if SUBJECTS[kind] == "theme" else f"215399{number % 4:06d}",
        conversation_id=f"215399{number % 4:06d}",
        rule=("critical_bug", "enterprise_churn", "frequent_request")[number % 3],
        reason=(
            "Critical bug from a customer of the Scale plan.",
            "High churn risk with MRR above 1,000.",
            "Raised in 27 conversations; the rule asks for 10.",
        )[number % 3],
        status=ActionStatus.PENDING,
        dry_run=True,
        created_at=NOW - timedelta(hours=number),
    )
    return item.model_copy(update=dict(changes))


def issue_days(days: int = DAYS, seed: int = 7) -> tuple[DayCount, ...]:
    """Conversations per day and type, quieter at weekends, with an incident on three days."""
    dice = random.Random(seed)
    rows: list[DayCount] = []
    for offset in range(days):
        day = FIRST + timedelta(days=offset)
        calm = 0.35 if day.weekday() >= 5 else 1.0
        for kind, weight in WEIGHTS.items():
            spike = 3.0 if kind == "PRODUCT_BUG" and offset in {17, 18, 19} else 1.0
            n = round(dice.gauss(weight, 0.9) * calm * spike)
            if n > 0:
                rows.append(DayCount(day=day, issue_type=kind, conversations=n))
    return tuple(rows)


def totals(rows: tuple[DayCount, ...]) -> Totals:
    """Totals that agree with the days."""
    by_type: dict[str, int] = {}
    for row in rows:
        by_type[row.issue_type] = by_type.get(row.issue_type, 0) + row.conversations
    n = sum(by_type.values())
    return Totals(
        conversations=n,
        customers=round(n * 0.62),
        critical=14,
        high_churn=23,
        avg_sentiment=-0.18,
        sentiment_sd=0.46,
        by_issue_type=by_type,
        by_priority={"CRITICAL": 14, "HIGH": 80, "MEDIUM": 160, "LOW": n - 254},
        by_sentiment={"NEGATIVE": n // 2, "NEUTRAL": n - n // 2},
        by_churn_risk={"HIGH": 23, "MEDIUM": 60, "LOW": n - 83},
        low_confidence=round(n * 0.11),
    )


def sentiment_days(rows: tuple[DayCount, ...], seed: int = 7) -> tuple[DaySentiment, ...]:
    """A mood per day that dips with the incident."""
    dice = random.Random(seed)
    per_day: dict[date, int] = {}
    for row in rows:
        per_day[row.day] = per_day.get(row.day, 0) + row.conversations
    return tuple(
        DaySentiment(
            day=day,
            average=round(-0.12 + dice.gauss(0, 0.08) - (0.3 if 16 <= (day - FIRST).days <= 20 else 0), 3),
            conversations=n,
        )
        for day, n in per_day.items()
    )


def report(**changes: object) -> Report:
    """A whole month of an invented company; `changes` replace fields."""
    rows = issue_days()
    item = Report(
        window=Window(start=START, end=NOW, timezone="Europe/Berlin"),
        generated_at=NOW,
        workspace="Northwind Ledger",
        currency="USD",
        totals=totals(rows),
        previous=Totals(
            conversations=352,
            customers=231,
            critical=21,
            high_churn=19,
            avg_sentiment=-0.11,
            sentiment_sd=0.44,
            by_issue_type={
                "PRODUCT_BUG": 60,
                "BILLING": 71,
                "FEATURE_REQUEST": 66,
                "USAGE_QUESTION": 80,
                "ACCOUNT_ACCESS": 31,
                "UX_FRICTION": 30,
                "OTHER": 14,
            },
        ),
        issue_days=rows,
        sentiment_days=sentiment_days(rows),
        themes=tuple(theme(i) for i in range(len(MATTERS))),
        criticals=tuple(highlight(i) for i in range(6)),
        high_churn=tuple(highlight(3 * i + 30, priority="HIGH", churn_risk="HIGH") for i in range(4)),
        actions=tuple(action(i) for i in range(7)),
        action_counts={"PAGE_ONCALL_ENGINEER": 3, "ALERT_CS_MANAGER": 4, "CREATE_TICKET": 9},
        cost=Cost(usd=0.0, by_model={"local-2026.11": 402}),
        completeness=Completeness(
            seen=431, fetched=118, unchanged=290, filtered_out=21, deleted=2, parts_expected=2904, parts_held=2904
        ),
        completeness_at=NOW - timedelta(minutes=4),
        undated=0,
        unread=0,
        filtered_out=21,
        held_since=START - timedelta(days=60),
    )
    return item.model_copy(update=dict(changes))


def empty() -> Report:
    """The report of a database that holds nothing yet."""
    return report(
        totals=Totals(),
        previous=Totals(),
        issue_days=(),
        sentiment_days=(),
        themes=(),
        criticals=(),
        high_churn=(),
        actions=(),
        action_counts={},
        cost=Cost(),
        completeness=None,
        completeness_at=None,
        filtered_out=0,
        held_since=None,
        workspace=None,
    )


HOSTILE = (
    "<script>document.title='OWNED'</script><img src=x onerror=\"document.title='OWNED'\">"
    "\x1b]0;OWNED\x07\x1b[31mred\x1b[2J [click](javascript:alert(1)) ![i](https://evil.invalid/p.png) "
    "\u202egnp.exe\u2066 `code` # {{7*7}} </style></svg><iframe src='https://evil.invalid/f'> \ud83d"
)
HOSTILE_URL = "javascript:document.title='OWNED'"


def hostile() -> Report:
    """Every text a customer, an agent or a vendor can write, as nasty as it gets."""
    bad = quote(HOSTILE, 1, None).model_copy(update={"url": HOSTILE_URL, "conversation_id": HOSTILE[:60]})
    sneaky = quote(HOSTILE, 2, None).model_copy(update={"url": 'https://evil.invalid/"><script>x</script>'})
    nasty_theme = theme(0).model_copy(
        update={"title": HOSTILE, "area": HOSTILE, "segments": (HOSTILE,), "quotes": (bad, sneaky)}
    )
    nasty = highlight(
        0,
        summary=HOSTILE,
        quote=HOSTILE + HOSTILE,
        customer=HOSTILE,
        company=HOSTILE,
        plan=HOSTILE,
        url=HOSTILE_URL,
    )
    return report(
        workspace=HOSTILE,
        themes=(nasty_theme,),
        criticals=(nasty,),
        high_churn=(nasty,),
        actions=(action(1, reason=HOSTILE, rule=HOSTILE, subject_id=HOSTILE, conversation_id=HOSTILE),),
        cost=Cost(usd=None, calls=1, by_model={HOSTILE: 1}),
        completeness=Completeness(
            seen=1, failed=1, unknown_kinds={HOSTILE: 1}, gaps=(Gap(what=HOSTILE, reason=HOSTILE),)
        ),
        movers=(
            Mover(
                theme_id=HOSTILE, title=HOSTILE, issue_type="BILLING", conversations=40, previous_conversations=2
            ),
        ),
        accounts=(AccountRisk(id=HOSTILE, name=HOSTILE, plan=HOSTILE, mrr=1.0, conversations=1, last_at=NOW),),
        delivered={HOSTILE: 1},
        shipped=(Shipped(id=HOSTILE, title=HOSTILE, at=NOW),),
    )


APP = "https://earshot.example.com"


def edition(report: Report, *, shown: Shown | None = None) -> Report:
    """The same as readers of a series get it: linked into the app; with `shown`, not their first."""
    given = Edition(
        app_url=APP,
        address=f"{APP}/reports/weekly~20261124T0000Z",
        before=shown,
        before_end=report.window.start if shown else None,
    )
    return report.model_copy(update={"edition": given})
