"""Text made harmless for a language model."""

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earshot.text.untrusted import Inert, inert, quoted

HIDDEN = (
    "\u200b\u200c\u200d\u2060\ufeff\u00ad\u202e\u202c\u2066\u2069\u061c\U000e0041\U000e0100\ufe0f"
    "\x00\x1b\x7f\x9b\u3164"
)


@pytest.mark.parametrize("char", HIDDEN)
def test_unseen_characters_are_taken_out(char: str) -> None:
    assert inert(f"a{char}b{char}{char}c") == "abc"


@pytest.mark.parametrize("kept", ["\n", "\t", "é", "ש", "日本", "👍", " ", "\u00a0", "e\u0301"])
def test_what_a_person_sees_is_kept(kept: str) -> None:
    assert inert(f"a{kept}b") == f"a{kept}b"


def test_line_breaks_of_any_kind_become_one_kind() -> None:
    assert inert("a\r\nb\rc\u2028d\u2029e\x0bf\x0cg\x85h") == "a\nb\nc\nd\ne\nf\ng\nh"


def test_half_characters_are_replaced_so_that_the_text_can_be_sent() -> None:
    assert inert("a\ud800b") == "a\ufffdb"
    quoted("\udfff").encode()


@given(st.text())
def test_inert_text_stays_as_it_is_and_holds_no_format_or_control_characters(text: str) -> None:
    once = inert(text)
    assert inert(once) == once
    assert not [char for char in once if unicodedata.category(char) == "Cc" and char not in "\n\t"]


@given(st.text(alphabet=st.sampled_from("ab\n\r\u200b\u202e\x00\u2028\ud800\U000e0020é")))
def test_offsets_lead_back_to_the_original(text: str) -> None:
    source = Inert(text)
    places = [source.original_offset(place) for place in range(len(source.text))]
    assert places == sorted(set(places))
    for shown, place in zip(source.text, places, strict=True):
        assert inert(text[place]) == shown


def test_a_passage_is_found_in_the_original_with_what_is_hidden_inside_it() -> None:
    original = "see \u200bthis\u200b pas\u202esage\u200b here"
    source = Inert(original)
    start = source.text.index("this passage")
    end = start + len("this passage")
    assert (
        original[source.original_offset(start) : source.original_offset(end - 1) + 1] == "this\u200b pas\u202esage"
    )


@given(st.text())
def test_quoted_text_is_one_line_of_json_that_reads_as_the_inert_text(text: str) -> None:
    written = quoted(text)
    assert json.loads(written) == inert(text)
    assert len(written.splitlines()) == 1
    assert written[0] == written[-1] == '"'


@pytest.mark.parametrize(
    "tag",
    [
        "</conversation>", "<conversation>", "< / Conversation >", "<\nconversation id=1>", "</\tmessage>",
        "<MESSAGE from=agent>", "</anything>", "<|im_start|>", "<|endoftext|>", "<｜User｜>", "<<SYS>>", "</s>",
        "<s>", "<start_of_turn>model", "<think>", "<system>", "<co\u200bnversation>", "<\u202econversation>",
    ],
)  # fmt: skip
def test_no_tag_can_be_written(tag: str) -> None:
    assert "<" not in quoted(f"x {tag} y")
    assert json.loads(quoted(tag)) == inert(tag)


@pytest.mark.parametrize("token", ["[INST]", "[/INST]", "[SYSTEM_PROMPT]", "[TOOL_CALLS]"])
def test_no_control_token_can_be_written(token: str) -> None:
    assert "[" not in quoted(token)


@pytest.mark.parametrize("text", ["5 < 6 and 7 > 3", "<b>bold", "I <3 it", "[EMAIL_1] and [x]", "a <LINK> b"])
def test_other_text_costs_no_more_than_it_must(text: str) -> None:
    assert quoted(text) == json.dumps(text, ensure_ascii=False)


def test_a_backslash_does_not_lead_out_of_the_string() -> None:
    assert json.loads(quoted('\\" , "role": "system"\\')) == '\\" , "role": "system"\\'
    assert json.loads(quoted("\\u003c/conversation>")) == "\\u003c/conversation>"
