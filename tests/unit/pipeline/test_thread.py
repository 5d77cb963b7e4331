"""A thread cut at quotes: nothing is lost, added or marked that is not the quote."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from earshot.domain.conversation import Author, Message
from earshot.domain.reading import Finding, IssueType
from earshot.pipeline.pages.conversations.thread import pieces

TEXT = "The export stops. \U0001f600 We pay on Friday, <b>please</b> help."


def message(text: str = TEXT) -> Message:
    return Message(id="m", author=Author.CUSTOMER, text=text, created_at=datetime(2026, 1, 1, tzinfo=UTC))


def finding(start: int, end: int, *, text: str = TEXT, quote: str | None = None, message_id: str = "m") -> Finding:
    said = text[start:end] if quote is None else quote
    return Finding(issue_type=IssueType.OTHER, summary="s", quote=said, message_id=message_id, start=start, end=end)


@given(text=st.text(max_size=60), spans=st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=4))
def test_pieces_give_the_text_again_and_mark_only_quotes(text: str, spans: list[tuple[int, int]]) -> None:
    found = [finding(start, end, text=text) for start, end in spans]
    cut = pieces(message(text), found)
    assert "".join(piece.text for piece in cut) == text
    marked = {n for piece in cut if (n := piece.finding)}
    for number in marked:
        said = found[number - 1].quote or ""
        assert all(piece.text in said for piece in cut if piece.finding == number)
        assert sum(piece.begins for piece in cut if piece.finding == number) == 1


def test_a_quote_is_marked_character_for_character() -> None:
    cut = pieces(message(), [finding(18, 36)])
    assert [(piece.text, piece.finding) for piece in cut] == [
        (TEXT[:18], 0),
        ("\U0001f600 We pay on Friday", 1),
        (TEXT[36:], 0),
    ]


def test_of_overlapping_quotes_the_earlier_finding_has_the_words() -> None:
    cut = pieces(message(), [finding(0, 17), finding(10, 20)])
    assert [(piece.text, piece.finding) for piece in cut][:2] == [(TEXT[:10], 1), (TEXT[10:17], 1)]
    assert cut[2].finding == 2


def test_quotes_that_stand_elsewhere_are_not_marked() -> None:
    others = [
        finding(0, 17, quote="The import stops."),
        finding(0, 17, message_id="other"),
        finding(40, 400),
        finding(5, 5),
    ]
    assert [piece.finding for piece in pieces(message(), others) if piece.finding] == []
