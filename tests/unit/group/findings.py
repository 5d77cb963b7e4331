"""Findings to group, and ids that count."""

from datetime import UTC, datetime, timedelta

from earshot.domain.reading import IssueType
from earshot.domain.theme import OpenFinding

NOW = datetime(2026, 3, 1, tzinfo=UTC)


class CountedIds:
    def __init__(self, prefix: str = "t") -> None:
        self._prefix = prefix
        self._count = 0

    def new(self) -> str:
        self._count += 1
        return f"{self._prefix}{self._count}"


def finding(
    number: int,
    summary: str,
    *,
    kind: IssueType = IssueType.PRODUCT_BUG,
    quote: str | None = None,
    area: str | None = None,
    context: str | None = None,
) -> OpenFinding:
    return OpenFinding(
        id=number,
        conversation_id=f"c{number}",
        issue_type=kind,
        area=area,
        summary=summary,
        quote=quote,
        said_at=NOW + timedelta(minutes=number),
        context=context,
    )
