"""JSON forms that every provider's strict mode accepts, and reading what was filled in.

Every property is required and nothing else allowed, closed lists are enums, and nothing relies on ranges or
lengths, which providers drop: whoever reads an answer checks those.
"""

from collections.abc import Iterable
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

TEXT: dict[str, Any] = {"type": "string"}
WHOLE: dict[str, Any] = {"type": "integer"}
FLAG: dict[str, Any] = {"type": "boolean"}

LONGEST_ANSWER = 20_000
"""Characters of an answer beyond which it is not looked at."""


class Unfilled(Exception):
    """An answer that is not what was asked for; the message names the field and the fault, never its words."""


class FilledForm(BaseModel):
    """A form as a model filled it in: no value is converted, unknown fields are ignored."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True, allow_inf_nan=False)


F = TypeVar("F", bound=FilledForm)


def closed(**properties: dict[str, Any]) -> dict[str, Any]:
    """An object with exactly these properties; their order is the order in which a model writes them."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def one_of(options: Iterable[str]) -> dict[str, Any]:
    """One of these words."""
    return {"type": "string", "enum": [str(option) for option in options]}


def rows(item: dict[str, Any]) -> dict[str, Any]:
    """A list of such items."""
    return {"type": "array", "items": item}


def filled(text: str, form: type[F]) -> F:
    """What an answer's text says, by its form. Raises Unfilled."""
    if len(text) > LONGEST_ANSWER:
        raise Unfilled("answer too long")
    try:
        return form.model_validate_json(_unfenced(text))
    except ValidationError as error:
        fault = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(str(part) for part in fault["loc"])
        raise Unfilled(f"{place or 'answer'}: {fault['type']}") from None


def _unfenced(text: str) -> str:
    """The JSON without the code fence that some servers put round it."""
    bare = text.strip()
    if bare.startswith("```") and bare.endswith("```"):
        bare = bare.removesuffix("```").partition("\n")[2]
    return bare
