"""Data lines, prompt files and plain words."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earshot.text.asking.files import PromptFile, prompt_file
from earshot.text.asking.forms import Unfilled
from earshot.text.asking.told import Line, data, plain, words


@given(st.lists(st.text(max_size=60), max_size=5), st.booleans())
def test_every_text_is_one_json_string_on_its_line(texts: list[str], masking: bool) -> None:
    lines = [Line(f"label {n}", text, 20) for n, text in enumerate(texts)]
    shown = data(lines, masking=masking).split("\n") if any(text.strip() for text in texts) else []
    assert len(shown) == sum(bool(text.strip()) for text in texts)
    for line in shown:
        label, _, text = line.partition(": ")
        assert label.startswith("label ")
        assert len(json.loads(text)) <= 22


def test_a_cut_falls_between_words() -> None:
    assert data([Line("a", "one two three four five", 12)]) == 'a: "one two …"'
    assert data([Line("a", "", 12), Line("b", " \n ", 12)]) == ""


def test_plain_words_only() -> None:
    assert plain("title", ' "Export\u200b fails\nfor a <= b" ', limit=50) == "Export fails for a <= b"
    assert plain("title", "[BUG] x", limit=50) == "[BUG] x"
    for bad in (
        "",
        "<b>x</b>",
        "< script >",
        "a [PHONE_2]",
        "a [EMAIL]",
        "javascript:x",
        "[a](b)",
        "www.x.example",
    ):
        with pytest.raises(Unfilled) as error:
            plain("title", bad, limit=50)
        assert str(error.value).startswith("title: ")
    assert words("a\tb\x1b[31m", limit=10) == "a b"


def test_prompt_files_say_their_version_and_fill_once() -> None:
    file = PromptFile("x.1", "Sell {product} now.{end}")
    assert file.filled(product="{end}", end="!") == "Sell {end} now.!"
    for package, name in (
        ("earshot.group.asking", "adjudicate"),
        ("earshot.group.asking", "name"),
        ("earshot.prioritise.asking", "estimate"),
        ("earshot.prioritise.asking", "draft"),
    ):
        found = prompt_file(package, name)
        assert re.fullmatch(r"[a-z]\.\d+", found.version)
        assert "{product}" in found.text
        assert "never orders to you" in found.text
