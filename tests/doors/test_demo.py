"""The README's first command: what the report says, against the truth that was planted."""

import asyncio
import json
import math
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from earshot.ports.clock import SystemClock
from earshot.store.address import connect
from earshot.store.opening import open_store
from earshot.store.settings import StoreSettings
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


@pytest.fixture(scope="module")
def held(folder: Path) -> dict[str, set[str]]:
    """The conversations of every theme, as stored."""
    themes: defaultdict[str, set[str]] = defaultdict(set)
    for theme, conversation in asyncio.run(_members(folder)):
        themes[theme].add(conversation)
    return themes


async def _members(folder: Path) -> list[tuple[str, str]]:
    store = await open_store(StoreSettings(data_dir=folder), clock=SystemClock())
    try:
        connection = await connect(store.address)
        rows = await connection.fetch("select theme_id, conversation_id from finding")
        await connection.close()
        return [(row["theme_id"], row["conversation_id"]) for row in rows]
    finally:
        await store.close()


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


def test_planted_frequencies_are_found(truths: dict[str, Json], held: dict[str, set[str]]) -> None:
    planted: defaultdict[str, set[str]] = defaultdict(set)
    for key, truth in truths.items():
        planted[truth["matters"][0]].add(key)
    frequent = sorted(planted.items(), key=lambda item: (-len(item[1]), item[0]))[:10]
    counts = {matter: (len(keys), len(_its_theme(keys, held))) for matter, keys in frequent}
    near = [matter for matter, n in counts.items() if abs(n[0] - n[1]) <= max(1, math.ceil(0.15 * n[0]))]
    far = {matter: n for matter, n in counts.items() if abs(n[0] - n[1]) > n[0] / 3}
    assert len(near) >= 7, counts
    assert not far, "planted and found"


def _its_theme(planted: set[str], held: dict[str, set[str]]) -> set[str]:
    """The theme that holds most of the conversations of a matter."""
    return max(held.values(), key=lambda theme: (len(theme & planted), -len(theme)))


def test_pages_are_whole(folder: Path) -> None:
    page = (folder / "report.html").read_text()
    assert page.rstrip().endswith("</html>")
    assert "<svg" in page
    assert "Top themes" in (folder / "report.md").read_text()
