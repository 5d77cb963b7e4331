"""What to fix first: the top of the backlog by RICE, with the reason, the money, the words and the addresses."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import quote

from earshot.domain.backlog import BacklogItem
from earshot.domain.theme import Quote
from earshot.pipeline.pages.overview.movers import theme_href
from earshot.pipeline.pages.overview.spans import conversations
from earshot.prioritise.ranking import ranked
from earshot.report import words

SHOWN = 3


@dataclass(frozen=True, kw_only=True)
class First:
    """A backlog item among the first. `why` says what its score is made of, `ahead` why it is before the next."""

    rank: int
    title: str
    href: str
    theme_href: str
    kind: str
    urgency: str
    status: str
    score: str
    why: str
    ahead: str
    conversations: int
    conversations_href: str
    customers: int
    mrr: float | None
    trend: str
    quote: Quote | None
    quote_href: str


def first(items: Sequence[BacklogItem]) -> tuple[First, ...]:
    """The first three; a fourth item, where given, says why the third is before it."""
    return tuple(_first(one.rank, one.item, ahead=one.why) for one in ranked(items)[:SHOWN])


def _first(rank: int, item: BacklogItem, *, ahead: str) -> First:
    evidence = item.evidence
    quote_of = evidence.quotes[0] if evidence.quotes else None
    return First(
        rank=rank,
        title=item.text.title,
        href=f"/backlog/{quote(item.id, safe='')}",
        theme_href=theme_href(item.theme_id),
        kind=item.text.issue_type.value,
        urgency=item.text.priority.value,
        status=item.status.value,
        score=f"{item.rice.score.rice_score:,.1f}" if item.rice else "–",
        why=_why(item),
        ahead=ahead,
        conversations=evidence.conversations,
        conversations_href=_rows(item),
        customers=evidence.customers,
        mrr=evidence.mrr,
        trend=_trend(item),
        quote=quote_of,
        quote_href=f"/conversations/{quote(quote_of.conversation_id, safe='')}" if quote_of else "",
    )


def _rows(item: BacklogItem) -> str:
    """The conversations that the item was drafted from: of its theme, from the first to the last of them."""
    evidence = item.evidence
    return conversations(evidence.first_seen, evidence.last_seen + timedelta(seconds=1), theme=item.theme_id)


def _why(item: BacklogItem) -> str:
    """Reach × impact × confidence / effort in words."""
    if item.rice is None:
        return ""
    score = item.rice.score
    weeks = f"{score.effort_weeks:g} {'week' if score.effort_weeks == 1 else 'weeks'}"
    reach = words.count(score.reach, "account")
    return (
        f"Reaches {reach} a quarter × impact {score.impact:g} × confidence {score.confidence:.0%} ÷ {weeks} of work"
    )


def _trend(item: BacklogItem) -> str:
    now, before = item.evidence.conversations, item.evidence.previous_conversations
    return f"{words.signed(now - before)} against the window before" if before else ""
