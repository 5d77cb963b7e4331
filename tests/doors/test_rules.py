"""`earshot rules` as a person meets it: list, test, switch on, explain."""

import json
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from tests.doors.terminal import earshot, earshot_again, kept_open

RULE = """
[[decide.rules]]
name = "EXPORTS"
when = 'insight.issue_type == "PRODUCT_BUG" && insight.sentiment_score < 1.0'
actions = ["CREATE_TICKET", { do = "TAG", tag = "exports" }]
"""
TEXT = "The CSV export crashes with error 500 since this morning, nobody can work. Please fix this bug."


def run(folder: Path, *arguments: str, code: int = 0) -> str:
    told = earshot_again(*arguments, cwd=folder)
    assert told.returncode == code, told.stderr + told.stdout
    return told.stdout if code == 0 else told.stdout + told.stderr


def machine(folder: Path, *arguments: str) -> Any:
    return json.loads(run(folder, *arguments, "--json"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Generator[Path]:
    """A workspace with four bugs and a rule of its own."""
    folder = tmp_path_factory.mktemp("rules")
    (folder / "earshot.toml").write_text(RULE)
    rows = [
        {"id": f"b{n}", "created_at": "2026-05-02T10:00:00Z", "messages": [{"author": "customer", "text": TEXT}]}
        for n in range(4)
    ]
    (folder / "talks.jsonl").write_text("\n".join(map(json.dumps, rows)))
    with kept_open(folder / "data"):
        assert earshot("import", "talks.jsonl", cwd=folder).returncode == 0
        assert earshot_again("classify", cwd=folder).returncode == 0
        yield folder


def test_the_life_of_a_rule(folder: Path) -> None:
    assert "dry-run" in run(folder, "rules", "list")
    listed = {row["name"]: row["actions"] for row in machine(folder, "rules", "list")}
    assert listed["EXPORTS"] == ["CREATE_TICKET", "TAG tag=exports"]
    tested = machine(folder, "rules", "test", "exports", "--since", "all")
    (rule,) = tested["rules"]
    assert (rule["name"], rule["matches"], rule["effects"]["tag"]["new"]) == ("EXPORTS", 4, 4)
    assert rule["effects"]["ticket"]["new"] == 1
    assert tested["assumed"] == ["intercom", "jira"]
    told = run(folder, "rules", "test", "--since", "all")
    assert "as known today" in told
    assert "ruled out" in told

    assert "--yes" in run(folder, "rules", "on", "EXPORTS", code=1)
    assert "on for 20 %" in run(folder, "rules", "on", "EXPORTS", "--share", "20%", "--yes", "--reason", "trial")
    assert "at most 100%" in run(folder, "rules", "on", "EXPORTS", "--share", "120%", "--yes", code=2)
    states = {row["name"]: row["mode"] for row in machine(folder, "rules", "list")}
    assert states["EXPORTS"] == "share"
    assert machine(folder, "rules", "off", "EXPORTS")["mode"] == "off"
    assert machine(folder, "rules", "dry-run", "EXPORTS")["mode"] == "dry-run"
    assert [row["mode"] for row in machine(folder, "rules", "history", "EXPORTS")] == ["dry-run", "off", "share"]

    run(folder, "rules", "on", "EXPORTS", "--yes")
    (folder / "earshot.toml").write_text(RULE.replace("< 1.0", "< 0.9"))
    assert "back in dry run" in run(folder, "rules", "list")
    (folder / "earshot.toml").write_text(RULE)


def test_a_rule_is_tried_before_it_is_installed(folder: Path) -> None:
    (folder / "mine.toml").write_text(
        '[[rules]]\nname = "NEW"\nwhen = "insight.confidence >= 0.0"\nactions = ["NOTE"]\n'
    )
    tested = machine(folder, "rules", "test", "--file", "mine.toml", "--since", "all")
    assert [(rule["name"], rule["matches"]) for rule in tested["rules"]] == [("NEW", 4)]
    assert len(tested["rules"][0]["examples"]) == 4
    assert "NEW" not in run(folder, "rules", "list")
    (folder / "mine.toml").write_text(
        '[[rules]]\nname = "NEW"\nwhen = "insight.confidenc > 0.0"\nactions = ["NOTE"]\n'
    )
    assert "did you mean confidence?" in run(folder, "rules", "test", "--file", "mine.toml", code=1)


def test_a_conversation_is_explained(folder: Path) -> None:
    answers = {rule["rule"]: rule for rule in machine(folder, "rules", "explain", "file:b1")["rules"]}
    assert answers["EXPORTS"]["held"] is True
    assert answers["BILLING_CRITICAL"]["held"] is False
    told = run(folder, "rules", "explain", "file:b1")
    assert "✗ insight.issue_type == " in told
    assert "insight.issue_type is PRODUCT_BUG" in told
    assert "Actions it led to or joined" in told
    assert "no reading of conversation" in run(folder, "rules", "explain", "nobody", code=1)


def test_a_wrong_name_is_told_the_nearest(folder: Path) -> None:
    assert "did you mean EXPORTS?" in run(folder, "rules", "off", "EXPORST", code=1)
