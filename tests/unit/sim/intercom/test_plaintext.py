import html

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earshot.sim.intercom.plaintext import body_of, plaintext


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (None, None),
        ("", ""),
        ("just words", "just words"),
        ("<p>One</p><p>Two</p>", "One\n\nTwo"),
        ("<p>One<br>Two</p>", "One\nTwo"),
        ("<p>a &lt; b &amp; c</p>", "a < b & c"),
        ('<p>See <a href="https://x.example/a">the page</a> now</p>', "See the page (https://x.example/a) now"),
        ('<p><a href="https://x.example">https://x.example</a></p>', "https://x.example"),
        ('<p><a href="mailto:a@x.example">a@x.example</a></p>', "a@x.example"),
        ("<ul><li>one</li><li>two</li></ul>", "- one\n- two"),
        ('<p>look</p><div><img src="https://x.example/i.png"></div>', "look"),
        ("<p>a</p><script>alert(1)</script><style>p{}</style>", "a"),
        ("<h1>Title</h1><p>x</p><p></p><p></p><p>y</p>", "Title\n\nx\n\ny"),
        ("<p>line\nbroken in source</p>", "line broken in source"),
    ],
)
def test_plaintext(body: str | None, text: str | None) -> None:
    assert plaintext(body) == text


@given(st.text())
def test_a_body_made_from_text_gives_the_text_back(text: str) -> None:
    inner = body_of(text).removeprefix("<p>").removesuffix("</p>")
    assert html.unescape(inner.replace("<br>", "\n")) == text


@given(st.text())
def test_text_in_a_body_cannot_become_markup(text: str) -> None:
    inner = body_of(text).removeprefix("<p>").removesuffix("</p>")
    assert "<" not in inner.replace("<br>", "")
