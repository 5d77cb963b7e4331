"""`earshot audit sample`, `label`, `drift`, `export`, `import` and `examples` as a person meets them."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.doors.terminal import earshot, earshot_again
from tests.flow.labelling import TALKS

FIELDS = {"issue_type", "priority", "sentiment", "churn_risk"}


def read(folder: Path, *, copies: int = 1) -> None:
    """Conversations of the last days, read by the local model."""
    at = (datetime.now(UTC) - timedelta(days=3)).isoformat()
    rows = [
        {
            "id": f"{name}-{copy}",
            "created_at": at,
            "messages": [{"author": "customer", "text": f"{text} Case {copy}.", "created_at": at}],
        }
        for copy in range(copies)
        for name, (_, text) in TALKS.items()
    ]
    (folder / "talks.jsonl").write_text("\n".join(map(json.dumps, rows)))
    assert earshot_again("import", "talks.jsonl", cwd=folder).returncode == 0
    assert earshot_again("classify", cwd=folder).returncode == 0


def test_from_a_sample_to_drift_and_back_by_a_file(tmp_path: Path) -> None:
    early = earshot_again("audit", "drift", cwd=tmp_path)
    assert early.returncode == 1
    assert "earshot audit sample" in early.stderr
    read(tmp_path, copies=5)
    drawn = earshot_again(
        "audit", "sample", "--kind", "baseline", "--size", "20", "--seed", "x", "--json", cwd=tmp_path
    )
    assert drawn.returncode == 0, drawn.stderr
    sample = json.loads(drawn.stdout)
    assert sample["members"] == 20
    assert sum(sample["sample"]["populations"].values()) == 30
    answers = "3\n2\n2\n1\n" * 2 + "b\n" + "1\n2\n2\n1\n" + "s\n" + "q\n"
    told = earshot("audit", "label", "--as", "Vera", cwd=tmp_path, typed=answers)
    assert told.returncode == 0, told.stderr
    assert "1 of 20" in told.stdout
    assert "17 are left" in told.stdout
    drift = earshot_again("audit", "drift", cwd=tmp_path)
    assert "Agreement with people" in drift.stdout
    assert earshot_again("audit", "export", "--out", "labels.jsonl", cwd=tmp_path).returncode == 0
    rows = [json.loads(line) for line in (tmp_path / "labels.jsonl").read_text().splitlines()]
    assert len(rows) == 2
    assert rows[0]["labellers"].keys() == {"Vera"}
    assert rows[0].keys() >= FIELDS
    assert 0 < rows[0]["probability"] <= 1
    scored = earshot_again("audit", "score", "--labels", "labels.jsonl", cwd=tmp_path)
    assert "2 of 2 labelled conversations" in scored.stdout
    plain = [{name: row[name] for name in ("id", *FIELDS)} for row in rows]
    (tmp_path / "second.jsonl").write_text(
        "\n".join(map(json.dumps, [*plain, {"id": "far", "issue_type": "OTHER"}, {}]))
    )
    brought = earshot_again("audit", "import", "second.jsonl", "--as", "Ole", "--json", cwd=tmp_path)
    assert json.loads(brought.stdout)["kept"] == 2
    assert json.loads(brought.stdout)["strange"] == ["far"]
    both = earshot_again("audit", "drift", "--json", cwd=tmp_path)
    fields = json.loads(both.stdout)["fields"]
    assert {one["field"] for one in fields} == FIELDS
    assert all(one["people"]["accuracy"]["value"] == 1.0 for one in fields)
    again = earshot_again("audit", "export", cwd=tmp_path)
    assert json.loads(again.stdout.splitlines()[0])["labellers"].keys() == {"Vera", "Ole"}
    nothing = earshot_again("audit", "examples", cwd=tmp_path)
    assert nothing.returncode == 1
    assert "No example was chosen" in nothing.stderr


def test_wrong_use_is_said(tmp_path: Path) -> None:
    assert earshot_again("audit", "sample", "--size", "30", cwd=tmp_path).returncode == 2
    empty = earshot_again("audit", "sample", "--kind", "baseline", cwd=tmp_path)
    assert empty.returncode == 1
    assert "Nothing was read" in empty.stderr
    missing = earshot_again("audit", "label", "nowhere", cwd=tmp_path)
    assert "There is no such sample" in missing.stderr
