"""The invoice: what a provider would charge for what was served, line by line, to the last digit."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

from earshot.domain.model import Noun
from earshot.sim.llm.catalogue import Mode, Served, Tokens


class Line(Noun):
    """One charged answer. `content` is the hash of the asked content (`asking.content_hash`)."""

    id: str
    custom_id: str | None
    at: datetime
    vendor: str
    model: str
    mode: Mode
    tokens: Tokens
    amount: Decimal
    content: str


class Invoice:
    """All charged answers of a simulator's life, of all its providers."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.total = Decimal(0)

    def __iter__(self) -> Iterator[Line]:
        return iter(self.lines)

    def __len__(self) -> int:
        return len(self.lines)

    def charge(
        self,
        line_id: str,
        *,
        model: Served,
        mode: Mode,
        tokens: Tokens,
        at: datetime,
        content: str,
        custom_id: str | None = None,
    ) -> Line:
        """Add a line; its amount is computed here and nowhere else."""
        line = Line(
            id=line_id,
            custom_id=custom_id,
            at=at,
            vendor=model.vendor,
            model=model.name,
            mode=mode,
            tokens=tokens,
            amount=model.charge(tokens, mode),
            content=content,
        )
        self.lines.append(line)
        self.total += line.amount
        return line

    def as_json(self) -> dict[str, Any]:
        """The invoice as JSON; amounts are text, so that no digit is lost."""
        return {"total_usd": str(self.total), "lines": [line.model_dump(mode="json") for line in self.lines]}
