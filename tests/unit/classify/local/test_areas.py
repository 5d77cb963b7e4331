"""The affected area."""

from earshot.classify.local.areas import find, frozen
from earshot.classify.local.words import tokens


def test_a_known_area_is_named() -> None:
    assert find([(tokens("the CSV export is empty"), 1.0)]) == "export"


def test_a_configured_area_wins() -> None:
    mine = frozen({"Dispatch Board": ["planner", "planning board"]})
    assert find([(tokens("export from the planner fails"), 1.0)], mine) == "dispatch board"


def test_otherwise_the_writers_own_words_name_it() -> None:
    assert find([(tokens("my copper elbows disappeared"), 1.0)]) == "copper elbows"


def test_nothing_is_named_where_nothing_tells() -> None:
    assert find([(tokens("it does not work"), 1.0)]) is None
    assert find([([], 1.0)]) is None
