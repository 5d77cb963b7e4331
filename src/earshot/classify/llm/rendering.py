"""The user turn: what is known about the customer, the conversation as data, the task once more.

A line is `number author: "JSON string"`. Only our own words stand outside strings, so nothing that a customer
writes can end the data, add a message or pass for a mark of ours.
"""

from collections.abc import Iterator
from datetime import datetime

from earshot.classify.llm.windows import STARTER, Piece, Window
from earshot.domain.conversation import Conversation
from earshot.domain.customer import Customer
from earshot.text.personal import Masked
from earshot.text.untrusted import inert, quoted

_LONGEST_TITLE = 200
_LONGEST_PLAN = 60


def content(
    conversation: Conversation, masked: Masked, *, window: Window, summary: str | None, task: str, now: datetime
) -> str:
    """The user turn of one conversation."""
    lines = [
        *_customer(conversation.customer, masked, now=now),
        "<conversation>",
        *_title(masked.title, window),
        *_lines(window, summary=summary),
        "</conversation>",
        task,
    ]
    return "\n".join(lines)


def _customer(customer: Customer | None, masked: Masked, *, now: datetime) -> Iterator[str]:
    """The facts that are known, one a line; nothing when none is."""
    if customer is None:
        return
    plan = masked.hide(customer.plan)[:_LONGEST_PLAN] if customer.plan else None
    facts = {
        "plan": quoted(plan) if plan else None,
        "segment": customer.segment,
        "mrr": None if customer.mrr is None else f"{customer.mrr:.0f}",
        "tenure_months": customer.tenure_months(now),
        "account_age_days": customer.account_age_days(now),
        "previous_conversations": customer.previous_conversations,
    }
    known = [f"{name}: {value}" for name, value in facts.items() if value is not None]
    if known:
        yield from ("<customer>", *known, "</customer>")


def _title(title: str | None, window: Window) -> Iterator[str]:
    """The title, unless it only repeats how the customer begins."""
    words = " ".join(inert(title or "").split())[:_LONGEST_TITLE]
    first = next((piece.head for piece in window.head if piece.author == STARTER), "")
    begins = " ".join(first[: 2 * _LONGEST_TITLE].split())
    if words and not begins.startswith(words.rstrip(".… ")):
        yield f"title: {quoted(words)}"


def _lines(window: Window, *, summary: str | None) -> Iterator[str]:
    yield from (_line(piece) for piece in window.head)
    if summary is not None:
        yield f"[summary of what is left out: {quoted(summary)}]"
    elif window.left_out:
        yield f"[{window.left_out} messages left out]"
    yield from (_line(piece) for piece in window.tail)


def _line(piece: Piece) -> str:
    text = quoted(piece.head)
    if piece.left_out:
        text += f" [{piece.left_out} characters left out] {quoted(piece.tail)}"
    return f"{piece.number} {piece.author}: {text}"
