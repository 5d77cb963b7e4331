"""The `[schedule]` section: what is there by itself, what a person adds, what is refused and where."""

from pathlib import Path

import pytest

from earshot.domain.schedule import Chore
from earshot.errors import Misconfigured, NotFound
from earshot.pipeline.scheduling.schedules import find, schedules_of
from earshot.pipeline.scheduling.settings import ScheduleSettings
from earshot.settings import load_settings

TWICE = "[schedule]\nentries = [" + 2 * "{name = 'a', chore = 'run', cron = '0 6 * * *'}, " + "]"
OWN = {"name": "monthly", "chore": "report", "cron": "0 7 1 * *", "timezone": "Asia/Tokyo"}


def refused(tmp_path: Path, text: str) -> str:
    file = tmp_path / "earshot.toml"
    file.write_text(text)
    with pytest.raises(Misconfigured) as caught:
        load_settings({"EARSHOT_CONFIG": str(file)})
    return str(caught.value)


def test_what_is_there_by_itself() -> None:
    found = schedules_of(ScheduleSettings(), zone="Europe/Berlin")
    assert [(one.name, one.chore.value, one.cron) for one in found] == [
        ("daily", "run", "0 6 * * *"),
        ("weekly", "report", "0 6 * * 1"),
        ("audit", "audit", "30 6 * * 1"),
        ("sync", "sync", "*/15 * * * *"),
        ("sweep", "sweep", "* * * * *"),
    ]
    assert {one.timezone for one in found} == {"Europe/Berlin"}
    assert all(one.enabled for one in found)


def test_own_schedules_join_and_replace() -> None:
    settings = ScheduleSettings.model_validate(
        {"weekly": "", "entries": [OWN, {"name": "daily", "chore": "sync", "cron": "0 5 * * *"}]}
    )
    found = schedules_of(settings, zone="UTC")
    assert [one.name for one in found] == ["audit", "sync", "sweep", "monthly", "daily"]
    assert find(found, "monthly").timezone == "Asia/Tokyo"
    assert find(found, "daily").chore is Chore.SYNC
    with pytest.raises(NotFound, match="weekly"):
        find(found, "weekly")


def test_switched_off_is_switched_off() -> None:
    off = schedules_of(ScheduleSettings.model_validate({"enabled": False, "entries": [OWN]}), zone="UTC")
    assert not any(one.enabled for one in off)
    one = schedules_of(ScheduleSettings.model_validate({"entries": [{**OWN, "enabled": False}]}), zone="UTC")
    assert [schedule.name for schedule in one if not schedule.enabled] == ["monthly"]


@pytest.mark.parametrize(
    ("text", "place", "said"),
    [
        ('[schedule]\ndaily = "0 25 * * *"', "schedule.daily", "bad hour"),
        ('[schedule]\nsweep = "every minute"', "schedule.sweep", "five fields"),
        ('[[schedule.entries]]\nname="a"\nchore="run"\ncron="6 * *"', "schedule.entries.0.cron", "five fields"),
        (
            '[[schedule.entries]]\nname="a"\nchore="run"\ncron="0 6 * * *"\ntimezone="Mars"',
            "schedule.entries.0.timezone",
            "unknown time zone",
        ),
        (
            '[[schedule.entries]]\nname="a"\nchore="sweep"\ncron="0 6 * * *"\narguments={since="7d"}',
            "schedule.entries.0",
            "sweep takes no arguments",
        ),
        (
            '[[schedule.entries]]\nname="a"\nchore="run"\ncron="0 6 * * *"\narguments={since="monday"}',
            "schedule.entries.0",
            "must be a span",
        ),
        (
            '[[schedule.entries]]\nname="a"\nchore="report"\ncron="0 6 * * *"\narguments={formats="pdf"}',
            "schedule.entries.0",
            "some of html, md, json",
        ),
        ('[[schedule.entries]]\nname="a"\nchore="dance"\ncron="0 6 * * *"', "schedule.entries.0.chore", "'run'"),
        (TWICE, "schedule", "same name"),
    ],
)
def test_mistakes_are_refused_with_their_place(tmp_path: Path, text: str, place: str, said: str) -> None:
    told = refused(tmp_path, text)
    assert place in told
    assert said in told
