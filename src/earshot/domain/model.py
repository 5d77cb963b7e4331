"""The base of every noun: frozen, closed to unknown fields."""

from pydantic import BaseModel, ConfigDict


class Noun(BaseModel):
    """An immutable value; unknown fields are an error, so a typo cannot pass as data."""

    model_config = ConfigDict(frozen=True, extra="forbid")
