"""Evidence, heads and items to prioritise."""

from datetime import UTC, datetime, timedelta
from typing import Any

from earshot.domain.backlog import BacklogItem, Evidence, Link
from earshot.domain.grouping import ThemeHead
from earshot.domain.reading import IssueType
from earshot.domain.rice import Rice
from earshot.domain.theme import Quote
from earshot.prioritise.settings import PrioritiseSettings
from earshot.prioritise.step import Grounds, new_item

NOW = datetime(2026, 3, 31, 12, tzinfo=UTC)
SETTINGS = PrioritiseSettings()


def quote(number: int, text: str, *, day: int = 1) -> Quote:
    return Quote(text=text, conversation_id=f"c{number}", said_at=NOW - timedelta(days=day))


def evidence(**changes: Any) -> Evidence:
    """Seventeen conversations of fourteen customers in 83 days, two of them enterprise."""
    told: dict[str, Any] = {
        "conversations": 17,
        "customers": 14,
        "companies": 12,
        "mrr": 9_000.0,
        "avg_sentiment": -0.3,
        "segments": {"smb": 9, "enterprise": 2},
        "priorities": {"HIGH": 12, "MEDIUM": 5},
        "churn_risks": {"LOW": 17},
        "confidence": 0.81,
        "first_seen": NOW - timedelta(days=83),
        "last_seen": NOW - timedelta(days=1),
        "links": (Link(conversation_id="c1", url="https://app.example.com/inbox/c1", said_at=NOW),),
        "quotes": (quote(1, "The export of our orders comes out empty every time."),),
    }
    return Evidence.model_validate({**told, **changes})


def head(title: str = "CSV export comes out empty", **changes: Any) -> ThemeHead:
    told: dict[str, Any] = {"id": "t1", "issue_type": IssueType.PRODUCT_BUG, "area": "export", "title": title}
    return ThemeHead.model_validate({**told, **changes})


def grounds(**changes: Any) -> Grounds:
    told: dict[str, Any] = {"head": head(), "evidence": evidence(), "recent": evidence(), "now": NOW}
    return Grounds(**{**told, **changes})


def item(item_id: str = "i1", **changes: Any) -> BacklogItem:
    return new_item(item_id, grounds(), settings=SETTINGS).model_copy(update=changes)


def scored(rice: Rice | None, **changes: Any) -> Rice:
    assert rice is not None
    return rice.model_copy(update={"score": rice.score.model_copy(update=changes)})
