"""The bodies that we write to Intercom against its own OpenAPI description, where it is present."""

import json

import pytest

from earshot.domain.delivery import Order, Result
from tests.contract.test_sim_intercom_schema import SPEC, Judge, components, judge
from tests.contract.tools.case import HOSTILE, order
from tests.contract.tools.cases.intercom import CASE, bench

__all__ = ["components", "judge"]
pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not SPEC.exists(), reason=f"the official description is not at {SPEC}"),
]
SCHEMAS = {
    "note": "reply_conversation_request",
    "assignment": "assign_conversation_request",
    "attribute": "update_conversation_request",
}


@pytest.mark.parametrize("wanted", CASE.orders, ids=lambda wanted: wanted.thing)
@pytest.mark.parametrize("words", [None, HOSTILE], ids=["plain", "hostile"])
async def test_what_we_write_fits(judge: Judge, wanted: Order, words: str | None) -> None:
    given = wanted.content
    said = order(wanted.thing, words=words, conversation=given.conversation, parameters=given.parameters)
    async with bench() as it:
        assert (await it.tool.deliver(said)).result is Result.DELIVERED
        (body,) = [json.loads(one) for one in it.bodies()]
    if wanted.thing in SCHEMAS:
        assert judge.mistakes(SCHEMAS[wanted.thing], body) == []
    else:
        assert set(body) == {"id", "admin_id"}
        assert all(isinstance(value, str) for value in body.values())
