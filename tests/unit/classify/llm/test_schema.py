from collections.abc import Iterator
from typing import Any

import pytest

from earshot.classify.llm.schema import CONFIDENCE, Certainty, form
from earshot.classify.llm.settings import TaxonomySettings
from earshot.classify.llm.taxonomy import Taxonomy

EXTRA = {"categories": [{"name": "SECURITY", "definition": "audits", "counts_as": "OTHER"}]}
KEPT_BY_EVERY_PROVIDER = {
    "type",
    "properties",
    "required",
    "additionalProperties",
    "items",
    "enum",
    "anyOf",
}


def nodes(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield schema
    children = [*schema.get("properties", {}).values(), *schema.get("anyOf", [])]
    if "items" in schema:
        children.append(schema["items"])
    for child in children:
        yield from nodes(child)


@pytest.mark.parametrize("taxonomy", [{}, EXTRA])
@pytest.mark.parametrize("reasoning", [False, True])
def test_every_node_is_what_strict_modes_accept(taxonomy: dict[str, Any], reasoning: bool) -> None:
    schema = form(Taxonomy(TaxonomySettings.model_validate(taxonomy)), reasoning=reasoning).json_schema
    for node in nodes(schema):
        assert set(node) <= KEPT_BY_EVERY_PROVIDER
        assert "anyOf" in node or isinstance(node["type"], str)
        if node.get("type") == "object":
            assert node["required"] == list(node["properties"])
            assert node["additionalProperties"] is False


def test_reasoning_comes_first_and_only_when_switched_on() -> None:
    taxonomy = Taxonomy(TaxonomySettings())
    assert next(iter(form(taxonomy, reasoning=True).json_schema["properties"])) == "reasoning"
    assert "reasoning" not in form(taxonomy, reasoning=False).json_schema["properties"]


def test_an_extra_category_is_a_field_of_its_own_that_may_be_null() -> None:
    with_extra = form(Taxonomy(TaxonomySettings.model_validate(EXTRA)), reasoning=False).json_schema
    assert with_extra["properties"]["category"]["anyOf"] == [
        {"type": "string", "enum": ["SECURITY"]},
        {"type": "null"},
    ]
    assert "category" not in form(Taxonomy(TaxonomySettings()), reasoning=False).json_schema["properties"]


def test_each_word_of_certainty_counts_as_less_than_the_one_before() -> None:
    values = [CONFIDENCE[word] for word in Certainty]
    assert values == sorted(values, reverse=True)
    assert all(0 < value < 1 for value in values)
