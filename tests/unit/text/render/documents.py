"""Documents to render: an ordinary one, and any that hypothesis thinks of, with hostile texts in it."""

from hypothesis import strategies as st

from earshot.domain.document import Bullets, Document, Heading, Paragraph, Quotation, Span

HOSTILE = [
    "<!channel> <!here> <!everyone> <@U012ABC> <#C012> <https://evil.test|click>",
    "@channel @here @everyone @ana",
    "<script>alert(1)</script><img src=https://evil.test/x.png onerror=x>",
    "![x](https://evil.test/x.png) [here](javascript:alert(1)) <https://evil.test>",
    "**bold** _it_ ~no~ `code` ```block```",
    "# heading\n- bullet\n> quote\n1. one\n---",
    "&lt;b&gt; &amp; &#60;script&#62;",
    "a\u202eb\u200bc\u2066d\ufeff",
    "line\r\nline\u2028line\x00\x1b[31mred",
    "]] || {{ 7*7 }} {quote} {color:red} h1. x",
    "www.evil.test mailto:a@b.test https://evil.test/%0d%0a",
    "a" * 50,
]
TEXTS = st.sampled_from(HOSTILE) | st.text(max_size=80)
HREFS = st.sampled_from(
    [
        None,
        "https://app.intercom.com/a/inbox/1?a=b&c=(d)",
        "javascript:alert(1)",
        "http://x.test/a|b>c",
        "data:x",
        "ftp://x",
    ]
)
SPANS = st.builds(Span, text=TEXTS, strong=st.booleans(), href=HREFS)
RUNS = st.lists(SPANS, max_size=4).map(tuple)
BLOCKS = st.one_of(
    st.builds(Heading, spans=RUNS),
    st.builds(Paragraph, spans=RUNS),
    st.builds(Bullets, items=st.lists(RUNS, max_size=4).map(tuple)),
    st.builds(Quotation, text=TEXTS, href=HREFS),
)
DOCUMENTS = st.builds(Document, blocks=st.lists(BLOCKS, max_size=6).map(tuple))

URL = "https://app.intercom.com/a/inbox/1"
ORDINARY = Document(
    blocks=(
        Heading(spans=(Span(text="Evidence"),)),
        Paragraph(spans=(Span(text="Issue:", strong=True), Span(text=" it fails\nagain & again"))),
        Bullets(items=((Span(text="12 conversations"),), (Span(text="the first", href=URL),))),
        Quotation(text="It <fails>\nevery time", href=URL),
        Quotation(text="Really"),
    )
)
EMPTY = Document(blocks=(Paragraph(spans=(Span(text="\u200b "),)), Bullets(items=((),)), Quotation(text="  ")))
LONG = Document(
    blocks=(
        Paragraph(spans=(Span(text="é" * 90_000),)),
        Bullets(items=((Span(text="x" * 50),),) * 5000),
    )
)
