"""HTML to plain text."""

import html as escaping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earshot.text.html import decode_entities, html_to_text, looks_like_html


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("<p>Hello</p>", "Hello"),
        ("<p>One</p><p>Two</p>", "One\n\nTwo"),
        ("<p>One</p>\n\n<p></p>\n<p>Two</p>", "One\n\nTwo"),
        ("<div>One</div><div>Two</div>", "One\nTwo"),
        ("<p>One<br>Two<br/>Three</p>", "One\nTwo\nThree"),
        ("<p>One<br><br>Two</p>", "One\n\nTwo"),
        ("<p>a &amp; b &lt;c&gt; &#39;d&#39; &nbsp;e</p>", "a & b <c> 'd' \u00a0e"),
        ("<p>much   white\n\t space</p>", "much white space"),
        ("<p>a <b>bold</b> word<i>s</i></p>", "a bold words"),
        ("<ul><li>one</li><li>two</li></ul><p>end</p>", "- one\n- two\n\nend"),
        ("<pre>  code\n    more</pre>", "code\n    more"),
        ("<h1>Title</h1>text", "Title\n\ntext"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc"),
        ('<p>see <a href="https://x.example/y">the page</a>.</p>', "see the page (https://x.example/y)."),
        ('<p><a href="https://x.example/">https://x.example/</a></p>', "https://x.example/"),
        ('<p><a href="https://x.example">x.example</a></p>', "x.example"),
        ('<p><a href="mailto:a@b.example">a@b.example</a></p>', "a@b.example"),
        ('<p><a href="https://x.example"></a></p>', "https://x.example"),
        ('<p><a href="javascript:alert(1)">click</a> <a>none</a></p>', "click none"),
        ("<p>safe</p><script>alert(1)</script><style>p{}</style>", "safe"),
        ("<!-- hidden --><p>shown</p>", "shown"),
        ("<p>unclosed <b>tags", "unclosed tags"),
        ("", ""),
        ("<p>  </p>", ""),
    ],
)
def test_what_people_would_read(body: str, text: str) -> None:
    assert html_to_text(body).text == text


def test_images_are_counted_and_leave_no_text() -> None:
    assert html_to_text('<p>look<img src="a.png" alt="secret"></p><div><img src="b.png"></div>') == ("look", 2)


@pytest.mark.parametrize(
    ("body", "is_html"),
    [
        ("<p>x</p>", True),
        ("  <p class='a'>x</p>\n", True),
        ("<div><p>x</p></div>", True),
        ("<p>x</p><br>", True),
        ("<img src='x'/>", True),
        ("<!DOCTYPE html><html><body>x</body></html>", True),
        ("plain", False),
        ("a < b and c > d", False),
        ("<p>starts only", False),
        ("ends only</p>", False),
        ("<MyComponent>code</MyComponent>", False),
        ("<ann@firm.example> wrote</p>", False),
        ("", False),
    ],
)
def test_telling_html_from_text(body: str, *, is_html: bool) -> None:
    assert looks_like_html(body) is is_html


@settings(deadline=None)
@given(st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"])))
def test_escaped_text_comes_back_but_for_white_space(text: str) -> None:
    found = html_to_text(f"<p>{escaping.escape(text)}</p>").text
    assert found.split() == text.split()


@settings(deadline=None)
@given(st.text())
def test_nothing_makes_it_fail(body: str) -> None:
    assert html_to_text(body).images >= 0
    assert looks_like_html(body) in (True, False)


@pytest.mark.parametrize(
    "body",
    [
        "<div>" * 100_000 + "x",
        "<b><i>" * 60_000 + "x",
        "<" * 300_000,
        "<p " * 100_000,
        "<!DOCTYPE " * 50_000,
        " " * 300_000 + "<",
        "<p>" + "&" * 300_000,
    ],
    ids=["deep blocks", "deep marks", "angles", "open tags", "doctypes", "spaces", "ampersands"],
)
def test_hostile_bodies_cost_little(body: str) -> None:
    """Anything quadratic would take minutes here."""
    assert not looks_like_html(body)
    assert "<div>" not in html_to_text(body).text


def test_entities_are_decoded_once() -> None:
    assert decode_entities("a &amp;amp; b") == "a &amp; b"
    assert decode_entities("plain") == "plain"
