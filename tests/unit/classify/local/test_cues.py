"""Cue phrases and the polarity lexicon."""

import pytest

from earshot.classify.local.phrases import Cues, cues, expand, parse
from earshot.classify.local.polarity import feel
from earshot.classify.local.words import tokens


def names(text: str) -> set[str]:
    shipped = cues()
    return {shipped.names[group] for group, _, _ in shipped.hits(tokens(text))}


def test_patterns_expand_to_phrases() -> None:
    assert set(expand("(a|b c|) d")) == {("a", "d"), ("b", "c", "d"), ("d",)}


def test_a_cue_file_has_groups_and_comments() -> None:
    assert parse("# x\n[one]\na b\n\n[two]\nc\n[one]\nd") == {"one": ["a b", "d"], "two": ["c"]}


def test_a_star_is_one_word_within_a_sentence() -> None:
    matcher = Cues({"g": ["so * yes"]})
    assert matcher.hits(["so", "very", "yes"]) == [(0, 0, 3)]
    assert matcher.hits(["so", ".", "yes"]) == []
    assert matcher.hits(["so"]) == []


@pytest.mark.parametrize(
    ("text", "group"),
    [
        ("The export doesn't work any more", "not_working"),
        ("It would be great to have a dark mode", "wish"),
        ("How do I change the colour?", "how_do"),
        ("I forgot my password", "password"),
        ("I was charged twice", "charge"),
        ("We are switching to another provider", "leave"),
        ("all my mails have vanished", "lost"),
        ("this is really confusing", "ux_confused"),
    ],
)
def test_shipped_cues_hear(text: str, group: str) -> None:
    assert group in names(text)


@pytest.mark.parametrize("text", ["I lost my card", "please move it to the left", "can I leave this empty?"])
def test_leaving_is_not_heard_in_everyday_words(text: str) -> None:
    assert "leave" not in names(text)


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ("this is great", "this is not great"),
        ("this is really great", "this is great"),
        ("this is bad", "this is very bad"),
        ("fine", "😡"),
        ("👍", "ok"),
        ("thank you so much", "thanks for nothing"),
    ],
)
def test_feelings_are_ordered(better: str, worse: str) -> None:
    assert feel(tokens(better)).score > feel(tokens(worse)).score


def test_no_feeling_is_zero() -> None:
    assert feel(tokens("the export is empty")).score == 0.0
    assert feel([]).score == 0.0
