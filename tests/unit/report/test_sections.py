"""What the sections say, before they are rendered."""

from datetime import timedelta

import pytest

from earshot.domain.action import ActionStatus, Subject
from earshot.domain.report import AuditState, Cost, Report, Totals
from earshot.domain.run import Completeness, Gap
from earshot.report.key_figures import key_numbers
from earshot.report.lists import actions, criticals, high_churn, themes
from earshot.report.sections import SECTIONS, page
from earshot.report.upkeep import completeness, cost, notes
from earshot.report.views import (
    Bullets,
    Cell,
    Facts,
    KeyFigure,
    KeyFigures,
    Listing,
    Paragraph,
    Section,
    Table,
    Tasks,
    ThemeItem,
    Themes,
    Tone,
    Voices,
)

from . import sample


def figures(report: Report) -> dict[str, KeyFigure]:
    (block,) = key_numbers(report).blocks
    assert isinstance(block, KeyFigures)
    return {figure.id: figure for figure in block.items}


def paragraph(section: Section) -> Paragraph:
    block = section.blocks[0]
    assert isinstance(block, Paragraph)
    return block


def facts(section: Section) -> dict[str, str]:
    block = next(block for block in section.blocks if isinstance(block, Facts))
    return {fact.term: fact.value for fact in block.items}


def items(report: Report) -> tuple[ThemeItem, ...]:
    (block,) = themes(report).blocks
    assert isinstance(block, Themes)
    return block.items


def bullets(section: Section) -> str:
    return " ".join(text for block in section.blocks if isinstance(block, Bullets) for text in block.items)


def test_every_key_number_says_what_it_means_and_how_sure_it_is() -> None:
    shown = figures(sample.report())
    assert list(shown) == ["conversations", "customers", "critical", "churn", "sentiment"]
    assert all(figure.meaning and figure.certainty for figure in shown.values())
    assert "unsure of 42 of them (11%)" in shown["conversations"].certainty[1]
    assert shown["critical"].certainty == ("3.7% of conversations; 95% interval 2.2% to 6.0%, n = 383.",)
    assert shown["critical"].where == (("priority", "CRITICAL"),)
    assert shown["sentiment"].certainty == ("95% interval \u22120.23 to \u22120.13, n = 383.",)
    assert shown["sentiment"].change_tone is Tone.BAD
    assert shown["conversations"].change == "+31\u00a0(+9%), was\u00a0352"


def test_few_conversations_are_a_warning() -> None:
    few = sample.report(totals=Totals(conversations=8, customers=6, critical=2, avg_sentiment=-0.4))
    shown = figures(few)
    assert "Few conversations (n = 8): read with care." in shown["critical"].certainty
    assert shown["sentiment"].certainty[0] == "Spread unknown, n = 8."


def test_without_a_window_before_no_change_is_claimed() -> None:
    report = sample.report(held_since=sample.START)
    assert all(not figure.change and figure.previous is None for figure in figures(report).values())
    lead = key_numbers(report).lead
    assert "No comparison" in lead
    assert "26 Oct 2026, 00:00" in lead
    assert items(report)[0].bar_before is None
    assert "mark on a bar" not in themes(report).lead
    assert "not held completely" in bullets(notes(report))


@pytest.mark.parametrize("name", [name for name in SECTIONS if name not in {"news", "audit"}])
def test_an_empty_database_says_what_to_do_in_every_section(name: str) -> None:
    shown = SECTIONS[name](sample.empty())
    assert isinstance(shown, Section)
    assert shown.id == name
    assert shown.blocks
    if shown.id in {"numbers", "themes", "issues", "sentiment", "actions", "completeness"}:
        assert (paragraph(shown).command or "").startswith("earshot ")


def test_fetched_but_outside_the_window() -> None:
    held = sample.empty().model_copy(update={"completeness": Completeness(seen=3, fetched=3)})
    assert paragraph(key_numbers(held)).command == "earshot report --since 90d"


def test_themes_carry_frequency_customers_money_and_words() -> None:
    first, *_, last = items(sample.report())
    assert (first.conversations, first.customers, first.mrr, first.sentiment) == (
        "41",
        "29",
        "$48,200",
        "\u22120.61",
    )
    assert (first.bar, round(first.bar_before or 0, 3)) == (1.0, 0.293)
    assert len(first.quotes) == 3
    assert [link.text for link in first.more] == ["215300000003", "215300000004"]
    assert first.quotes[0].link.url == "https://app.example.com/inbox/215300000000"
    assert first.segments == "Enterprise, SMB"
    assert (last.change, last.change_tone, last.quotes) == ("new", Tone.MARK, ())
    unknown = items(sample.report())[4]
    assert unknown.mrr == "unknown"


