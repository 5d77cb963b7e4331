"""The `[pull]` section: how far back, how much again, and what is left unread."""

from pydantic import Field

from earshot.domain.model import Noun


class FilterSettings(Noun):
    """Conversations that are kept but not read, so that figures count customers only."""

    only_teams: tuple[str, ...] = Field(default=(), description="Read only conversations of these team ids.")
    skip_teams: tuple[str, ...] = Field(default=(), description="Do not read conversations of these team ids.")
    only_tags: tuple[str, ...] = Field(default=(), description="Read only conversations with one of these tags.")
    skip_tags: tuple[str, ...] = Field(
        default=("spam", "test"), description="Do not read conversations with one of these tags (any case)."
    )
    only_states: tuple[str, ...] = Field(
        default=(),
        description='Begin to read only conversations in these states, for example ["open"]; what was begun is '
        "followed to its end.",
    )
    only_plans: tuple[str, ...] = Field(
        default=(),
        description='Begin to read only conversations of customers on these plans, for example ["pro"]; an '
        "unknown plan is none of them.",
    )
    staff_domains: tuple[str, ...] = Field(
        default=(), description="E-mail domains of your own people, for example example.com."
    )
    staff_ids: tuple[str, ...] = Field(default=(), description="Contact ids of your own people.")
    skip_senders: tuple[str, ...] = Field(
        default=("mailer-daemon@*", "postmaster@*"),
        description="E-mail addresses of machines, with * for anything.",
    )
    skip_unanswered_outbound: bool = Field(
        default=True, description="Do not read messages you sent that no customer answered."
    )


class PullSettings(Noun):
    """How the source is followed."""

    backfill_days: int = Field(
        default=30, ge=1, le=36_500, description="How many days back the very first sync reads."
    )
    overlap_minutes: float = Field(
        default=10.0, ge=0, description="How much of the time before the last sync is looked at again."
    )
    deep_overlap_hours: float = Field(
        default=48.0, ge=0, description="The same, once in a while, against changes that came late."
    )
    deep_every_hours: float = Field(default=24.0, gt=0, description="How often that deep look happens.")
    filters: FilterSettings = Field(default_factory=FilterSettings, description="What is kept but not read.")
