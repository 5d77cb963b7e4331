"""The market segment of a customer, computed from plan and revenue by settings; unknown stays unknown."""

from pydantic import Field

from earshot.domain.customer import Segment
from earshot.domain.model import Noun


class SegmentSettings(Noun):
    """How plan names and revenue become a segment."""

    plans: dict[str, Segment] = Field(
        default={
            "enterprise": Segment.ENTERPRISE,
            "trial": Segment.TRIAL,
            "free": Segment.FREE,
        },
        description="Words of plan names (any case) and the segment they mean; the first word found decides.",
    )
    enterprise_mrr: float | None = Field(
        default=2000.0,
        gt=0,
        description="Monthly revenue from which a customer counts as enterprise, unless the plan's name decides.",
    )
    paying: Segment | None = Field(
        default=Segment.SMB,
        description="The segment of a customer who pays less than that.",
    )


def segment_of(
    settings: SegmentSettings, *, named: str | None, plan: str | None, mrr: float | None
) -> Segment | None:
    """The segment by its own attribute if there is one, else by plan name, else by revenue, else None."""
    by_name = _named(settings, named) or _named(settings, plan)
    if by_name is not None:
        return by_name
    if mrr is None or mrr <= 0:
        return None
    if settings.enterprise_mrr is not None and mrr >= settings.enterprise_mrr:
        return Segment.ENTERPRISE
    return settings.paying


def _named(settings: SegmentSettings, name: str | None) -> Segment | None:
    if not name:
        return None
    words = name.casefold()
    exact = next((segment for segment in Segment if segment.value == words), None)
    if exact is not None:
        return exact
    return next((segment for word, segment in settings.plans.items() if word.casefold() in words), None)
