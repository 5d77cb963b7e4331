"""The terminal summary: compact, complete, harmless."""

import io

from rich.console import Console

from earshot.domain.report import Report
from earshot.domain.run import Completeness, Gap
from earshot.report import to_terminal

from . import sample


def shown(report: Report, *, width: int = 100, full_report: str | None = None, colour: bool = False) -> str:
    out = io.StringIO()
    console = Console(file=out, width=width, force_terminal=colour, color_system="standard" if colour else None)
    console.print(to_terminal(report, full_report=full_report))
    return out.getvalue()


def test_the_summary_has_what_matters() -> None:
    text = shown(sample.report(), full_report="/tmp/x/earshot-report.html")
    assert "Northwind Ledger · 26 Oct – 24 Nov 2026" in text
    assert "rose from 12 to 41 conversations" in text
    for label in ("Conversations", "Customers", "Critical", "High churn risk", "Average sentiment"):
        assert label in text
    assert "Large CSV exports stop at half and never arrive" in text
    assert "████" in text
    assert "and 1 more in the full report" in text
    assert "Complete: nothing was missing" in text
    assert text.rstrip().endswith("Full report: /tmp/x/earshot-report.html")
    assert "Cost of reading" not in text


def test_it_fits_a_narrow_terminal() -> None:
    for line in shown(sample.report(), width=60).splitlines():
        assert len(line.rstrip()) <= 60


def test_gaps_are_named() -> None:
    gaps = tuple(Gap(what=f"conversation {n}", reason="gone") for n in range(12))
    text = shown(sample.report(completeness=Completeness(seen=12, failed=12, gaps=gaps)))
    assert "This report is incomplete: 12 gaps" in text
    assert "conversation 0: gone" in text
    assert "and 2 more in the full report" in text


def test_hostile_words_cannot_steer_the_terminal() -> None:
    text = shown(sample.hostile())
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "\x07" not in text
    assert "[click](javascript:alert(1))" in text.replace("\n", "")
    assert "\x1b]" not in shown(sample.hostile(), colour=True)
    assert "\x1b[2J" not in shown(sample.hostile(), colour=True)


def test_an_empty_database_says_what_to_do() -> None:
    assert "earshot run" in shown(sample.empty())
