from hypothesis import given
from hypothesis import strategies as st

from earshot.store.cleaning import clean, clean_json, clean_or_none

TEXT = st.text(st.characters(codec=None))


@given(TEXT)
def test_cleaned_text_can_be_stored_and_cleaning_again_changes_nothing(text: str) -> None:
    cleaned = clean(text)
    cleaned.encode("utf-8")
    assert "\x00" not in cleaned
    assert clean(cleaned) == cleaned


@given(st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"])))
def test_what_can_be_stored_is_left_alone(text: str) -> None:
    assert clean(text) == text
    assert clean_or_none(text) == text


def test_json_is_cleaned_throughout() -> None:
    dirty = {"a\x00": ["\ud800", {"b": "c\x00d"}, 1, None, True], 5: ("x",)}
    assert clean_json(dirty) == {"a": ["�", {"b": "cd"}, 1, None, True], "5": ["x"]}
    assert clean_or_none(None) is None
