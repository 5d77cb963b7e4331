"""The README's first command: what the report says, against the truth that was planted."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.doors.terminal import earshot

Json = dict[str, Any]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished demo."""
    where = tmp_path_factory.mktemp("demo")
    told = earshot("demo", "--folder", str(where / "out"), cwd=where)
    assert told.returncode == 0, told.stderr
    assert "Complete: nothing is missing." in told.stderr
    return where / "out"


@pytest.fixture(scope="module")
def truths(folder: Path) -> dict[str, Json]:
    """What is really the matter, by conversation, for those that count."""
    planted: Json = json.loads((folder / "truth.json").read_text())
    return {t["conversation_id"]: t for t in planted["conversations"] if t["excluded"] is None}


@pytest.fixture(scope="module")
def insights(folder: Path) -> dict[str, Json]:
    """What was read, by conversation."""
    told = earshot("export", "insights", cwd=folder, environment={"EARSHOT_DATA_DIR": str(folder)})
    return {row["conversation_id"]: row for row in map(json.loads, told.stdout.splitlines())}


def test_counts_and_completeness_are_exact(
    folder: Path, truths: dict[str, Json], insights: dict[str, Json]
) -> None:
    report: Json = json.loads((folder / "report.json").read_text())
    planted: Json = json.loads((folder / "truth.json").read_text())
    totals = report["totals"]
    assert totals["conversations"] == len(insights)
    assert totals["conversations"] + report["unread"] == len(truths)
    statement = report["completeness"]
    assert statement["seen"] == len(planted["conversations"])
    assert statement["filtered_out"] == len(planted["conversations"]) - len(truths)
    assert statement["gaps"] == []
    assert totals["customers"] == len({truths[key]["account"] for key in insights})


def test_issue_types_are_right(truths: dict[str, Json], insights: dict[str, Json]) -> None:
    right = [truths[key]["issue_type"] == row["issue_type"] for key, row in insights.items()]
    assert sum(right) / len(right) >= 0.80


def test_planted_frequencies_are_found(folder: Path, truths: dict[str, Json]) -> None:
    told = earshot(
        "themes",
        "--since",
        "120d",
        "--limit",
        "1000",
        "--json",
        cwd=folder,
        environment={"EARSHOT_DATA_DIR": str(folder)},
    )
    found = sorted((t["frequency"] for t in json.loads(told.stdout)), reverse=True)
    planted = Counter(matter for truth in truths.values() for matter in truth["matters"])
    frequent = [count for _, count in planted.most_common(10)]
    for wanted, got in zip(frequent, found, strict=False):
        assert abs(got - wanted) <= 0.15 * wanted + 1


def test_pages_are_whole(folder: Path) -> None:
    page = (folder / "report.html").read_text()
    assert page.rstrip().endswith("</html>")
    assert "<svg" in page
    assert "Top themes" in (folder / "report.md").read_text()
