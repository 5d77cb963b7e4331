"""`earshot backlog` as a person meets it: from conversations and a tracker's file to ranked items."""

import csv
import json
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from tests.doors.terminal import earshot, earshot_again, kept_open

SAML = (
    "Single sign-on with Entra ID fails with the error SAML response invalid. Nobody can log in since the update."
)
PDF = "The PDF export of the monthly report is empty. It worked last week and our accountant is waiting."
TELLS = (
    "{} Please help.",
    "Hello, {}",
    "{} This blocks us.",
    "Good morning, {} Thanks!",
)
HOSTILE = "=cmd|' /C calc'!A0 \x1b[31mred\x1b[0m [click](javascript:alert(1)) <script>alert(1)</script>"


def write(folder: Path) -> None:
    """Eight conversations about two matters."""
    rows = [
        {"id": f"{name}{n}", "messages": [{"author": "customer", "text": TELLS[n].format(text)}]}
        for name, text in (("s", SAML), ("p", PDF))
        for n in range(4)
    ]
    (folder / "talks.jsonl").write_text("\n".join(map(json.dumps, rows)))
    with (folder / "jira.csv").open("w", newline="", encoding="utf-8-sig") as file:
        csv.writer(file).writerows(
            [
                ("Summary", "Issue key", "Status", "Description"),
                (HOSTILE, "ENG-1", "To Do", HOSTILE),
                ("", "ENG-2", "To Do", ""),
                ("PDF export of the monthly report is empty", "ENG-3", "In Progress", PDF),
            ]
        )


def run(folder: Path, *arguments: str, code: int = 0) -> str:
    told = earshot_again(*arguments, cwd=folder)
    assert told.returncode == code, told.stderr + told.stdout
    return told.stdout if code == 0 else told.stdout + told.stderr


def machine(folder: Path, *arguments: str) -> Any:
    return json.loads(run(folder, *arguments, "--json"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Generator[Path]:
    """A workspace with themes."""
    folder = tmp_path_factory.mktemp("backlog")
    write(folder)
    assert earshot("import", "talks.jsonl", cwd=folder).returncode == 0
    with kept_open(folder / "data"):
        run(folder, "classify")
        yield folder


def test_from_themes_to_a_ranked_backlog(folder: Path) -> None:
    assert "earshot backlog draft" in run(folder, "backlog")
    themes: list[dict[str, Any]] = machine(folder, "themes", "--since", "all")
    assert [theme["frequency"] for theme in themes] == [4, 4]
    dry = run(folder, "backlog", "draft", "--dry-run")
    assert "Dry run, nothing was kept: 2 new" in dry
    assert "2 new" in run(folder, "backlog", "draft")
    assert "2 unchanged" in run(folder, "backlog", "draft")
    listed = run(folder, "backlog", "list", "--explain")
    assert "2 backlog items by RICE score" in listed
    assert "Above number 2:" in listed
    rows = machine(folder, "backlog", "list")
    assert [row["rank"] for row in rows] == [1, 2]
    assert rows[0]["rice_score"]["rice_score"] >= rows[1]["rice_score"]["rice_score"]
    score = rows[0]["rice_score"]
    assert score["rice_score"] == round(
        score["reach"] * score["impact"] * score["confidence"] / score["effort_weeks"], 2
    )


def test_the_rest_of_a_day_with_the_backlog(folder: Path) -> None:
    run(folder, "backlog", "draft")
    rows = machine(folder, "backlog", "list")
    saml = next(row["id"] for row in rows if "SAML" in row["title"] or "sign-on" in row["title"].lower())
    shown = run(folder, "backlog", "show", saml[:6])
    for part in ("Customer Impact", "Evidence", "Conversations", "Representative Quotes", "RICE", "Score"):
        assert part in shown
    assert "**Evidence**" in run(folder, "backlog", "show", saml, "--format", "md")
    jira = json.loads(run(folder, "backlog", "show", saml, "--format", "jira", "--project", "OPS"))
    assert (jira["project"], jira["customfields"]["customer_evidence_count"]) == ("OPS", 4)
    run(folder, "backlog", "set", saml, "priority", "P0", "--reason", "all of them locked out")
    done = run(folder, "backlog", "set", saml, "effort", "0.5", "--reason", "one line")
    assert "effort was 2, is 0.5" in done
    wrong = run(folder, "backlog", "set", saml, "impact", "4", code=1)
    assert "impact must be one of 0.25, 0.5, 1, 2, 3" in wrong
    assert "An item has no field 'colour'" in run(folder, "backlog", "set", saml, "colour", "red", code=1)
    assert run(folder, "backlog", "set", saml, "priority", code=2)
    assert "no backlog item" in run(folder, "backlog", "show", "nothing", code=1)
    history = run(folder, "backlog", "show", saml)
    assert "all of them locked out" in history
    assert "Set by you:" in history
    assert machine(folder, "backlog", "show", saml)["item"]["edited"] == ["effort", "priority"]
    run(folder, "backlog", "set", saml, "effort", "--clear")
    assert machine(folder, "backlog", "show", saml)["item"]["edited"] == ["priority"]


def test_a_trackers_file_and_hostile_text(folder: Path) -> None:
    run(folder, "backlog", "draft")
    told = run(folder, "backlog", "import", "jira.csv", code=1)
    assert "Imported 2 items (2 from jira), 2 of them new." in told
    assert "line 3: “Summary” is empty" in told
    found = machine(folder, "backlog", "duplicates", "--all")
    (pdf,) = [one for one in found if any(twin["key"] == "ENG-3" for twin in one["twins"])]
    assert "ENG-3" in run(folder, "backlog", "duplicates", "--all")
    told = run(folder, "backlog", "different", pdf["theme_id"], "ENG-3", "--reason", "another report")
    assert "is not ENG-3" in told
    again = earshot_again("backlog", "import", "jira.csv", cwd=folder)
    assert "0 of them new" in again.stdout
    assert all(
        twin["key"] != "ENG-3" or twin["standing"] == "different"
        for one in machine(folder, "backlog", "duplicates", "--all")
        for twin in one["twins"]
    )
    told = run(folder, "backlog", "same", pdf["item_id"], "ENG-1")
    assert f"Item {pdf['item_id']} was discarded." in told
    assert "\x1b" not in told
    shown = run(folder, "backlog", "show", pdf["item_id"])
    assert "\x1b" not in shown
    assert "ENG-1" in shown
    assert pdf["item_id"] not in run(folder, "backlog", "list")
    assert pdf["item_id"] in run(folder, "backlog", "list", "--status", "discarded")
    run(folder, "backlog", "set", pdf["item_id"], "status", "draft")
    run(folder, "backlog", "set", pdf["item_id"], "title", HOSTILE)
    sheet = list(csv.DictReader(run(folder, "export", "backlog", "--format", "csv").splitlines()))
    (cell,) = [row["title"] for row in sheet if row["id"] == pdf["item_id"]]
    assert cell.startswith("'=cmd")
    page = run(folder, "backlog", "show", pdf["item_id"], "--format", "md")
    assert "<script>" not in page
    assert "\\[click\\]" in page
