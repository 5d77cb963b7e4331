"""An item's labels and components: what trackers file it under."""

from earshot.domain.backlog import Evidence
from earshot.domain.reading import IssueType
from earshot.prioritise.settings import PrioritiseSettings
from earshot.text.escape import clip, one_line
from earshot.text.labels import label

CUSTOMER_REPORTED = "customer-reported"
COMPONENT_LIMIT = 100


def labels(evidence: Evidence, issue_type: IssueType, *, area: str | None) -> tuple[str, ...]:
    """customer-reported, the issue type, the product area, and the segments that speak, the largest first."""
    wanted = (CUSTOMER_REPORTED, label(issue_type), label(area or ""), *segments(evidence))
    return tuple(dict.fromkeys(filter(None, wanted)))


def segments(evidence: Evidence) -> tuple[str, ...]:
    """The known segments of the evidence, the largest first."""
    known = [(name, count) for name, count in evidence.segments.items() if count > 0 and name != "unknown"]
    return tuple(filter(None, (label(name) for name, _ in sorted(known, key=lambda pair: (-pair[1], pair[0])))))


def components(area: str | None, settings: PrioritiseSettings) -> tuple[str, ...]:
    """The tracker's component for the area, none where the area is unknown."""
    name = settings.component(area)
    return (clip(name, COMPONENT_LIMIT),) if name and one_line(name) else ()
