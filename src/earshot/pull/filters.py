"""Which conversations are kept but not read, and why."""

from collections.abc import Collection
from fnmatch import fnmatchcase

from earshot.domain.conversation import Conversation
from earshot.pull.settings import FilterSettings


def filter_reason(
    conversation: Conversation, settings: FilterSettings, *, own_tags: Collection[str] = (), begun: bool = False
) -> str | None:
    """Why a conversation is not to be read, None where it is.

    `begun`: we hold a reading of it. Then its state, its plan and the tags that our own rules put on (`own_tags`)
    do not count any more: what is filtered out loses its reading, and closing or tagging a conversation takes
    nothing back that was said.
    """
    return (
        _team(conversation, settings)
        or tag_reason(
            conversation, skip=settings.skip_tags, only=settings.only_tags, own_tags=own_tags if begun else ()
        )
        or _sender(conversation, settings)
        or _outbound(conversation, settings)
        or (
            None if begun else standing_reason(conversation, states=settings.only_states, plans=settings.only_plans)
        )
    )


def standing_reason(conversation: Conversation, *, states: Collection[str], plans: Collection[str]) -> str | None:
    """Why its state or its customer's plan keeps a conversation out; empty lists let everything in."""
    if states and conversation.state.value not in {state.casefold() for state in states}:
        return f"state {conversation.state.value}"
    if not plans:
        return None
    plan = (conversation.customer.plan if conversation.customer else None) or ""
    if plan.strip().casefold() in {one.strip().casefold() for one in plans}:
        return None
    return "another plan" if plan else "no known plan"


def tag_reason(
    conversation: Conversation,
    *,
    skip: Collection[str],
    only: Collection[str] = (),
    own_tags: Collection[str] = (),
) -> str | None:
    """Why its tags keep a conversation out (any case). `own_tags` shut nothing out."""
    tags = {tag.casefold(): tag for tag in conversation.tags}
    own = {tag.casefold() for tag in own_tags}
    shut = (tags[one] for tag in skip if (one := tag.casefold()) in tags and one not in own)
    if (skipped := next(shut, None)) is not None:
        return f"tag {skipped}"
    if only and not any(tag.casefold() in tags for tag in only):
        return "none of the wanted tags"
    return None


def _team(conversation: Conversation, settings: FilterSettings) -> str | None:
    team = conversation.team_id
    if team is not None and team in settings.skip_teams:
        return f"team {team}"
    if settings.only_teams and team not in settings.only_teams:
        return "another team" if team else "no team"
    return None


def _sender(conversation: Conversation, settings: FilterSettings) -> str | None:
    customer = conversation.customer
    if customer is None:
        return None
    if customer.id in settings.staff_ids:
        return "own staff"
    address = (customer.email or "").strip().casefold()
    domain = address.rpartition("@")[2]
    if any(_is_within(domain, staff.casefold().lstrip("@")) for staff in settings.staff_domains):
        return "own staff"
    if any(fnmatchcase(address, pattern.casefold()) for pattern in settings.skip_senders):
        return "a machine wrote"
    return None


def _is_within(domain: str, parent: str) -> bool:
    return bool(parent) and (domain == parent or domain.endswith(f".{parent}"))


def _outbound(conversation: Conversation, settings: FilterSettings) -> str | None:
    if not settings.skip_unanswered_outbound or conversation.customer_initiated:
        return None
    return None if conversation.customer_messages else "outbound, not answered"
