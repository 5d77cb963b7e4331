"""Which models the simulated providers serve, until when, and what a call of each costs."""

import tomllib
from datetime import date
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Literal

from pydantic import Field

from earshot.domain.model import Noun

Vendor = Literal["openai", "anthropic", "google"]
Mode = Literal["online", "batch", "decisions"]
_MILLION = Decimal(1_000_000)


class Tokens(Noun):
    """Tokens of a call by kind, none counted twice: `input` is the rest that was neither read nor written."""

    input: int = 0
    read: int = 0
    write: int = 0
    write_long: int = 0
    output: int = 0
    thinking: int = 0

    @property
    def prompt(self) -> int:
        """Everything that went in."""
        return self.input + self.read + self.write + self.write_long


class Rates(Noun):
    """Dollars per million tokens of each kind; what is not given costs as input."""

    input: Decimal
    output: Decimal
    read: Decimal | None = None
    write: Decimal | None = None
    write_long: Decimal | None = None

    def charge(self, tokens: Tokens, *, prompt_factor: Decimal, output_factor: Decimal) -> Decimal:
        """What a call costs in dollars, exactly."""
        kinds = (
            (tokens.input, self.input),
            (tokens.read, self.read),
            (tokens.write, self.write),
            (tokens.write_long, self.write_long),
        )
        prompt = sum((number * (self.input if rate is None else rate) for number, rate in kinds), Decimal(0))
        return (prompt * prompt_factor + tokens.output * self.output * output_factor) / _MILLION


class Cliff(Noun):
    """Prices are multiplied once the prompt passes `above` tokens."""

    above: int
    input: Decimal
    output: Decimal


class Served(Noun):
    """A model that a simulated provider knows. With `dimensions` it makes vectors and writes nothing."""

    name: str
    vendor: Vendor
    thinking: Literal["off", "may", "gap", "always"]
    online: Rates
    batch: Rates | None = None
    decisions: Rates | None = None
    cliff: Cliff | None = None
    context: int = Field(ge=1)
    dimensions: int | None = None
    deprecated: date | None = None
    retires: date | None = None

    @property
    def writes_cost(self) -> bool:
        """Whether this model writes its prompt cache at a price (and so tells how much it wrote)."""
        return self.online.write is not None

    def retired(self, today: date) -> bool:
        """Whether it is served no more."""
        return self.retires is not None and self.retires <= today

    def charge(self, tokens: Tokens, mode: Mode) -> Decimal:
        """What a call costs in dollars, exactly."""
        rates = {"online": self.online, "batch": self.batch, "decisions": self.decisions}[mode] or self.online
        steep = self.cliff is not None and tokens.prompt > self.cliff.above
        one = Decimal(1)
        return rates.charge(
            tokens,
            prompt_factor=self.cliff.input if steep and self.cliff else one,
            output_factor=self.cliff.output if steep and self.cliff else one,
        )


@cache
def catalogue() -> dict[str, Served]:
    """Every known model by name."""
    text = (files("earshot.sim.llm") / "prices.toml").read_text(encoding="utf-8")
    rows = tomllib.loads(text, parse_float=Decimal)["model"]
    return {row["name"]: Served.model_validate(row) for row in rows}
