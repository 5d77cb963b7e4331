"""What is counted of a text: words and concepts of all its parts, the title twice, repeated words less and less."""

import pytest

from earshot.group.likeness.told import Told, counted
from earshot.group.telling import lexicon_from
from earshot.group.terms import is_pair
from tests.unit.group.likeness.texts import WORDS


def test_a_word_of_the_title_counts_more_than_one_of_the_body() -> None:
    terms = counted(Told("export", "calendar"), WORDS).terms
    assert terms["#export"] > terms.get("#calendar", 0.0) > 0


def test_repeating_a_word_counts_less_and_less() -> None:
    once, thrice, often = (counted(Told("", "grommet " * n), WORDS).terms["grommet"] for n in (1, 3, 90))
    assert once == pytest.approx(1.0)
    assert 1.0 < thrice < 3.0
    assert often < 2.0


def test_matters_and_area_are_among_the_terms() -> None:
    terms = counted(Told("our card was charged twice", area="widgetry"), WORDS).terms
    assert "@chargedtwice" in terms
    assert "widgetry" in terms


def test_pairs_stand_apart() -> None:
    parts = counted(Told("brass grommet falls"), WORDS)
    assert "brass grommet" in parts.pairs
    assert not any(map(is_pair, parts.terms))


def test_pictures_are_all_there_is_of_a_wordless_text() -> None:
    assert counted(Told("👎👎"), WORDS).terms == {"!👎": 1.0}


def test_term_counts_hold_everything_that_is_weighed() -> None:
    told = Told("purple widget", "falls down", reply="replace the bracket", area="frames")
    parts = counted(told, WORDS)
    held = lexicon_from([told], words=WORDS, most=1_000).frequencies.keys()
    assert {term for term in parts.reply if not is_pair(term)} | parts.terms.keys() <= held
