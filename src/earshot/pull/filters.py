"""Which conversations are kept but not read, and why."""

from fnmatch import fnmatchcase

from earshot.domain.conversation import Conversation
from earshot.pull.settings import FilterSettings


def filter_reason(conversation: Conversation, settings: FilterSettings) -> str | None:
    """Why a conversation is not to be read, None where it is."""
    return (
        _team(conversation, settings)
        or _tag(conversation, settings)
        or _sender(conversation, settings)
        or _outbound(conversation, settings)
    )


def _team(conversation: Conversation, settings: FilterSettings) -> str | None:
    team = conversation.team_id
    if team is not None and team in settings.skip_teams:
        return f"team {team}"
    if settings.only_teams and team not in settings.only_teams:
        return "another team" if team else "no team"
    return None


def _tag(conversation: Conversation, settings: FilterSettings) -> str | None:
    tags = {tag.casefold(): tag for tag in conversation.tags}
    skipped = next((tags[t.casefold()] for t in settings.skip_tags if t.casefold() in tags), None)
    if skipped is not None:
        return f"tag {skipped}"
    if settings.only_tags and not any(tag.casefold() in tags for tag in settings.only_tags):
        return "none of the wanted tags"
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
