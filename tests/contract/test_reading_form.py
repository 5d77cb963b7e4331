"""Template 3's schema goes through the providers' own transformers unharmed."""

from copy import deepcopy
from typing import Any, cast

import pytest
from anthropic import transform_schema
from pydantic_ai.profiles.openai import OpenAIJsonSchemaTransformer

from earshot.classify.llm.schema import form
from earshot.classify.llm.settings import TaxonomySettings
from earshot.classify.llm.taxonomy import Taxonomy

EXTRA = {"categories": [{"name": "SECURITY", "definition": "audits", "counts_as": "OTHER"}]}


def schema(*, extra: bool) -> dict[str, Any]:
    taxonomy = Taxonomy(TaxonomySettings.model_validate(EXTRA if extra else {}))
    return form(taxonomy, reasoning=extra).json_schema


def without_enum_types(node: Any) -> Any:
    """Anthropic's transformer leaves out the type of an enum; nothing else may be lost."""
    if isinstance(node, list):
        return [without_enum_types(value) for value in cast("list[Any]", node)]
    if not isinstance(node, dict):
        return node
    given = cast("dict[str, Any]", node)
    return {k: without_enum_types(v) for k, v in given.items() if k != "type" or "enum" not in given}


@pytest.mark.parametrize("extra", [False, True])
def test_anthropic_keeps_the_whole_form(extra: bool) -> None:
    given = schema(extra=extra)
    assert transform_schema(deepcopy(given)) == without_enum_types(given)


@pytest.mark.parametrize("extra", [False, True])
def test_openai_takes_it_as_strict_without_a_change(extra: bool) -> None:
    given = schema(extra=extra)
    transformer = OpenAIJsonSchemaTransformer(deepcopy(given), strict=None)
    assert transformer.walk() == given
    assert transformer.is_strict_compatible
