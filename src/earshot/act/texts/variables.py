"""What templates can say: every variable with its meaning, taken from what is known about an action's subject."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from earshot.act.texts.figures import date, words
from earshot.domain.backlog import BacklogItem
from earshot.domain.delivery import Dossier, Link, WebLink
from earshot.domain.theme import Quote
from earshot.text.escape import safe_url
from earshot.text.wording import money, mood

MOST_QUOTES = 3
MOST_LINKS = 10


class Occasion(NamedTuple):
    """Why something is said now: how many conversations were told before (0: none), and what came earlier."""

    told: int = 0
    earlier: Link | None = None


VARIABLES: Mapping[str, str] = {
    "summary": "one sentence on the newest conversation, by the reader",
    "title": "the theme's title, or the summary where there is no theme",
    "description": "the theme's description; may be empty",
    "issue_type": "PRODUCT_BUG, BILLING, …",
    "category": "the same for people: product bug",
    "priority": "CRITICAL, HIGH, MEDIUM or LOW",
    "sentiment": "VERY_NEGATIVE … VERY_POSITIVE",
    "sentiment_score": "-1 to 1, two places",
    "churn_risk": "HIGH, MEDIUM or LOW",
    "area": "the product area or feature; may be empty",
    "conversation": "the newest conversation's id",
    "conversation_url": "its address at the source; may be empty",
    "customer": "the customer's name, else e-mail address; may be empty",
    "company": "the customer's company; may be empty",
    "plan": "the customer's plan; may be empty",
    "segment": "enterprise, smb, trial or free; may be empty",
    "mrr": "the customer's monthly revenue with its currency; may be empty",
    "frequency": "in how many conversations the matter was raised",
    "conversations": "how many conversations led to this action",
    "customers": "how many customers they are of",
    "companies": "names of companies, for `listed`",
    "total_mrr": "monthly revenue of these customers; may be empty",
    "first_seen": "the first conversation's day: 2026-01-31",
    "last_seen": "the newest conversation's day",
    "days": "whole days between the two, at least 1",
    "average_sentiment": "of the theme, two places; may be empty",
    "average_mood": "the same in words: highly negative; may be empty",
    "enterprise": "how many of the customers are known enterprise ones",
    "quotes": "verbatim words of customers, three at most: .text, .url, .conversation",
    "links": "conversations, ten at most: .text, .url",
    "more_links": "how many conversations are not among the links",
    "rule": "the rule that asked for it",
    "reason": "why the rule matched",
    "kind": "the action's kind: CREATE_TICKET, …",
    "team": "the action's parameter `team`; may be empty",
    "tag": "the action's parameter `tag`; may be empty",
    "attribute": "the action's parameter `attribute`; may be empty",
    "value": "the action's parameter `value`; may be empty",
    "assignee": "the action's parameter `team` or `admin`; may be empty",
    "told": "how many conversations were told of before; 0 the first time",
    "earlier": "the thing of an earlier episode: .text, .url; empty when there was none",
    "item": "the backlog item, where there is one: .title, .description, .criteria, .points, .rice, .rice_lines, "
    ".reach, .impact, .confidence, .effort",
}
"""Every variable and what it says; unknown ones are empty texts, never missing."""

FIELDS = frozenset(
    {"text", "url", "conversation", "title", "description", "criteria", "points"}
    | {"rice", "rice_lines", "reach", "impact", "confidence", "effort"}
)
"""What may stand behind a dot."""


def variables_of(dossier: Dossier, occasion: Occasion, *, currency: str) -> dict[str, Any]:
    """The variables of an action; `currency` is that of revenue."""
    return {
        **_reading(dossier),
        **_customer(dossier, currency),
        **_counts(dossier, currency),
        **_evidence(dossier),
        **_action(dossier),
        "told": occasion.told,
        "earlier": _earlier(occasion.earlier),
        "item": _item(dossier.item),
    }


def frequency(dossier: Dossier) -> int:
    """In how many conversations the matter was raised: the theme's count, where there is one."""
    return max(dossier.conversations, dossier.theme.conversations if dossier.theme else 0)


def conversation_links(dossier: Dossier) -> tuple[WebLink, ...]:
    """The conversations with addresses, the newest conversation's first, each once."""
    own = WebLink(text=dossier.conversation.id, href=dossier.conversation.url or "")
    found = {href: link.text for link in (own, *dossier.links) if (href := safe_url(link.href))}
    return tuple(WebLink(text=text, href=href) for href, text in found.items())[:MOST_LINKS]


def _reading(dossier: Dossier) -> dict[str, Any]:
    reading, theme = dossier.insight.reading, dossier.theme
    return {
        "summary": reading.summary,
        "title": theme.title if theme else reading.summary,
        "description": theme.description if theme else "",
        "issue_type": reading.issue_type.value,
        "category": words(reading.issue_type.value),
        "priority": reading.priority.value,
        "sentiment": reading.sentiment.value,
        "sentiment_score": f"{reading.sentiment_score:.2f}",
        "churn_risk": reading.churn_risk.value,
        "area": (theme.area if theme else None) or reading.affected_feature or "",
    }


