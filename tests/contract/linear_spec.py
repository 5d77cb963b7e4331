"""Linear's published GraphQL schema as a judge of documents, variables and answers."""

import json
from functools import cache
from pathlib import Path
from typing import Any, cast

from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLSchema,
    OperationDefinitionNode,
    build_schema,
    execute_sync,  # pyright: ignore[reportUnknownVariableType]
    parse,
    validate,
)
from graphql.execution.values import get_variable_values

from tests.contract.eavesdropper import Exchange

SPEC = Path(__file__).parents[2].parent / "shared/specs/linear/schema.graphql"
Json = dict[str, Any]


@cache
def schema() -> GraphQLSchema:
    """The schema, built once (about a second)."""
    return build_schema(SPEC.read_text(encoding="utf-8"))


def troubles(exchange: Exchange) -> list[str]:
    """What the schema says against a request and its answer."""
    body = json.loads(exchange.body)
    document = parse(body["query"])
    wrong = document_troubles(document) + variable_troubles(document, body["variables"])
    data = json.loads(exchange.answer).get("data") if exchange.status == 200 else None
    return wrong + (_answer_troubles(document, body["variables"], data=data) if data and not wrong else [])


def document_troubles(document: DocumentNode) -> list[str]:
    """What the schema says against a document."""
    return [error.message for error in validate(schema(), document)]


def variable_troubles(document: DocumentNode, variables: Json) -> list[str]:
    """What the schema says against the variables of a document."""
    operation = cast("OperationDefinitionNode", document.definitions[0])
    found = get_variable_values(schema(), list(operation.variable_definitions or ()), variables)
    return [error.message for error in found] if isinstance(found, list) else []


def _answer_troubles(document: DocumentNode, variables: Json, *, data: Json) -> list[str]:
    """An answer fits when the schema, asked the same of it, gives it back."""

    def by_key(source: Json, info: Any, **_args: Any) -> Any:
        return source.get(info.path.key)

    result: ExecutionResult = execute_sync(
        schema(), document, data, variable_values=variables, field_resolver=by_key
    )
    wrong = [error.message for error in result.errors or []]
    return wrong if wrong or result.data == data else ["the answer is not what was asked for"]
