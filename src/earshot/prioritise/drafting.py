"""A backlog item's words by template, from the theme's name and what its evidence says."""

from earshot.domain.backlog import TITLE_LIMIT, Evidence, ItemText, ItemType
from earshot.domain.grouping import ThemeHead
from earshot.domain.reading import ChurnRisk, IssueType, Priority
from earshot.domain.rice import Rice
from earshot.prioritise.criteria import criteria
from earshot.prioritise.effort import story_points
from earshot.prioritise.kinds import item_type
from earshot.prioritise.labels import components, labels, segments
from earshot.prioritise.settings import PrioritiseSettings
from earshot.prioritise.urgency import urgency
from earshot.text.escape import clip, one_line
from earshot.text.personal.masking import passages
from earshot.text.personal.spans import Kind
from earshot.text.untrusted import inert
from earshot.text.wording import listed

TEMPLATE = "template-1"
"""Which template worded an item; raised when its words change."""
UNTITLED = "Untitled matter"
_AREA_LIMIT, _DESCRIPTION_LIMIT = 80, 2000
_MOST = 0.5
_TELL = {
    IssueType.PRODUCT_BUG: "{who} report that something does not work: {title}.",
    IssueType.ACCOUNT_ACCESS: "{who} have trouble with their accounts or with getting in: {title}.",
    IssueType.BILLING: "{who} write about charges, invoices or their subscription: {title}.",
    IssueType.FEATURE_REQUEST: "{who} ask for something the product does not offer: {title}.",
    IssueType.UX_FRICTION: "{who} stumble over how the product works: {title}.",
    IssueType.USAGE_QUESTION: "{who} do not find out by themselves: {title}.",
    IssueType.OTHER: "{who} write about: {title}.",
}
_SEGMENT_WORDS = {"enterprise": "enterprise", "smb": "small-business", "trial": "trial", "free": "free-plan"}


def draft(head: ThemeHead, evidence: Evidence, *, rice: Rice, settings: PrioritiseSettings) -> ItemText:
    """The words of an item. They hold no counts: what is counted stands in the evidence and grows with it."""
    head = head.model_copy(update={"title": _impersonal(head.title), "description": _impersonal(head.description)})
    title = clip(head.title, TITLE_LIMIT) or UNTITLED
    area = clip(head.area or "", _AREA_LIMIT) or None
    kind = item_type(head.issue_type, title)
    return ItemText(
        title=title,
        description=clip(description(head, evidence), _DESCRIPTION_LIMIT),
        acceptance_criteria=criteria(head.issue_type, kind, title=title, area=area, segments=segments(evidence)),
        labels=labels(evidence, head.issue_type, area=area),
        components=components(area, settings),
        issue_type=kind,
        priority=urgency(evidence, kind, settings=settings),
        story_points=story_points(rice.score.effort_weeks, settings),
    )


def kind_of(head: ThemeHead) -> ItemType:
    """The kind of work that a theme is: what RICE needs before there are words."""
    return item_type(head.issue_type, head.title)


def description(head: ThemeHead, evidence: Evidence) -> str:
    """The problem as its customers have it: who, what, where, and what it does to them."""
    title = one_line(head.title).rstrip(" .!…") or UNTITLED
    told = [_TELL[head.issue_type].format(who=_who(evidence), title=title)]
    more = one_line(head.description)
    if more.casefold().startswith(title.casefold()):
        more = more[len(title) :].lstrip(" .!?…")
    if more:
        told.append(more if more.endswith((".", "!", "?", "…")) else f"{more}.")
    if head.area and one_line(head.area):
        told.append(f"Product area: {clip(head.area, _AREA_LIMIT)}.")
    return " ".join((*told, *_consequences(evidence)))


def _impersonal(text: str) -> str:
    """The text with addresses, numbers and keys named by kind: a theme's name may be a customer's sentence."""
    seen = inert(text)
    pieces: list[str] = []
    position = 0
    for span in passages(seen):
        if span.kind is not Kind.TEXT:
            pieces += seen[position : span.start], f"[{span.kind.lower()}]"
            position = span.end
    return "".join((*pieces, seen[position:]))


def _who(evidence: Evidence) -> str:
    names = [_SEGMENT_WORDS.get(name, name) for name in segments(evidence)]
    words = f"{listed(names)} customers" if names else "customers"
    return words[:1].upper() + words[1:]


def _consequences(evidence: Evidence) -> list[str]:
    told: list[str] = []
    severe = _share(evidence.priorities, Priority.CRITICAL) + _share(evidence.priorities, Priority.HIGH)
    if _share(evidence.priorities, Priority.CRITICAL) >= _MOST:
        told.append("For most of them it is critical: a core function, a payment or their data is affected.")
    elif severe >= _MOST:
        told.append("For most of them important work is blocked.")
    elif _share(evidence.priorities, Priority.LOW) >= _MOST:
        told.append("For most of them it is a minor matter.")
    if evidence.churn_risks.get(ChurnRisk.HIGH, 0) > 0:
        told.append("Some speak of leaving.")
    return told


def _share(counts: dict[str, int], name: str) -> float:
    return counts.get(name, 0) / max(1, sum(counts.values()))
