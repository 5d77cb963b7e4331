"""Classifiers by a short name, as audits name them: `local`, `llm`, `llm:template=2,tier=medium`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pydantic import ValidationError

from earshot.classify.llm.settings import ClassifySettings
from earshot.errors import Misconfigured
from earshot.pipeline.quoting import Quoting
from earshot.ports.reader import Reader

CLASSIFIER = "classifier"
MODEL = "model"
CHANGEABLE = (
    MODEL, "tier", "template", "reasoning", "triage", "escalate_below", "mask_personal_data", "most_messages",
    "most_tokens", "summarise", "examples_per_type",
)  # fmt: skip
"""What a variant may change: the model (provider:model), and these keys of [classify]."""
EXAMPLES = "local, llm, llm:template=2, llm:model=openai:gpt-6.1-terra, llm:reasoning=true,tier=medium"


@dataclass(frozen=True)
class Variant:
    """A classifier that books its calls with purpose `audit`, and what it takes to say its price first.

    `quoting` is None where nothing is spent. `reader` is made only when it is to read.
    """

    make_reader: Callable[[], Reader]
    quoting: Quoting | None = None


VariantMaker = Callable[[Mapping[str, str]], Variant]
"""Makes a variant of what `parse_variant` returns: `classifier` (local, llm or auto) and what is changed."""


def parse_variant(text: str) -> dict[str, str]:
    """What a variant's name asks for. Raises Misconfigured that shows how one is written."""
    classifier, _, rest = text.strip().partition(":")
    found = {CLASSIFIER: classifier}
    if not classifier or (rest and classifier != "llm"):
        raise Misconfigured(f"{text!r} names no classifier variant.", hint=f"Write it as one of: {EXAMPLES}.")
    for piece in filter(None, rest.split(",")):
        key, equals, value = (part.strip() for part in piece.partition("="))
        if not equals or not value or key not in CHANGEABLE:
            raise Misconfigured(
                f"{piece!r} in {text!r} changes nothing.",
                hint=f"Write key=value with one of: {', '.join(CHANGEABLE)}. Examples: {EXAMPLES}.",
            )
        found[key] = value
    return found


def changed(settings: ClassifySettings, overrides: Mapping[str, str]) -> ClassifySettings:
    """The settings with a variant's changes; `classifier` and `model` are not theirs and are left out."""
    own = {key: value for key, value in overrides.items() if key in ClassifySettings.model_fields}
    try:
        return ClassifySettings.model_validate({**settings.model_dump(), **_typed(own)})
    except ValidationError as error:
        problem = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(map(str, problem["loc"]))
        raise Misconfigured(
            f"The variant's {place} is wrong: {problem['msg']}.", hint=f"As in: {EXAMPLES}."
        ) from None


def _typed(own: Mapping[str, str]) -> dict[str, str | int]:
    """Numbers as numbers, as a closed list of numbers takes no text."""
    return {key: int(value) if value.isdecimal() else value for key, value in own.items()}
