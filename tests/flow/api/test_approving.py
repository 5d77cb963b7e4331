"""Approving over HTTP: exactly what was shown, kept with who approved it."""

from earshot.domain.rule_state import RuleMode
from earshot.pipeline.ruling.states import switch
from tests.flow.api.conftest import Api, OpenApi

ANGRY = {
    "id": "desk-1",
    "messages": [
        {"author": "customer", "text": "Your export deleted all our data, this is critical, we are down!"}
    ],
    "customer": {"id": "c-1", "plan": "pro"},
}
RULE = {
    "name": "ASK",
    "when": 'insight.stage == "full"',
    "actions": [{"do": "SEND_WEBHOOK", "to": "desk"}],
    "approve": True,
}
HOOK = {"name": "desk", "url": "https://hooks.example.com/x"}


async def held(open_api: OpenApi) -> tuple[Api, str]:
    """An API and the key of an action that waits for approval."""
    api = await open_api(decide={"packs": [], "rules": [RULE]}, webhooks=[HOOK])
    await switch_on(api)
    await api.post("/classify", ANGRY)
    await api.earshot.act()
    (entry,) = (await api.get("/actions"))["items"]
    return api, entry["key"]


async def switch_on(api: Api) -> None:
    """Let the rule act for real."""
    rule = next(one.settings for one in api.earshot.parts.make_rules().ordered)
    await switch(api.earshot.parts, rule, mode=RuleMode.ON)


async def test_what_waits_is_shown_and_approved_by_the_token(open_api: OpenApi) -> None:
    api, key = await held(open_api)
    shown = await api.get(f"/actions/{key}")
    (delivery,) = shown["deliveries"]
    assert delivery["state"] == "held"
    assert delivery["preview"]
    await api.post(f"/actions/{key}/approve", {"deliveries": ["no such"]}, status=422)
    assert (await api.get(f"/actions/{key}"))["deliveries"][0]["state"] == "held"
    approved = await api.post(f"/actions/{key}/approve", {"deliveries": [delivery["id"]]})
    assert approved["deliveries"][0]["state"] == "pending"
    assert approved["deliveries"][0]["approved_by"].startswith("api token ")
    assert approved["deliveries"][0]["preview"] == delivery["preview"]
    again = await api.post(f"/actions/{key}/approve")
    assert again["deliveries"][0]["approved_by"] == approved["deliveries"][0]["approved_by"]


async def test_nothing_but_json_is_taken_as_an_approval(open_api: OpenApi) -> None:
    api, key = await held(open_api)
    answer = await api.http.post(f"/api/v1/actions/{key}/approve", json={"all": True})
    assert answer.status_code == 422
    await api.post("/actions/none/approve", status=404)