def test_the_same_words_stand_once() -> None:
    quotes = tuple(
        sample.quote(text, n) for n, text in enumerate(("Same words.", "same words.", "Others.", "Same words."))
    )
    (item,) = items(sample.report(themes=(sample.theme(0).model_copy(update={"quotes": quotes}),)))
    assert [said.text for said in item.quotes] == ["Same words.", "Others."]
    assert [link.text for link in item.more] == ["215300000001", "215300000003"]
    both = sample.highlight(0, summary="nobody can sign in.", quote="Nobody can sign in.")
    (block,) = criticals(sample.report(criticals=(both,))).blocks
    assert isinstance(block, Voices)
    assert (block.items[0].summary, block.items[0].quote) == ("“Nobody can sign in.”", None)


def test_long_quotes_are_cut_and_bad_addresses_dropped() -> None:
    quote = sample.quote("word " * 200, 1).model_copy(update={"url": sample.HOSTILE_URL, "said_at": None})
    (item,) = items(sample.report(themes=(sample.theme(0).model_copy(update={"quotes": (quote,)}),)))
    assert len(item.quotes[0].text) <= 320
    assert item.quotes[0].text.endswith("…")
    assert item.quotes[0].link.url is None
    assert item.quotes[0].when == ""


def test_lists_say_how_many_they_leave_out() -> None:
    report = sample.report()
    assert criticals(report).lead.startswith("6 of 14 critical conversations")
    exact = report.totals.model_copy(update={"critical": 6, "high_churn": 4})
    whole = report.model_copy(update={"totals": exact})
    assert criticals(whole).lead == "All 6 critical conversations of this window."
    assert high_churn(whole).lead == "All 4 conversations with high churn risk of this window."
    one = report.model_copy(
        update={"criticals": report.criticals[:1], "totals": exact.model_copy(update={"critical": 1})}
    )
    assert criticals(one).lead == "1 critical conversation in this window."
    none = report.model_copy(update={"criticals": (), "high_churn": ()})
    assert paragraph(criticals(none)).tone is Tone.GOOD
    assert paragraph(high_churn(none)).tone is Tone.GOOD


def test_a_voice_says_who_and_how_sure() -> None:
    (block,) = criticals(sample.report()).blocks
    assert isinstance(block, Voices)
    known, _, unknown = block.items[:3]
    assert known.who == "Mara Lindqvist, Halden Freight"
    assert ("High churn risk", Tone.WARN) in known.tags
    assert "MRR $4,800" in known.facts
    assert unknown.who == "Unknown customer"
    assert "MRR unknown" in unknown.facts
    assert ("reader unsure (0.43)", Tone.PLAIN) in unknown.tags


def test_a_dry_run_is_said_clearly() -> None:
    assert "none of those listed was carried out" in paragraph(actions(sample.report())).text
    mixed = (
        sample.action(0),
        sample.action(1, dry_run=False, status=ActionStatus.COMPLETED),
        sample.action(2, dry_run=False, status=ActionStatus.FAILED),
    )
    shown = actions(sample.report(actions=mixed))
    assert "1 of the 3 actions below" in paragraph(shown).text
    tasks = next(block for block in shown.blocks if isinstance(block, Tasks)).items
    assert [(task.state, task.state_tone) for task in tasks] == [
        ("dry run, not sent", Tone.PLAIN),
        ("done", Tone.GOOD),
        ("failed", Tone.BAD),
    ]
    real = actions(sample.report(actions=mixed[1:]))
    assert "dry run" not in paragraph(real).text.lower()


def test_actions_are_counted_in_words() -> None:
    shown = actions(sample.report())
    assert bullets(shown).startswith("9 × Create a ticket 4 × Alert the customer success manager")
    assert "7 of 16" in shown.lead
    assert "earshot actions list" in shown.lead
    uncounted = actions(sample.report(action_counts={}))
    assert "1 × Page the engineer on call" in bullets(uncounted)
    assert "earshot actions list" not in uncounted.lead
    by_status = actions(sample.report(action_counts={"PENDING": 2, "SOMETHING_NEW": 1}))
    assert bullets(by_status) == "2 × waiting 1 × Something new"
    tasks = next(block for block in shown.blocks if isinstance(block, Tasks)).items
    assert any(task.about == "theme “Large CSV exports stop at half and never arrive”" for task in tasks)
    assert any(task.about == "" for task in tasks)


