"""What is held back though a rule asked for it: by a person's silence, or by an incident that says it already."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from earshot.act.settings import ActSettings
from earshot.domain.delivery import Dossier, Silence

FACTS = ("subject", "area", "rule", "kind", "destination")
"""What a silence may match; all of its matchers must."""


def silenced_by(silences: Iterable[Silence], facts: Mapping[str, str], *, now: datetime) -> Silence | None:
    """The silence in force that matches and ends last; None when nothing does."""
    found = [silence for silence in silences if silence.until > now and matches(silence, facts)]
    return max(found, key=lambda silence: (silence.until, silence.id), default=None)


def matches(silence: Silence, facts: Mapping[str, str]) -> bool:
    """Whether every matcher holds; letters' case does not count, an empty silence matches everything."""
    return all(
        facts.get(fact, "").casefold() == value.strip().casefold() for fact, value in silence.matchers.items()
    )


def inhibited(dossier: Dossier, incidents: Iterable[str], *, settings: ActSettings) -> str:
    """The product area whose open incident speaks for this action already; "" when none does."""
    area = area_of(dossier)
    if dossier.action.kind not in settings.inhibit or not area:
        return ""
    return area if area.casefold() in {incident.casefold() for incident in incidents} else ""


def facts_of(dossier: Dossier, destination: str) -> dict[str, str]:
    """What silences can match of an action at a destination."""
    action = dossier.action
    return {
        "subject": action.subject_id,
        "area": area_of(dossier),
        "rule": action.rule,
        "kind": action.kind.value,
        "destination": destination,
    }


def area_of(dossier: Dossier) -> str:
    """The product area: the theme's, else the reading's; "" when none is known."""
    theme = dossier.theme.area if dossier.theme else None
    return theme or dossier.insight.reading.affected_feature or ""
