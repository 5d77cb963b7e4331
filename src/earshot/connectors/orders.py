"""What every tool asks of an order before it renders it."""

from earshot.domain.delivery import Op, Order
from earshot.ports.tool import Abilities
from earshot.text.escape import one_line


def misfit(order: Order, abilities: Abilities) -> str:
    """Why a tool with these abilities cannot do this at all, "" when it can."""
    known = abilities.orders.get(order.thing)
    if known is None:
        return f"it makes no {order.thing}"
    if order.op not in known:
        return f"it cannot {order.op} a {order.thing}"
    if order.op in (Op.CREATE, Op.UPDATE) and not one_line(order.content.title):
        return "there is nothing to say: the title is empty"
    return ""


def marker(order: Order) -> str:
    """The 16 hexadecimal digits by which a thing is found again at its destination."""
    return order.object_key[:16]
