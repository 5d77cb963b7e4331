"""The kinds of things Intercom is known to send. Its API description has no list of part types; this one is
gathered from its examples, its change logs and what connectors have met.
"""

from earshot.domain.conversation import Author, State

AUTHORS: dict[str, Author] = {
    "user": Author.CUSTOMER,
    "lead": Author.CUSTOMER,
    "contact": Author.CUSTOMER,
    "visitor": Author.CUSTOMER,
    "admin": Author.AGENT,
    "team": Author.AGENT,
    "bot": Author.BOT,
    "nobody_admin": Author.AGENT,
}
STATES: dict[str, State] = {
    "open": State.OPEN,
    "closed": State.CLOSED,
    "snoozed": State.SNOOZED,
}
PRIORITIES = frozenset({"none", "low", "medium", "high", "urgent", "priority", "not_priority"})

CUSTOMER_INITIATED = "customer_initiated"
OUTBOUND = frozenset({"campaigns_initiated", "operator_initiated", "automated", "admin_initiated"})

NOISE = frozenset({"language_detection_details", "channel_and_reply_time_expectation", "user_became_idle"})
"""Parts that may carry text which nobody wrote to anybody."""

_PARTS = NOISE | frozenset(
    {
        "comment",
        "quick_reply",
        "note",
        "note_and_reopen",
        "assignment",
        "close",
        "open",
        "assign_and_reopen",
        "assign_and_unsnooze",
        "snoozed",
        "unsnoozed",
        "timer_unsnooze",
        "default_assignment",
        "away_mode_assignment",
        "message_strategy_assignment",
        "participant_added",
        "participant_removed",
        "conversation_rating_changed",
        "conversation_rating_remark_added",
        "custom_action_started",
        "custom_action_finished",
        "operator_workflow_event",
        "conversation_tags_updated",
        "priority_changed",
        "merged_primary_conversation",
        "call_summary",
        "ticket_state_updated_by_admin",
        "ticket_attribute_updated_by_admin",
    }
)
_PART_FAMILIES = ("conversation_attribute_updated_by_", "conversation_sla_")


def part_is_known(part_type: str) -> bool:
    """Whether a part type is one we have met; families are known by their beginning."""
    return part_type in _PARTS or part_type.startswith(_PART_FAMILIES)


def part_is_internal(part_type: str) -> bool:
    """Whether a part is a note. Any type that calls itself a note counts, known or not: notes never leak."""
    return "note" in part_type.casefold()
