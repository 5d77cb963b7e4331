import pytest
from hypothesis import given
from hypothesis import strategies as st

from earshot.classify.llm.quotes import QUOTE_LIMIT, find
from tests.unit.classify.llm.threads import thread

TEXT = st.text(
    alphabet=st.sampled_from(
        [*"ab cdE.,!?\n\t\"'<>", "\u200b", "\u00a0", "\u202e", "é", "日", "😀", "\r", "\ufe0f"]
    ),
    min_size=1,
    max_size=60,
)


@given(TEXT, TEXT, st.data())
def test_a_slice_of_a_customers_message_is_found_and_stored_exactly(
    first: str, second: str, data: st.DataObject
) -> None:
    start = data.draw(st.integers(0, len(second) - 1))
    end = data.draw(st.integers(start + 1, len(second)))
    talk = thread(first, second)
    place = find(talk, " ".join(second[start:end].split()), number=2)
    words = sum(c.isalnum() for c in second[start:end])
    assert (place is not None) == (words >= 2) or words < 2
    if place is not None:
        message = next(m for m in talk.messages if m.id == place.message_id)
        assert place.quote == message.text[place.start : place.end]
        assert 0 < len(place.quote) <= QUOTE_LIMIT


@given(TEXT, TEXT)
def test_whatever_is_asked_for_what_is_given_back_is_in_the_message(text: str, quote: str) -> None:
    place = find(thread(text), quote, number=1)
    if place is not None:
        assert place.quote == text[place.start : place.end]


def test_the_named_message_comes_first() -> None:
    talk = thread("it fails again", "agent: why?", "it fails again")
    place = find(talk, "it fails", number=3)
    assert place is not None
    assert place.message_id == "m3"
    anywhere = find(talk, "it fails", number=None)
    assert anywhere is not None
    assert anywhere.message_id == "m1"


@pytest.mark.parametrize("number", [0, -1, 99, 10**30, 2, None])
def test_a_wrong_number_does_not_hide_a_true_quote(number: int | None) -> None:
    place = find(thread("the export fails", "agent: hello"), "export fails", number=number)
    assert place is not None
    assert place.message_id == "m1"


@pytest.mark.parametrize(
    "quote",
    [
        "we are sorry",
        "the import fails",
        "the export FAILS",
        "",
        "   ",
        ".",
        "the export fail…s",
        "the exportfails",
    ],
)
def test_what_no_customer_wrote_is_not_found(quote: str) -> None:
    assert find(thread("the export fails", "agent: we are sorry"), quote, number=2) is None


def test_marks_round_a_quote_and_tidied_blanks_do_not_matter() -> None:
    text = "First.\n\n  The   export\u200b fails\r\nalways"
    place = find(thread(text), "“The export fails always”", number=1)
    assert place is not None
    assert place.quote == "The   export\u200b fails\r\nalways"


def test_an_overlong_quote_is_cut_at_a_word() -> None:
    text = "word " * 100
    place = find(thread(text), text, number=1)
    assert place is not None
    assert place.quote == text[: place.end]
    assert len(place.quote) <= QUOTE_LIMIT
    assert place.quote.endswith("word")
