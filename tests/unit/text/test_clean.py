"""Text that can be stored, and text fit for one line."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earshot.text.clean import one_line, storable


@settings(deadline=None)
@given(st.text(alphabet=st.characters(exclude_characters="\x00", exclude_categories=["Cs"])))
def test_ordinary_text_is_untouched(text: str) -> None:
    assert storable(text) == text


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("a\x00b", "a\ufffdb"),
        ("a\ud800b", "a\ufffdb"),
        ("\udc00", "\ufffd"),
        ("\x00é\ud83d", "\ufffdé\ufffd"),
        ("\ud83d\ude00", "😀"),
    ],
)
def test_what_cannot_be_stored_is_replaced(text: str, stored: str) -> None:
    assert storable(text) == stored


@settings(deadline=None)
@given(st.text(alphabet=st.characters()))
def test_anything_becomes_storable(text: str) -> None:
    found = storable(text)
    assert "\x00" not in found
    assert found.encode().decode() == found


def test_one_line_is_printable_and_short() -> None:
    assert one_line("a\n\tb\x1b[31m  c", limit=50) == "a b [31m c"
    assert one_line("x" * 100, limit=10) == "x" * 9 + "…"
    assert len(one_line("y " * 10_000, limit=60)) <= 60
