import json

from hypothesis import given
from hypothesis import strategies as st

from earshot.sim.llm.tokens import count, count_static, cut


@given(st.text())
def test_there_are_never_more_tokens_than_bytes(text: str) -> None:
    assert 0 <= count(text) <= len(text.encode("utf-8", "surrogatepass"))
    assert count(text) == count_static(text)


@given(st.text(), st.integers(0, 20))
def test_a_cut_text_is_a_beginning_of_at_most_so_many_tokens(text: str, most: int) -> None:
    short = cut(text, most)
    assert text.startswith(short)
    assert count(short) == min(most, count(text))


def test_english_costs_about_a_token_a_word() -> None:
    text = "The export of our monthly invoice fails since the last update, please help."
    assert 14 <= count(text) <= 20
    assert count("こんにちは") == 5
    assert count(json.dumps({"a": 1})) == 7
