"""The description of the API: valid, true of every answer, and readable offline."""

import re
from html.parser import HTMLParser
from typing import Any

from openapi_schema_validator import OAS31Validator

from tests.flow.api.conftest import Api, OpenApi

SEEN: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("/v1/insights", "/insights", {}),
    ("/v1/themes", "/themes", {}),
    ("/v1/backlog", "/backlog", {}),
    ("/v1/actions", "/actions", {}),
    ("/v1/reports/summary", "/reports/summary", {"since": "120d"}),
)


async def described(api: Api) -> dict[str, Any]:
    """The OpenAPI description."""
    answer = await api.http.get("/api/openapi.json", headers={"Authorization": ""})
    assert answer.status_code == 200
    return answer.json()


def problems_of(value: Any, schema: dict[str, Any], *, whole: dict[str, Any]) -> list[str]:
    """What is wrong with a value by a schema of the description."""
    validator = OAS31Validator({**schema, "components": whole["components"]})
    return [f"{list(one.path)}: {one.message}" for one in validator.iter_errors(value)]


def answer_schema(whole: dict[str, Any], path: str, method: str, *, status: str = "200") -> dict[str, Any]:
    """The schema of an answer."""
    content = whole["paths"][path][method]["responses"][status]["content"]
    return next(iter(content.values()))["schema"]


async def test_every_schema_is_a_schema_and_every_reference_leads_somewhere(api: Api) -> None:
    whole = await described(api)
    assert whole["openapi"].startswith("3.1")
    assert whole["servers"] == [{"url": "/api"}]
    for schema in whole["components"]["schemas"].values():
        OAS31Validator.check_schema(schema)
    references = set(re.findall(r'"#/components/schemas/([^"]+)"', str(whole).replace("'", '"')))
    assert references <= set(whole["components"]["schemas"])
    ids = [one["operationId"] for path in whole["paths"].values() for one in path.values()]
    assert len(ids) == len(set(ids))


async def test_answers_are_as_described(api: Api) -> None:
    whole = await described(api)
    for path, asked, parameters in SEEN:
        found = await api.get(asked, **parameters)
        assert problems_of(found, answer_schema(whole, path, "get"), whole=whole) == [], path
    insight = (await api.get("/insights"))["items"][0]["conversation_id"]
    singles = {
        "/v1/conversations/{conversation_id}": f"/conversations/{insight}",
        "/v1/conversations/{conversation_id}/classification": f"/conversations/{insight}/classification",
        "/v1/insights/{conversation_id}": f"/insights/{insight}",
        "/v1/themes/{theme_id}": f"/themes/{(await api.get('/themes'))['items'][0]['id']}",
        "/v1/backlog/{item_id}": f"/backlog/{(await api.get('/backlog'))['items'][0]['id']}",
        "/v1/actions/{key}": f"/actions/{(await api.get('/actions'))['items'][0]['key']}",
    }
    for path, asked in singles.items():
        found = await api.get(asked)
        assert problems_of(found, answer_schema(whole, path, "get"), whole=whole) == [], path
    given = {"id": "1", "messages": [{"author": "customer", "text": "I was charged twice, refund me."}]}
    found = await api.post("/classify", given)
    assert problems_of(found, answer_schema(whole, "/v1/classify", "post"), whole=whole) == []
    refused = (await api.http.get("/api/v1/insights", params={"limit": "x"})).json()
    schema = answer_schema(whole, "/v1/insights", "get", status="422")
    assert problems_of(refused, schema, whole=whole) == []


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in {"src", "href"}]


async def test_the_page_for_people_needs_no_network_and_no_script(open_api: OpenApi) -> None:
    api = await open_api()
    answer = await api.http.get("/api/docs", headers={"Authorization": ""})
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    page = _Page()
    page.feed(answer.text)
    assert not {"script", "link", "img", "iframe", "object"} & set(page.tags)
    assert all(link.startswith(("#", "/api/")) for link in page.links)
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    whole = await described(api)
    for path in whole["paths"]:
        assert f"/api{path}" in answer.text
