"""The schedules of the settings: the built-in ones, replaced or joined by a person's own."""

from earshot.domain.schedule import CatchUp, Chore, Schedule
from earshot.errors import NotFound
from earshot.pipeline.scheduling.settings import ScheduleEntry, ScheduleSettings

_BUILT_IN = (
    ("daily", Chore.RUN, CatchUp.LAST),
    ("weekly", Chore.REPORT, CatchUp.LAST),
    ("audit", Chore.AUDIT, CatchUp.LAST),
    ("sync", Chore.SYNC, CatchUp.LAST),
    ("sweep", Chore.SWEEP, CatchUp.NONE),
)


def schedules_of(settings: ScheduleSettings, *, zone: str) -> tuple[Schedule, ...]:
    """All schedules, built-in ones first; `zone` is the time zone of those that name none.

    One that is switched off is there, not enabled.
    """
    own = {entry.name: entry for entry in settings.entries}
    built_in = [
        Schedule(name=name, chore=chore, cron=cron, timezone=zone, catch_up=catch_up, enabled=settings.enabled)
        for name, chore, catch_up in _BUILT_IN
        if name not in own and (cron := getattr(settings, name))
    ]
    return (*built_in, *(_schedule(entry, settings, zone=zone) for entry in own.values()))


def _schedule(entry: ScheduleEntry, settings: ScheduleSettings, *, zone: str) -> Schedule:
    return Schedule(
        name=entry.name,
        chore=entry.chore,
        cron=entry.cron,
        timezone=entry.timezone or zone,
        catch_up=entry.catch_up,
        arguments=entry.arguments,
        enabled=entry.enabled and settings.enabled,
    )


def find(schedules: tuple[Schedule, ...], name: str) -> Schedule:
    """The schedule of that name. Raises NotFound, naming those there are."""
    for schedule in schedules:
        if schedule.name == name:
            return schedule
    known = ", ".join(schedule.name for schedule in schedules) or "none"
    raise NotFound(
        f"There is no schedule {name!r}.", hint=f"There are: {known}. The settings, [schedule], name them."
    )
