"""The headline and the words for changes."""

from datetime import timedelta

from earshot.domain.report import DayCount, Totals
from earshot.report.change import comparable, count_change, headline, score_change, theme_change
from earshot.report.views import Tone

from . import sample


def test_the_greatest_clear_theme_makes_the_headline() -> None:
    shown = headline(sample.report())
    assert shown.sentence == ("“Large CSV exports stop at half and never arrive” rose from 12 to 41 conversations")
    assert any("read-only seats" in text and "from 9 to 27" in text for text in shown.also)
    assert len(shown.also) <= 3


def test_a_quiet_window_says_so() -> None:
    report = sample.report()
    quiet = report.model_copy(update={"previous": report.totals, "themes": (sample.theme(1),)})
    shown = headline(quiet)
    assert shown.sentence.startswith("No clear change: 383 conversations from 237 customers, against 383 in the 30")
    assert shown.also == ("Most raised: “Charged twice after switching from monthly to yearly” (33).",)
    assert headline(quiet.model_copy(update={"themes": ()})).also == ()


def test_without_a_window_before_nothing_is_compared_with_it() -> None:
    for missing in ({"held_since": sample.START}, {"held_since": None, "previous": Totals()}):
        report = sample.report(**missing)
        assert not comparable(report)
        shown = headline(report)
        assert shown.sentence == "383 conversations from 237 customers"
        assert shown.also[0].startswith("Most raised: “Large CSV")
        assert "cannot be said" in shown.also[1]
        assert theme_change(report, report.themes[0]) == ("", Tone.PLAIN)


def test_without_a_window_before_the_last_two_weeks_may_tell() -> None:
    last = sample.NOW.date() - timedelta(days=1)
    rows = tuple(
        DayCount(day=last - timedelta(days=n), issue_type="BILLING", conversations=9 if n < 7 else 2)
        for n in range(14)
    )
    today = DayCount(day=sample.NOW.date(), issue_type="BILLING", conversations=500)
    report = sample.report(held_since=sample.START, issue_days=(*rows, today))
    shown = headline(report)
    assert shown.sentence == "Billing rose from 14 to 63 conversations in the last 7 whole days"
    assert shown.also[0] == "383 conversations from 237 customers."
    young = report.model_copy(update={"held_since": sample.NOW - timedelta(days=10)})
    assert headline(young).sentence == "383 conversations from 237 customers"
    short = report.window.model_copy(update={"start": sample.NOW - timedelta(days=12)})
    late = report.model_copy(update={"window": short, "held_since": short.start})
    assert headline(late).sentence == "383 conversations from 237 customers"


def test_a_window_before_that_is_held_is_compared_even_when_it_is_empty() -> None:
    report = sample.report(previous=Totals(), held_since=sample.START - timedelta(days=40))
    assert comparable(report)
    report = sample.report(held_since=None)
    assert comparable(report)


def test_new_and_returning_themes() -> None:
    report = sample.report()
    new = sample.theme(5)
    assert theme_change(report, new) == ("new", Tone.MARK)
    back = new.model_copy(update={"first_seen": sample.START - timedelta(days=90)})
    assert theme_change(report, back)[0] == "none before"
    only = sample.report(themes=(back,))
    assert "came back: 14 conversations" in headline(only).sentence
    assert "is new: 14 conversations" in headline(sample.report(themes=(new,))).sentence


def test_colours_only_beyond_chance() -> None:
    assert count_change(14, 14, rise=Tone.BAD) == ("no change, was\u00a014", Tone.PLAIN)
    assert count_change(15, 12, rise=Tone.BAD) == ("+3\u00a0(+25%), was\u00a012", Tone.PLAIN)
    assert count_change(41, 12, rise=Tone.BAD)[1] is Tone.BAD
    assert count_change(12, 41, rise=Tone.BAD)[1] is Tone.GOOD
    assert count_change(41, 12, rise=Tone.MARK)[1] is Tone.MARK
    assert count_change(41, 12, rise=Tone.PLAIN)[1] is Tone.PLAIN
    assert count_change(9, 3, rise=Tone.BAD)[0] == "+6, was\u00a03"


def test_changes_of_sentiment() -> None:
    report = sample.report()
    assert score_change(report) == ("\u22120.07, was\u00a0\u22120.11", Tone.BAD)
    same = report.model_copy(update={"previous": report.totals})
    assert score_change(same)[0] == "no change, was\u00a0\u22120.18"
    nothing = report.model_copy(update={"previous": Totals(conversations=3)})
    assert score_change(nothing) == ("nothing to compare with", Tone.PLAIN)
    better = report.model_copy(update={"totals": report.totals.model_copy(update={"avg_sentiment": 0.2})})
    assert score_change(better)[1] is Tone.GOOD
    assert headline(better.model_copy(update={"themes": ()})).sentence.startswith("Average sentiment rose")


def test_an_empty_window() -> None:
    assert headline(sample.empty()).sentence == "No conversations in this window yet"