def test_unknown_cost_is_unknown() -> None:
    paid = Cost(usd=None, calls=10, input_tokens=5000, output_tokens=700, by_model={"medium": 10})
    shown = facts(cost(sample.report(cost=paid)))
    assert shown["Spent"] == "unknown"
    assert "Per conversation" not in shown
    assert shown["Tokens in"] == "5,000"
    priced = facts(cost(sample.report(cost=paid.model_copy(update={"usd": 0.25}))))
    assert (priced["Spent"], priced["Per conversation"]) == ("$0.25", "$0.0250")
    local = facts(cost(sample.report()))
    assert (local["Spent"], local["Model calls"]) == ("$0.00", "0")


def test_a_gap_is_named_and_warned_about_at_the_top() -> None:
    held = Completeness(
        seen=10,
        fetched=7,
        failed=1,
        truncated=2,
        parts_expected=50,
        parts_held=44,
        unknown_kinds={"part_type:teleport": 3},
        gaps=(Gap(what="conversation 77", reason="answered 500 five times"),),
    )
    report = sample.report(completeness=held, unread=2)
    section = completeness(report)
    assert paragraph(section).tone is Tone.BAD
    assert paragraph(section).command == "earshot sync"
    shown = facts(section)
    assert shown["Parts"] == "44 of 50"
    assert shown["Unknown: part_type:teleport"] == "3"
    assert shown["Truncated"] == "2"
    table = next(block for block in section.blocks if isinstance(block, Table))
    assert table.rows == ((Cell("conversation 77"), Cell("answered 500 five times")),)
    warnings = page(report).warnings
    assert warnings[0].tone is Tone.BAD
    assert warnings[0].text.startswith("This report is incomplete: 1 gap")
    assert warnings[1].tone is Tone.WARN
    assert warnings[1].text == "2 conversations could not be read and are not counted."
    (one,) = page(sample.report(unread=1)).warnings
    assert one.text == "1 conversation could not be read and is not counted."


def test_thousands_of_gaps_are_counted_and_the_first_named() -> None:
    gaps = tuple(Gap(what=f"conversation {n}", reason="gone") for n in range(500))
    section = completeness(sample.report(completeness=Completeness(gaps=gaps)))
    table = next(block for block in section.blocks if isinstance(block, Table))
    assert len(table.rows) == 200
    assert table.caption == "What is missing, first 200 of 500"


def test_a_whole_sync_says_so() -> None:
    section = completeness(sample.report(completeness_at=None))
    assert paragraph(section).text == "Complete: nothing was missing after the last sync."


def test_what_is_not_counted_is_said() -> None:
    text = bullets(notes(sample.report(unread=2, undated=5)))
    assert "2 conversations could not be read" in text
    assert "5 conversations came without times" in text
    assert "21 conversations were left out" in text
    assert "Europe/Berlin" in text
    everything = sample.report().window.model_copy(update={"start": sample.START.replace(year=1970)})
    text = bullets(notes(sample.report(window=everything, undated=5, filtered_out=0)))
    assert "without times" not in text
    assert "the first conversation to" in text


def test_whole_days_and_weeks_need_no_caveat() -> None:
    end = sample.START + timedelta(days=21, hours=1)  # summer time ended in between
    window = sample.report().window.model_copy(update={"start": sample.START - timedelta(hours=1), "end": end})
    text = bullets(notes(sample.report(window=window)))
    partial = bullets(notes(sample.report()))
    assert "different weekdays" in partial
    assert "not whole" in partial
    assert "different weekdays" not in text


def test_the_rows_behind_a_number_can_be_listed() -> None:
    listing = next(block for block in notes(sample.report()).blocks if isinstance(block, Listing))
    assert "conversation_at >= '2026-10-25T23:00:00+00:00'" in listing.text
    assert "conversation_insights" in listing.text


def test_an_action_whose_theme_is_not_known_yet_names_what_is_known() -> None:
    early = sample.action(0, subject=Subject.THEME, subject_id="provisional:PRODUCT_BUG:billing:CRITICAL")
    tasks = next(block for block in actions(sample.report(actions=(early,))).blocks if isinstance(block, Tasks))
    assert tasks.items[0].about == "critical product bug in billing (theme not known yet)"


def test_the_state_of_the_audit_is_told_once_somebody_labelled() -> None:
    assert SECTIONS["audit"](sample.report()) is None
    state = AuditState(labels=48, agreement=0.79, low=0.65, high=0.88, target=0.8, standing="unsure")
    section = SECTIONS["audit"](sample.report().model_copy(update={"audit": state}))
    assert section is not None
    (block,) = section.blocks
    assert isinstance(block, Facts)
    assert (block.items[0].value, block.items[1].note) == ("79%", "not sure yet")
    assert "65% to 88%, 48 labels" in block.items[0].note
