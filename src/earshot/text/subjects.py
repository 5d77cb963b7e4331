"""The subject of an action in words while its theme is not known yet."""

from earshot.domain.action import PROVISIONAL

_CONVERSATION = "conversation:"


def stand_in(subject_id: str) -> str:
    """What stands in for an unknown theme, in words: its conversation, or kind, area, priority; "" for others."""
    if subject_id.startswith(_CONVERSATION):
        return f"conversation {subject_id.removeprefix(_CONVERSATION)}"
    if not subject_id.startswith(PROVISIONAL):
        return ""
    issue, area, priority, *_later = [*subject_id.removeprefix(PROVISIONAL).split(":"), "", ""]
    what = f"{priority} {issue.replace('_', ' ')}".strip().lower()
    return f"{what}{f' in {area}' if area else ''} (theme not known yet)"
