"""Jira's published description (the subset in the shared folder) and its documents' schema, as judges."""

import json
from functools import cache
from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qs

from jsonschema import Draft4Validator
from openapi_schema_validator import OAS30Validator

from tests.contract.eavesdropper import Exchange

Json = dict[str, Any]
SPECS = Path(__file__).parents[3] / "shared" / "specs" / "jira"


@cache
def _described() -> dict[str, Any]:
    return json.loads((SPECS / "jira-v3-subset.openapi.json").read_text(encoding="utf-8"))


@cache
def _adf() -> Draft4Validator:
    return Draft4Validator(json.loads((SPECS / "adf-schema.v1.full.json").read_text(encoding="utf-8")))


def troubles(exchange: Exchange) -> list[str]:
    """What the description says against a request and its answer."""
    found = _operation(exchange)
    if found is None:
        return [f"{exchange.method} {exchange.path} is not described"]
    operation, where = found, f"{exchange.method} {exchange.path}"
    known = {one["name"] for one in operation.get("parameters", [])}
    wrong = [f"{where}: unknown parameter {name}" for name in parse_qs(exchange.query) if name not in known]
    wrong += [f"{where}: {one}" for one in _body_troubles(operation, exchange)]
    wrong += [f"{where} -> {exchange.status}: {one}" for one in _answer_troubles(operation, exchange)]
    return wrong


def adf_troubles(document: Json) -> list[str]:
    """What the schema of the document format says against a document."""
    return [error.message[:200] for error in _adf().iter_errors(document)]  # pyright: ignore[reportUnknownMemberType]


def _operation(exchange: Exchange) -> dict[str, Any] | None:
    pieces = exchange.path.split("/")
    for pattern, operations in _described()["paths"].items():
        wanted = pattern.split("/")
        same = len(wanted) == len(pieces) and all(
            one.startswith("{") or one == piece for one, piece in zip(wanted, pieces, strict=True)
        )
        if same and exchange.method.lower() in operations:
            return operations[exchange.method.lower()]
    return None


def _body_troubles(operation: dict[str, Any], exchange: Exchange) -> list[str]:
    schema = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    if not exchange.body:
        return [] if schema is None else ["a body is missing"]
    body = json.loads(exchange.body)
    documents = [cast("Json", value) for value in _values(body) if _is_document(value)]
    wrong = [one for document in documents for one in adf_troubles(document)]
    return wrong + (_against(schema, body, reading=False) if schema else [])


def _answer_troubles(operation: dict[str, Any], exchange: Exchange) -> list[str]:
    described = operation["responses"].get(str(exchange.status))
    if described is None:
        return ["this status is not described"]
    schema = described.get("content", {}).get("application/json", {}).get("schema")
    if schema is None or not exchange.answer or exchange.status >= 400:
        return []
    return _against(schema, json.loads(exchange.answer), reading=True)


def _against(schema: dict[str, Any], value: Any, *, reading: bool) -> list[str]:
    whole = {**schema, "components": _described()["components"]}
    wrong = [f"{error.json_path} {error.message[:160]}" for error in OAS30Validator(whole).iter_errors(value)]
    return wrong if reading else wrong + _read_only(schema, value)


def _read_only(schema: dict[str, Any], value: Any) -> list[str]:
    """Fields of a request that only answers may have."""
    target = _described()["components"]["schemas"].get(schema.get("$ref", "").rpartition("/")[2], schema)
    known = target.get("properties", {})
    return [f"{name} is read only" for name in value if known.get(name, {}).get("readOnly")]


def _is_document(value: Any) -> bool:
    return isinstance(value, dict) and cast("Json", value).get("type") == "doc"


def _values(value: Any) -> list[Any]:
    """A value and everything inside it, but not what is inside a document."""
    if isinstance(value, list):
        return [one for part in cast("list[Any]", value) for one in _values(part)]
    if not isinstance(value, dict) or _is_document(value):
        return [value]
    return [value, *(one for part in cast("Json", value).values() for one in _values(part))]
