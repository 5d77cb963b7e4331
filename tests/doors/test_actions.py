"""`earshot actions` and `earshot backlog push` as a person meets them, with simulated tools on real sockets."""

import json
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from tests.doors.terminal import earshot, earshot_again, kept_open
from tests.doors.tools import simulated_tools

TEXT = "The CSV export of the monthly report fails with error 500 for everybody, all work has stopped!"
RULES = """
[decide]
packs = []

[[decide.rules]]
name = "TICKETS"
when = 'true'
actions = ["CREATE_TICKET"]

[[decide.rules]]
name = "ALERTS"
when = 'true'
actions = ["ALERT_CS_MANAGER"]
approve = true

[[decide.rules]]
name = "QUEUE"
when = 'true'
actions = ["ADD_TO_PM_QUEUE", "CREATE_PRODUCTBOARD_NOTE"]
"""


def run(folder: Path, *arguments: str, code: int = 0) -> str:
    told = earshot_again(*arguments, cwd=folder, environment=json.loads((folder / "env.json").read_text()))
    assert told.returncode == code, told.stderr + told.stdout
    return told.stdout if code == 0 else told.stdout + told.stderr


def machine(folder: Path, *arguments: str) -> Any:
    return json.loads(run(folder, *arguments, "--json"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Generator[Path]:
    """A workspace with a few conversations, two rules that are on, and tools that answer."""
    folder = tmp_path_factory.mktemp("actions")
    rows = [{"id": f"t{n}", "messages": [{"author": "customer", "text": f"{TEXT} Order {n}."}]} for n in range(3)]
    (folder / "talks.jsonl").write_text("\n".join(map(json.dumps, rows)))
    with simulated_tools(folder, more=RULES) as environment:
        (folder / "env.json").write_text(json.dumps(environment))
        assert earshot("import", "talks.jsonl", cwd=folder, environment=environment).returncode == 0
        with kept_open(folder / "data"):
            for name in ("TICKETS", "ALERTS"):
                run(folder, "rules", "on", name, "--yes")
            yield folder


def test_a_run_tells_in_one_line_what_was_done_and_what_waits(folder: Path) -> None:
    told = earshot_again(
        "run", "--no-sync", "--format", "json", "--out", "r.json", cwd=folder,
        environment=json.loads((folder / "env.json").read_text()),
    )  # fmt: skip
    assert told.returncode == 0, told.stderr
    (line,) = [one for one in told.stderr.splitlines() if one.startswith("Actions:")]
    assert "1 done" in line
    assert "waiting for your approval" in line


def test_actions_are_listed_with_state_place_and_link(folder: Path) -> None:
    rows = machine(folder, "actions", "list")
    tickets = [row for row in rows if row["action_type"] == "CREATE_TICKET"]
    assert len(tickets) == 1
    assert (tickets[0]["state"], tickets[0]["status"]) == ("done", "COMPLETED")
    assert "/browse/ENG-" in tickets[0]["url"]
    table = run(folder, "actions", "list")
    assert "waits for approval" in table
    assert "jira" in table
    assert machine(folder, "actions", "list", "--to", "jira") == tickets
    assert {row["state"] for row in machine(folder, "actions", "list", "--state", "held")} == {"waits for approval"}
    assert "3 in the PM queue" in table
    assert "in dry run" in table
    assert len(machine(folder, "actions", "list", "--all")) > len(rows)
    assert "No such actions" in run(folder, "actions", "list", "--state", "dead")


def test_an_action_is_shown_with_its_body_attempts_and_link(folder: Path) -> None:
    (row,) = machine(folder, "actions", "list", "--to", "jira")
    told = run(folder, "actions", "show", row["key"][:10])
    assert "Conversations:" in told
    assert "/browse/ENG-" in told
    assert '"summary"' in told
    assert "1 attempt" in told
    assert "sim-token" not in told, "no secret is part of a preview"
    assert "There is no action" in run(folder, "actions", "show", "zzzz", code=1)


def test_what_waits_is_shown_before_it_is_approved_and_sent_as_shown(folder: Path) -> None:
    refused = run(folder, "actions", "approve", "--all", code=2)
    assert "HIGH CHURN RISK" in refused or "CHURN" in refused.upper()
    assert "--yes" in refused
    approved = machine(folder, "actions", "approve", "--all", "--yes")
    assert {row["state"] for row in approved} == {"pending"}
    waiting = run(folder, "actions", "deliver", "--dry-run")
    assert "nothing was" in waiting
    done = machine(folder, "actions", "deliver")
    assert done["done"] == len(approved)
    assert done["failed"] == 0
    again = machine(folder, "actions", "deliver")
    assert (again["done"], again["planned"]) == (0, 0)


def test_health_tells_how_destinations_fare(folder: Path) -> None:
    rows = {row["health"]["destination"]: row for row in machine(folder, "actions", "health", "--check")}
    assert rows["jira"]["health"]["breaker"] == "closed"
    assert rows["jira"]["health"]["last_success"]
    assert rows["jira"]["access"]
    assert "in use" in run(folder, "actions", "health")
    assert "never used" in run(folder, "actions", "resume", "nowhere", code=1)


def test_silences_have_an_end_and_a_reason(folder: Path) -> None:
    assert "would silence everything" in run(folder, "actions", "silence", "--reason", "x", code=1)
    assert "NAME=VALUE" in run(folder, "actions", "silence", "--match", "rule", "--reason", "x", code=2)
    added = machine(folder, "actions", "silence", "--match", "rule=TICKETS", "--for", "2h", "--reason", "moving")
    assert added["matchers"] == {"rule": "TICKETS"}
    assert "moving" in run(folder, "actions", "silences")
    assert machine(folder, "actions", "silences", "--lift", added["id"][:8])[0]["id"] == added["id"]
    assert "No silence" in run(folder, "actions", "silences")


def test_selections_must_be_named(folder: Path) -> None:
    for command in ("approve", "retry", "discard"):
        assert "name an ID" in run(folder, "actions", command, code=2)
    assert machine(folder, "actions", "retry", "--all") == []


def test_an_approved_item_is_linked_to_the_ticket_of_its_theme(folder: Path) -> None:
    drafted = machine(folder, "backlog", "draft", "--top", "1")
    item = drafted["drafted"][0]["item_id"]
    assert "is a draft" in run(folder, "backlog", "push", item, code=1)
    run(folder, "backlog", "set", item, "status", "approved")
    told = run(folder, "backlog", "push", item, "--yes")
    assert "no second one was made" in told
    (board,) = [machine(folder, "backlog", "push", item, "--to", "productboard")]
    assert board["how"] == "created"
    assert board["url"]
