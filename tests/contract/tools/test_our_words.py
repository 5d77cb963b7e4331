"""Our own texts about hostile conversations, through every tool: customers' words stay words, links lead to us."""

import pytest

from earshot.act.planning import plan
from earshot.act.routing import Route
from earshot.act.settings import ActSettings
from earshot.act.wording import load_words
from earshot.domain.action import INWARD, ActionKind
from earshot.domain.delivery import Case, Dossier, Order, Result, Thing, WebLink
from earshot.domain.theme import Quote
from tests.contract.tools.case import HOSTILE, NOW, ToolCase
from tests.contract.tools.test_every_tool import every_order
from tests.unit.act.cases import action, conversation, dossier, insight, theme

OURS = "https://app.example.com/c/1"
KINDS = [kind for kind in ActionKind if kind not in INWARD]


def hostile(kind: ActionKind, parameters: dict[str, str], where: str) -> Dossier:
    """A dossier in which everything that an outsider can choose is hostile."""
    talk = conversation(company=HOSTILE, url=OURS).model_copy(update={"external_id": where or "c-1"})
    reading = insight(summary=HOSTILE[:200], affected_feature=HOSTILE[:100])
    return dossier(
        action(kind, parameters=parameters, rule=HOSTILE[:80], reason=HOSTILE),
        insight=reading,
        conversation=talk,
        theme=theme(title=HOSTILE).model_copy(update={"area": HOSTILE, "description": HOSTILE}),
        companies=(HOSTILE,),
        quotes=(Quote(text=HOSTILE, conversation_id="c-1", url=OURS),),
        links=(WebLink(text=HOSTILE, href=OURS), WebLink(text="x", href="javascript:alert(1)")),
    )


@pytest.mark.parametrize("kind", KINDS)
@every_order
async def test_whatever_customers_write_our_texts_hold(case: ToolCase, wanted: Order, kind: ActionKind) -> None:
    words = load_words(ActSettings(customer_text=True)) if wanted.thing is Thing.EVENT else WORDS
    async with case.bench() as bench:
        ops = bench.tool.abilities.orders[wanted.thing]
        route = Route(destination="d", thing=wanted.thing, ops=ops)
        known = hostile(kind, wanted.content.parameters, wanted.content.conversation)
        planned = plan(
            Case(dossier=known), routes={kind: (route,)}, words=words, settings=ActSettings(), now=NOW, settled=True
        )
        said = planned.deliveries[0].content.model_copy(update={"email": wanted.content.email})
        order = wanted.model_copy(update={"content": said})
        assert bench.tool.check(order) == ""
        outcome = await bench.tool.deliver(order)
        assert outcome.result is Result.DELIVERED, outcome
        for body in bench.bodies():
            case.inert(body)


WORDS = load_words(ActSettings())
