"""Tokens, quoted history, signatures, zones and sentences."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earshot.classify.local.sentences import is_courtesy, sentences
from earshot.classify.local.words import own_words, shouting, tokens, without_signature
from earshot.classify.local.zones import first_matter, split
from tests.unit.classify.local.talk import talk


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I can't log in!", ["i", "cant", "log", "in", "!"]),
        ("I can’t", ["i", "cant"]),
        ("See https://x.example/a?b=1 now", ["see", "xurl", "now"]),
        ("mail me: bob@example.com", ["mail", "me", "xmail"]),
        ("paid 300 twice. ok?", ["paid", "0", "twice", ".", "ok", "?"]),
        ("run `rm -rf x` please", ["run", "xcode", "please"]),
        ("nice :) 👍", ["nice", "xsmile", "👍"]),
        ("", []),
    ],
)
def test_tokens(text: str, expected: list[str]) -> None:
    assert tokens(text) == expected


def test_quoted_history_is_not_the_writers_words() -> None:
    text = "It still fails.\n\nOn Mon, 2 Mar 2026 at 10:01, Support <s@example.com> wrote:\n> Please restart it."
    assert own_words(text).strip() == "It still fails."
    assert "restart" not in own_words("> please restart\nno luck")


def test_names_below_a_closing_formula_are_cut() -> None:
    assert (
        without_signature("The map is off.\nKind regards\nJo\nPool Services Ltd") == "The map is off.\nKind regards"
    )
    kept = "Thanks\nThe map is off by a mile and that has been so for weeks, in every browser that we tried so far."
    assert without_signature(kept) == kept


def test_shouting_is_measured_on_real_words_only() -> None:
    assert shouting("THIS DOES NOT WORK AT ALL") == 1.0
    assert shouting("Please look at the PDF export") < 0.3


def test_the_first_matter_ends_where_the_writer_turns() -> None:
    text = "The totals in the report are wrong since Monday. Separately, could you add a dark theme?"
    first, rest = first_matter(text)
    assert first == "The totals in the report are wrong since Monday."
    assert rest == "Separately, could you add a dark theme?"
    assert first_matter("Also, it is slow.") == ("Also, it is slow.", "")


def test_zones_keep_speakers_apart() -> None:
    zones = split(
        talk(
            "It fails. " * 40, "agent: Which version?", "other: same here", "bot: hello", "Version 3", title="Help"
        )
    )
    assert zones.title == "Help"
    assert "It fails." in zones.opening
    assert zones.later == "Version 3"
    assert zones.others == "same here"
    assert zones.agent == "Which version?"
    assert "hello" not in zones.agent + zones.later + zones.others


def test_a_short_opening_goes_on_over_the_next_messages() -> None:
    assert split(talk("hi", "the export is empty")).opening == "hi\nthe export is empty"


def test_sentences_skip_courtesy_code_and_quotes() -> None:
    text = "Hi Anna,\n> old words here\nThe export is empty. Why?\n```\ncode here\n```\nBest regards, Jo"
    assert [s.text for s in sentences(text)] == ["The export is empty.", "Why?"]
    assert is_courtesy("Thanks a lot!")
    assert not is_courtesy("Thanks to the update nothing works")


@given(st.text(max_size=400))
def test_every_sentence_is_where_it_says(text: str) -> None:
    for sentence in sentences(text):
        assert text[sentence.start : sentence.end] == sentence.text
        assert sentence.text.strip() == sentence.text != ""