def _customer(dossier: Dossier, currency: str) -> dict[str, Any]:
    customer, segment = dossier.conversation.customer, dossier.insight.customer_segment
    if customer is None:
        return dict.fromkeys(("customer", "company", "plan", "mrr"), "") | {"segment": segment or ""}
    return {
        "customer": customer.name or customer.email or "",
        "company": customer.company or "",
        "plan": customer.plan or "",
        "segment": segment or customer.segment or "",
        "mrr": "" if customer.mrr is None else money(customer.mrr, currency),
    }


def _counts(dossier: Dossier, currency: str) -> dict[str, Any]:
    theme = dossier.theme
    score = theme.avg_sentiment if theme else None
    return {
        "frequency": frequency(dossier),
        "conversations": dossier.conversations,
        "customers": dossier.customers,
        "companies": dossier.companies,
        "total_mrr": "" if dossier.mrr is None else money(dossier.mrr, currency),
        "first_seen": date(dossier.first_seen),
        "last_seen": date(dossier.last_seen),
        "days": max(1, (dossier.last_seen - dossier.first_seen).days),
        "average_sentiment": "" if score is None else f"{score:.2f}",
        "average_mood": "" if score is None else mood(score),
        "enterprise": dossier.item.evidence.segments.get("enterprise", 0) if dossier.item else 0,
    }


def _evidence(dossier: Dossier) -> dict[str, Any]:
    links = conversation_links(dossier)
    return {
        "conversation": dossier.conversation.id,
        "conversation_url": dossier.conversation.url or "",
        "quotes": [_quote(quote) for quote in dossier.quotes[:MOST_QUOTES]],
        "links": [{"text": link.href, "url": link.href} for link in links],
        "more_links": max(0, frequency(dossier) - len(links)),
    }


def _quote(quote: Quote) -> dict[str, str]:
    return {"text": quote.text, "url": quote.url or "", "conversation": quote.conversation_id}


def _action(dossier: Dossier) -> dict[str, Any]:
    action = dossier.action
    given = {name: action.parameters.get(name, "") for name in ("team", "tag", "attribute", "value")}
    assignee = given["team"] or action.parameters.get("admin", "")
    return {"rule": action.rule, "reason": action.reason, "kind": action.kind.value, **given, "assignee": assignee}


def _earlier(link: Link | None) -> dict[str, str]:
    if link is None or link.receipt is None:
        return {}
    return {"text": link.receipt.external_id, "url": link.receipt.url or ""}


def _item(item: BacklogItem | None) -> dict[str, Any]:
    if item is None:
        return {}
    rice = item.rice
    told: dict[str, Any] = {"rice": "", "reach": "", "impact": "", "confidence": "", "effort": ""}
    if rice is not None:
        score = rice.score
        told = {"rice": score.rice_score, "reach": score.reach, "impact": score.impact}
        told |= {"confidence": score.confidence, "effort": score.effort_weeks}
    lines: list[str] = [*rice.lines] if rice else []
    criteria: list[str] = [*item.text.acceptance_criteria]
    return {
        **told,
        "title": item.text.title,
        "description": item.text.description,
        "criteria": criteria,
        "rice_lines": lines,
        "points": item.text.story_points or "",
    }


_LISTS: Mapping[str, Sequence[Any]] = {
    "companies": ["Acme", "Globex"],
    "quotes": [{"text": "It fails.", "url": "https://example.com/c/1", "conversation": "1"}] * 2,
    "links": [{"text": "https://example.com/c/1", "url": "https://example.com/c/1"}] * 2,
}
_NUMBERS = frozenset({"frequency", "conversations", "customers", "days", "told", "more_links", "enterprise"})
_FULL_ITEM: Mapping[str, Any] = {
    "title": "Exports",
    "description": "Exports fail.",
    "criteria": ["They work."],
    "rice": 85.3,
    "rice_lines": ["Reach 8"],
    "reach": 8,
    "impact": 2.0,
    "confidence": 0.8,
    "effort": 1.5,
    "points": 5,
}


def _example(*, full: bool) -> dict[str, Any]:
    filled: dict[str, Any] = {name: 12 if name in _NUMBERS else "x" for name in VARIABLES} | dict(_LISTS)
    filled |= {"earlier": {"text": "ENG-1", "url": "https://example.com/1"}, "item": dict(_FULL_ITEM)}
    if full:
        return filled
    bare: dict[str, Any] = {name: 0 if name in _NUMBERS else "" for name in VARIABLES}
    empty: dict[str, Any] = dict.fromkeys(_LISTS, ())
    return {**bare, **empty, "earlier": {}, "item": {}}


BARE: Mapping[str, Any] = _example(full=False)
"""Every variable where nothing is known."""
EXAMPLES = (_example(full=True), BARE)
"""Everything known, and nothing known: a template must stand both."""
