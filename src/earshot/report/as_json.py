"""The report as JSON: every figure of the page, computed once, with a published schema.

The document is the report's own fields (`earshot.domain.report.Report`) and, beside them, what the renderers
compute: the headline and the key figures with their comparisons and 95% intervals. New fields may be added;
`schema_version` changes when a field changes its meaning or goes.
"""

import json
from typing import Any, TypeVar

from pydantic import Field

from earshot.domain.model import Noun
from earshot.domain.report import Highlight, Report
from earshot.domain.theme import Quote
from earshot.report.change import comparable
from earshot.report.sections import page
from earshot.report.views import KeyFigure, KeyFigures
from earshot.text.escape import safe_url, well_formed

SCHEMA_VERSION = 1
Linked = TypeVar("Linked", Highlight, Quote)


class FigureDocument(Noun):
    """One key figure."""

    id: str = Field(description="conversations, customers, critical, churn or sentiment.")
    value: float | None = Field(description="The figure; null when nothing was read.")
    previous: float | None = Field(description="The same figure of the window before; null when not comparable.")
    n: int = Field(description="Conversations the figure rests on.")
    low: float | None = Field(
        description="Low end of the 95% interval: of the share for critical and churn, of the mean for sentiment."
    )
    high: float | None = Field(description="High end of the 95% interval.")
    where: dict[str, str] = Field(description="Columns of conversation_insights that select the rows behind it.")


class ReportDocument(Report):
    """A report as it is exported."""

    schema_version: int = Field(default=SCHEMA_VERSION, description="Version of this document's meaning.")
    headline: str = Field(description="What changed, in one sentence.")
    also: tuple[str, ...] = Field(description="What else changed clearly.")
    comparable: bool = Field(description="Whether the window before is held completely.")
    figures: tuple[FigureDocument, ...] = Field(description="The key figures.")


def to_document(report: Report) -> ReportDocument:
    """The report with its computed figures."""
    shown = page(report)
    figures = tuple(
        _figure(figure)
        for section in shown.sections
        for block in section.blocks
        if isinstance(block, KeyFigures)
        for figure in block.items
    )
    fields = {name: getattr(report, name) for name in Report.model_fields} | _checked_links(report)
    return ReportDocument(
        **fields,
        headline=shown.headline.sentence,
        also=shown.headline.also,
        comparable=comparable(report),
        figures=figures,
    )


def to_json(report: Report) -> str:
    """The document as indented JSON, ending in a line break."""
    document = to_document(report).model_dump(mode="json")
    return well_formed(json.dumps(document, indent=2, ensure_ascii=False)) + "\n"


def json_schema() -> dict[str, Any]:
    """The JSON Schema of the document."""
    return ReportDocument.model_json_schema(mode="serialization")


def _checked_links(report: Report) -> dict[str, Any]:
    themes = tuple(theme.model_copy(update={"quotes": _safe(theme.quotes)}) for theme in report.themes)
    return {"themes": themes, "criticals": _safe(report.criticals), "high_churn": _safe(report.high_churn)}


def _safe(items: tuple[Linked, ...]) -> tuple[Linked, ...]:
    return tuple(item.model_copy(update={"url": safe_url(item.url)}) for item in items)


def _figure(figure: KeyFigure) -> FigureDocument:
    return FigureDocument(
        id=figure.id,
        value=figure.amount,
        previous=figure.previous,
        n=figure.n,
        low=figure.low,
        high=figure.high,
        where=dict(figure.where),
    )
