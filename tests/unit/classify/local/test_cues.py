"""Cue phrases and the polarity lexicon."""

import re
from collections import Counter
from itertools import chain, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earshot.classify.local.phrases import Cues, cues, parse
from earshot.classify.local.polarity import feel
from earshot.classify.local.words import tokens


def names(text: str) -> set[str]:
    shipped = cues()
    return {shipped.names[group] for group, _, _ in shipped.hits(tokens(text))}


WORDS = st.sampled_from(["a", "b", "c", "."])
CHOICES = st.lists(
    st.lists(st.sampled_from(["a", "b", "c", "*"]), max_size=2).map(" ".join), min_size=1, max_size=3
)
PARTS = st.one_of(st.sampled_from(["a", "b", "*"]), CHOICES.map(lambda words: f"({'|'.join(words)})"))
PATTERNS = st.lists(PARTS, min_size=1, max_size=4).map(" ".join)


def spelled_out(pattern: str) -> set[tuple[str, ...]]:
    """All phrases of a pattern, one by one."""
    parts = [
        [one.split() for one in alternatives.split("|")] if alternatives or not word else [[word]]
        for alternatives, word in re.findall(r"\(([^)]*)\)|(\S+)", pattern)
    ]
    return {tuple(chain.from_iterable(chosen)) for chosen in product(*parts)} - {()}


def fits(phrase: tuple[str, ...], words: list[str]) -> bool:
    """Whether a phrase is these words; a star is any word but a full stop, and begins none."""
    pairs = list(zip(phrase, words, strict=False))
    return len(phrase) == len(words) and all(
        asked == said or (asked == "*" and said != "." and at > 0) for at, (asked, said) in enumerate(pairs)
    )


@given(st.lists(st.lists(PATTERNS, max_size=3), max_size=3), st.lists(WORDS, max_size=8))
def test_every_phrase_of_every_pattern_is_found_once(groups: list[list[str]], words: list[str]) -> None:
    phrases = {
        (group, phrase) for group, texts in enumerate(groups) for text in texts for phrase in spelled_out(text)
    }
    expected = Counter(
        (group, start, end)
        for group, phrase in phrases
        for start in range(len(words))
        for end in range(start + 1, len(words) + 1)
        if fits(phrase, words[start:end])
    )
    assert Counter(Cues({str(n): texts for n, texts in enumerate(groups)}).hits(words)) == expected


def test_an_alternative_may_be_left_out() -> None:
    matcher = Cues({"g": ["(a|b c|) d"]})
    assert [matcher.hits(text.split()) for text in ("a d", "b c d", "d")] == [
        [(0, 0, 2), (0, 1, 2)],
        [(0, 0, 3), (0, 2, 3)],
        [(0, 0, 1)],
    ]
    assert matcher.hits(["b", "d"]) == [(0, 1, 2)]
    assert matcher.hits(["a"]) == []


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
