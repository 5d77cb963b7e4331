"""A mock made of nothing but an OpenAPI description: it knows no simulator of ours and keeps no state."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx2
from openapi_schema_validator import OAS30Validator

Json = dict[str, Any]


@dataclass
class Described:
    """Checks every request against the description; answers with its example. `base` stands before its paths."""

    spec: Json
    base: str
    taken: list[str] = field(default_factory=list[str])
    violations: list[str] = field(default_factory=list[str])

    @property
    def transport(self) -> httpx2.MockTransport:
        return httpx2.MockTransport(self._answer)

    def _answer(self, request: httpx2.Request) -> httpx2.Response:
        path = request.url.path.removeprefix(self.base)
        template, operation = self._operation(request.method.lower(), path)
        if operation is None:
            self.violations.append(f"{request.method} {path} is not described")
            return httpx2.Response(404, json={})
        self.taken.append(f"{request.method} {template}")
        wrong = [*self._wrong_query(operation, request), *self._wrong_body(operation, request)]
        self.violations += wrong
        return httpx2.Response(422, json={"message": wrong[0]}) if wrong else self._example(operation)

    def _operation(self, method: str, path: str) -> tuple[str, Json | None]:
        """The most literal template that fits."""
        for template in sorted(self.spec["paths"], key=lambda one: one.count("{")):
            pattern = re.sub(r"\\\{[^/]+?\\\}", "[^/]+", re.escape(template))
            if re.fullmatch(pattern, path) and method in self.spec["paths"][template]:
                return template, self.spec["paths"][template][method]
        return "", None

    def _wrong_query(self, operation: Json, request: httpx2.Request) -> list[str]:
        known = {one["name"] for one in operation.get("parameters", []) if one.get("in") == "query"}
        return [f"unknown parameter {name}" for name in request.url.params if name not in known]

    def _wrong_body(self, operation: Json, request: httpx2.Request) -> list[str]:
        wanted = operation.get("requestBody")
        if wanted is None:
            return ["a body where none belongs"] if request.content else []
        if not request.headers.get("content-type", "").startswith("application/json"):
            return ["the body is not called JSON"]
        schema = {**wanted["content"]["application/json"]["schema"], "components": self.spec["components"]}
        found = OAS30Validator(schema).iter_errors(json.loads(request.content))
        return [f"{'/'.join(map(str, one.absolute_path))}: {one.message[:200]}" for one in found]

    def _example(self, operation: Json) -> httpx2.Response:
        status = min(status for status in operation["responses"] if status.startswith("2"))
        response = operation["responses"][status]
        if "$ref" in response:
            response = self.spec["components"]["responses"][response["$ref"].rpartition("/")[2]]
        content: Mapping[str, Any] = response.get("content", {}).get("application/json", {})
        named = list(content.get("examples", {}).values())
        example = content.get("example", named[0]["value"] if named else {})
        return httpx2.Response(int(status), json=example)
