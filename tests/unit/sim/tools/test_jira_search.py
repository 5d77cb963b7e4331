"""The piece of JQL that the simulated Jira understands."""

from datetime import UTC, datetime
from typing import Any

import pytest

from earshot.sim.tools.jira_search import search
from earshot.sim.tools.jira_settings import JiraSite
from earshot.sim.tools.jira_world import JiraWorld
from earshot.sim.tools.wire import ToolRefused
from tests.still import StillClock

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
def world() -> JiraWorld:
    made = JiraWorld(JiraSite(search_lag_seconds=30), StillClock(NOW))
    for label in ("a", "b", "a"):
        made.add({"labels": [label]}, {})
    assert isinstance(made.clock, StillClock)
    made.clock.pass_by(30)
    made.close("ENG-3")
    return made


def keys(world: JiraWorld, jql: str, **more: Any) -> list[str]:
    return [row["key"] for row in search(world, {"jql": jql, "fields": ["status"], **more})["issues"]]


@pytest.mark.parametrize(
    ("jql", "found"),
    [
        ('labels = "a"', ["ENG-1", "ENG-3"]),
        ('labels = "a" ORDER BY created DESC', ["ENG-3", "ENG-1"]),
        ('project = "ENG" AND labels = "a" AND statusCategory != Done ORDER BY created ASC', ["ENG-1"]),
        ("key in (ENG-2, ENG-3)", ["ENG-2", "ENG-3"]),
        ('labels = "c"', []),
    ],
)
def test_clauses_narrow(world: JiraWorld, jql: str, found: list[str]) -> None:
    assert keys(world, jql) == found


@pytest.mark.parametrize(
    "body",
    [
        {"jql": ""},
        {"jql": "ORDER BY created ASC"},
        {"jql": "text ~ x"},
        {"jql": "key in (ENG-9)"},
        {"jql": 'labels = "a"', "startAt": 0},
        {"jql": 'labels = "a"', "maxResults": 0},
    ],
)
def test_what_jira_refuses_is_refused(world: JiraWorld, body: dict[str, Any]) -> None:
    with pytest.raises(ToolRefused):
        search(world, body)


def test_a_search_lags_behind_writes_and_pages_by_token(world: JiraWorld) -> None:
    world.add({"labels": ["b"]}, {})
    assert keys(world, 'labels = "b"') == ["ENG-2"]
    assert isinstance(world.clock, StillClock)
    world.clock.pass_by(30)
    page = search(world, {"jql": 'labels = "b"', "maxResults": 1})
    assert (page["issues"], page["isLast"]) == ([{"id": "10001"}], False)
    rest = search(world, {"jql": 'labels = "b"', "maxResults": 1, "nextPageToken": page["nextPageToken"]})
    assert (len(rest["issues"]), rest["isLast"]) == (1, True)
