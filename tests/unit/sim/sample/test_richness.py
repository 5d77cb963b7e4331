"""The wording is rich: many openings, no worn phrase, nothing of the local model's training text."""

import re
from collections import Counter
from pathlib import Path

import pytest

from earshot.sim.sample import generate
from earshot.sim.sample.script import library
from earshot.sim.workspace import Json, SimWorkspace
from tests.unit.sim.sample.inbox import NOW, plain, runs, visible

TRAINING = Path(__file__).parents[4] / "training" / "text"


def test_hundreds_of_openings_are_distinct(conversations: list[Json]) -> None:
    openings = {plain(conversation["source"]["body"]) for conversation in conversations}
    assert len(openings) >= 400


def test_openings_differ_in_more_than_figures_and_names(workspace: SimWorkspace) -> None:
    wholes = {re.sub(r"\{\w+\}", "", o.text) for s in library().scripts.values() for o in s.openings}
    assert len(wholes) >= 400
    frequent = [script for script in library().scripts.values() if script.count >= 8]
    assert all(len(script.spoken("en")) >= 8 for script in frequent)


@pytest.mark.parametrize("seed", [7, 1, 42])
def test_no_five_words_in_a_row_wear_out(seed: int) -> None:
    workspace = generate(seed=seed, now=NOW)
    held: Counter[tuple[str, ...]] = Counter()
    for conversation in workspace.conversations:
        held.update(set[tuple[str, ...]]().union(*(runs(text, 5) for text in visible(conversation))))
    worn = [(" ".join(run), count) for run, count in held.most_common(5) if count > 0.02 * 600]
    assert worn == []


def test_nothing_is_shared_with_the_training_text(conversations: list[Json]) -> None:
    files = sorted(path for path in TRAINING.rglob("*") if path.is_file())
    if not files:
        pytest.skip(f"no training text in {TRAINING} to compare with")
    trained: set[tuple[str, ...]] = set()
    for path in files:
        for line in re.split(r"\n|\{\w+\}", path.read_text(encoding="utf-8")):
            trained |= runs(line, 6)
    shared = {run for item in conversations for text in visible(item) for run in runs(text, 6) & trained}
    assert shared == set()
