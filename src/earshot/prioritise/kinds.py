"""What kind of work a matter is: Bug, Feature, Improvement or Task."""

import re
from collections.abc import Mapping

from earshot.domain.backlog import ItemType
from earshot.domain.reading import IssueType

_BY_ISSUE: Mapping[IssueType, ItemType] = {
    IssueType.PRODUCT_BUG: ItemType.BUG,
    IssueType.FEATURE_REQUEST: ItemType.FEATURE,
    IssueType.UX_FRICTION: ItemType.IMPROVEMENT,
}
_MAY_FAIL = frozenset((IssueType.ACCOUNT_ACCESS, IssueType.BILLING))
_FAILURE = re.compile(
    r"\b(?:fail(?:s|ed|ing|ures?)?|errors?|wrong(?:ly)?|twice|double|duplicated?|broken|crash\w*|missing|incorrect\w*"
    r"|invalid|lost|stuck|never|unable|refused|rejected|declined|locked|cannot|blank|empty|expired?|loops?|billed"
    r"|(?:over)?charged|despite|although|against|no longer|not"
    r"|(?:can|do|does|did|is|are|was|were|has|have|wo|could)n['’]?t)\b",
    re.IGNORECASE,
)


def item_type(issue_type: IssueType, title: str) -> ItemType:
    """By issue type; access and billing matters are bugs where their title tells a failure, otherwise tasks."""
    if issue_type in _MAY_FAIL:
        return ItemType.BUG if _FAILURE.search(title) else ItemType.TASK
    return _BY_ISSUE.get(issue_type, ItemType.TASK)
