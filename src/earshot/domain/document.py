"""A small neutral text tree: what an action says, before it is written in the markup of its destination.

Text stands in the leaves only and is never markup: each renderer (`text/render`) escapes it for its own target.
"""

from typing import Annotated, Literal

from pydantic import Field

from earshot.domain.model import Noun


class Span(Noun):
    """A run of text. `href` makes it a link (http or https only, others are shown as text)."""

    text: str
    strong: bool = False
    href: str | None = None


class Heading(Noun):
    """A heading of a section."""

    type: Literal["heading"] = "heading"
    spans: tuple[Span, ...]


class Paragraph(Noun):
    """A paragraph; line breaks inside a span's text are kept."""

    type: Literal["paragraph"] = "paragraph"
    spans: tuple[Span, ...]


class Bullets(Noun):
    """A list without order."""

    type: Literal["bullets"] = "bullets"
    items: tuple[tuple[Span, ...], ...]


class Quotation(Noun):
    """Words of a customer, verbatim."""

    type: Literal["quotation"] = "quotation"
    text: str
    href: str | None = None


Block = Annotated[Heading | Paragraph | Bullets | Quotation, Field(discriminator="type")]


class Document(Noun):
    """Blocks in their order."""

    blocks: tuple[Block, ...] = ()
