"""Commands as a person meets them: help, errors, exit codes, files."""

import gzip
import json
from pathlib import Path

import pytest

from earshot.cli.registry import REGISTRY
from tests.doors.terminal import earshot, earshot_again

ROOT = Path(__file__).parents[2]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Four conversations in the plain form, one line of them bad."""
    lines = [
        {"id": "a", "messages": [{"author": "customer", "text": "The export fails with error 500 since Monday."}]},
        {"id": "b", "messages": [{"author": "customer", "text": "  Where do I change my password?\n"}]},
        {
            "id": "c",
            "messages": [{"author": "customer", "text": '=HYPERLINK("x") I was charged twice this month!'}],
        },
    ]
    path = tmp_path / "talk.jsonl.gz"
    with gzip.open(path, "wt") as out:
        out.write("\n".join([*(json.dumps(line) for line in lines), "{not json", ""]))
    return path


def test_help_names_every_command_and_each_has_its_own(tmp_path: Path) -> None:
    told = earshot("--help", cwd=tmp_path)
    assert told.returncode == 0
    assert all(entry.name in told.stdout for entry in REGISTRY)
    for entry in REGISTRY:
        own = earshot_again(entry.name, "--help", cwd=tmp_path)
        assert own.returncode == 0, own.stderr
        assert "Usage: earshot" in own.stdout


def test_wrong_use_is_exit_code_two_and_says_what_was_meant(tmp_path: Path) -> None:
    told = earshot("reprot", cwd=tmp_path)
    assert told.returncode == 2
    assert "report" in told.stderr
    assert earshot_again("run", "--nonsense", cwd=tmp_path).returncode == 2
    assert earshot_again("erase", cwd=tmp_path).returncode == 2


def test_a_file_goes_in_and_comes_out_unchanged(tmp_path: Path, file: Path) -> None:
    told = earshot("import", str(file), "--json", cwd=tmp_path)
    assert told.returncode == 1
    result = json.loads(told.stdout)
    assert result["conversations"] == 3
    assert [bad["line"] for bad in result["bad"]] == [4]
    ran = earshot("run", "--no-sync", "--format", "json", "--out", "r.json", cwd=tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert (tmp_path / "r.json").exists()
    rows = [json.loads(line) for line in earshot_again("export", "conversations", cwd=tmp_path).stdout.splitlines()]
    texts = {row["id"]: row["messages"][0]["text"] for row in rows}
    assert texts["file:b"] == "  Where do I change my password?\n"
    insights = [json.loads(line) for line in earshot_again("export", "insights", cwd=tmp_path).stdout.splitlines()]
    assert {i["conversation_id"]: i["issue_type"] for i in insights}["file:c"] == "BILLING"
    for insight in insights:
        finding = insight["findings"][0]
        text = texts[insight["conversation_id"]]
        assert text[finding["start"] : finding["end"]] == finding["quote"]
    table = earshot_again("export", "insights", "--format", "csv", "--out", "i.csv", cwd=tmp_path)
    assert table.returncode == 0
    assert "\n=" not in (tmp_path / "i.csv").read_text()
    assert ",=" not in (tmp_path / "i.csv").read_text()


def test_erasing_leaves_nothing(tmp_path: Path, file: Path) -> None:
    earshot_again("import", str(file), cwd=tmp_path)
    earshot_again("run", "--no-sync", "--out", "-", cwd=tmp_path)
    told = earshot_again("erase", "--conversation", "file:a", "--yes", cwd=tmp_path)
    assert told.returncode == 0, told.stderr
    assert "Nothing is left" in told.stdout
    assert "error 500" not in earshot_again("export", "conversations", cwd=tmp_path).stdout


def test_a_backup_comes_back(tmp_path: Path, file: Path) -> None:
    earshot_again("import", str(file), cwd=tmp_path)
    before = earshot_again("export", "conversations", cwd=tmp_path).stdout
    assert earshot_again("backup", "all.earshot", cwd=tmp_path).returncode == 0
    other = {"EARSHOT_DATA_DIR": str(tmp_path / "other")}
    assert earshot_again("restore", "all.earshot", cwd=tmp_path, environment=other).returncode == 0
    assert earshot_again("export", "conversations", cwd=tmp_path, environment=other).stdout == before
    refused = earshot_again("restore", "all.earshot", cwd=tmp_path, environment=other)
    assert refused.returncode == 1
    assert "--replace" in refused.stderr


@pytest.mark.parametrize(
    ("environment", "arguments", "expected"),
    [
        ({}, ("run",), "INTERCOM_ACCESS_TOKEN"),
        (
            {"INTERCOM_ACCESS_TOKEN": "t", "EARSHOT_INTERCOM__BASE_URL": "http://127.0.0.1:9"},
            ("sync",),
            "no connection",
        ),
        ({"DATABASE_URL": "postgresql://u:p@127.0.0.1:9/x"}, ("themes",), "127.0.0.1"),
        ({"DATABASE_URL": "mysql://x"}, ("themes",), "DATABASE_URL"),
        ({"EARSHOT_REPORT__TIMEZONE": "Mars"}, ("report",), "Mars"),
        ({"EARSHOT_CONFIG": "gone.toml"}, ("report",), "gone.toml"),
    ],
)
def test_what_is_wrong_is_said_once_with_what_to_do(
    tmp_path: Path, environment: dict[str, str], arguments: tuple[str, ...], expected: str
) -> None:
    quick = {"EARSHOT_INTERCOM__FIRST_WAIT_SECONDS": "0"}
    told = earshot_again(*arguments, cwd=tmp_path, environment={**quick, **environment})
    assert told.returncode == 1
    assert expected in told.stderr
    assert "Traceback" not in told.stderr
    assert "→" in told.stderr


def test_a_full_disk_is_said_and_leaves_no_half_file(tmp_path: Path, file: Path) -> None:
    earshot_again("import", str(file), cwd=tmp_path)
    told = earshot_again("report", "--format", "md", "--out", "/dev/full/report.md", cwd=tmp_path)
    assert told.returncode == 1
    assert "Cannot write" in told.stderr


def test_init_writes_what_doctor_accepts(tmp_path: Path) -> None:
    assert earshot_again("init", "--yes", "--timezone", "Europe/Berlin", cwd=tmp_path).returncode == 0
    assert 'timezone = "Europe/Berlin"' in (tmp_path / "earshot.toml").read_text()
    again = earshot_again("init", "--yes", cwd=tmp_path)
    assert again.returncode == 1
    assert "--force" in again.stderr
    told = earshot_again("doctor", "--json", cwd=tmp_path)
    grades = {check["name"]: check["grade"] for check in json.loads(told.stdout)}
    assert grades["settings"] == "ok"
    assert grades["database"] == "ok"
    assert grades["intercom"] == "failed"
    assert told.returncode == 1


def test_a_rule_with_a_mistake_is_refused_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "earshot.toml").write_text(
        '[[decide.rules]]\nname = "typo"\nwhen = \'insight.prioritty == "HIGH"\'\nactions = ["CREATE_TICKET"]\n'
    )
    told = earshot_again("rules", "check", cwd=tmp_path)
    assert told.returncode == 1
    assert "typo" in told.stderr
    assert "priority" in told.stderr
