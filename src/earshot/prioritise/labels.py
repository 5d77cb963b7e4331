"""An item's labels and components: what trackers file it under."""

import unicodedata

from earshot.domain.backlog import Evidence
from earshot.domain.reading import IssueType
from earshot.prioritise.settings import PrioritiseSettings
from earshot.text.escape import clip, one_line

CUSTOMER_REPORTED = "customer-reported"
LABEL_LIMIT, COMPONENT_LIMIT = 50, 100


def labels(evidence: Evidence, issue_type: IssueType, *, area: str | None) -> tuple[str, ...]:
    """customer-reported, the issue type, the product area, and the segments that speak, the largest first."""
    wanted = (CUSTOMER_REPORTED, label(issue_type), label(area or ""), *segments(evidence))
    return tuple(dict.fromkeys(filter(None, wanted)))


def segments(evidence: Evidence) -> tuple[str, ...]:
    """The known segments of the evidence, the largest first."""
    known = [(name, count) for name, count in evidence.segments.items() if count > 0 and name != "unknown"]
    return tuple(filter(None, (label(name) for name, _ in sorted(known, key=lambda pair: (-pair[1], pair[0])))))


def label(text: str) -> str:
    """Text as a label: lower case, letters and digits of any writing, single dashes between."""
    plain = unicodedata.normalize("NFKC", one_line(text)).casefold()
    kept = "".join(c if c.isalnum() or unicodedata.category(c) == "Mn" else " " for c in plain)
    return "-".join(kept.split())[:LABEL_LIMIT].strip("-")


def components(area: str | None, settings: PrioritiseSettings) -> tuple[str, ...]:
    """The tracker's component for the area, none where the area is unknown."""
    name = settings.component(area)
    return (clip(name, COMPONENT_LIMIT),) if name and one_line(name) else ()
