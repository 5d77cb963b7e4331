"""`earshot audit` as a person meets it."""

import json
from pathlib import Path

from tests.doors.terminal import earshot_again
from tests.flow.labelling import lines, talks


def test_a_first_score_needs_nothing_but_a_file(tmp_path: Path) -> None:
    lines(tmp_path / "labels.jsonl", pairs=True)
    told = earshot_again("audit", "score", "--labels", "labels.jsonl", "--classifier", "local", "--by", "length",
                   "--by", "issue_type", "--out", "audit.md", cwd=tmp_path)  # fmt: skip
    assert told.returncode == 0, told.stderr
    assert "6 of 6 labelled conversations" in told.stdout
    assert "Kappa is agreement beyond what guessing would reach" in told.stdout
    assert "The annotators among themselves" in told.stdout
    assert "By segment" in told.stdout
    assert "charged twice" not in told.stdout
    written = (tmp_path / "audit.md").read_text()
    assert "| field | accuracy | macro-F1" in written
    assert "charged twice" not in written


def test_machines_get_json_and_a_file_that_ends_in_nothing_known_is_wrong_use(tmp_path: Path) -> None:
    lines(tmp_path / "labels.jsonl")
    told = earshot_again(
        "audit", "score", "--labels", "labels.jsonl", "--classifier", "local", "--json", cwd=tmp_path
    )
    found = json.loads(told.stdout)
    assert found["judged"] == 6
    assert {field["field"] for field in found["fields"]} == {"issue_type", "sentiment"}
    assert found["fields"][0]["accuracy"]["low"] < found["fields"][0]["accuracy"]["value"]
    wrong = earshot_again("audit", "score", "--labels", "labels.jsonl", "--out", "a.pdf", cwd=tmp_path)
    assert wrong.returncode == 2
    assert earshot_again("audit", "score", cwd=tmp_path).returncode == 2


def test_stored_insights_are_scored_and_words_are_shown_when_asked_for(tmp_path: Path) -> None:
    talks(tmp_path / "talks.jsonl")
    earshot_again("import", "talks.jsonl", cwd=tmp_path)
    assert earshot_again("classify", cwd=tmp_path).returncode == 0
    wrong = [{"id": "b1", "issue_type": "OTHER"}, {"id": "gone", "issue_type": "OTHER"}]
    (tmp_path / "labels.jsonl").write_text("\n".join(map(json.dumps, wrong)))
    told = earshot_again("audit", "score", "--labels", "labels.jsonl", "--show-text", cwd=tmp_path)
    assert told.returncode == 0, told.stderr
    assert "1 of 2 labelled conversations" in told.stdout
    assert "1 without a text, an insight or an answer" in told.stdout
    assert "charged twice" in told.stdout


def test_without_a_provider_no_model_is_asked(tmp_path: Path) -> None:
    lines(tmp_path / "labels.jsonl")
    told = earshot_again(
        "audit", "score", "--labels", "labels.jsonl", "--classifier", "llm:template=2", "--yes", cwd=tmp_path
    )
    assert told.returncode == 1
    assert "No language model is switched on" in told.stderr
    assert "provider" in told.stderr


def test_a_provider_without_a_terminal_and_without_yes_is_not_asked(tmp_path: Path) -> None:
    lines(tmp_path / "labels.jsonl")
    environment = {
        "EARSHOT_LLM__PROVIDER": "openai",
        "OPENAI_API_KEY": "k",
        "OPENAI_BASE_URL": "http://127.0.0.1:9",
    }
    asked = ("audit", "experiment", "--labels", "labels.jsonl", "--a", "local", "--b", "llm")
    told = earshot_again(*asked, cwd=tmp_path, environment=environment)
    assert told.returncode == 1
    assert "will cost about $" in told.stderr
    assert "--yes" in told.stderr


def test_help_teaches_the_label_file(tmp_path: Path) -> None:
    for command in ("score", "experiment"):
        told = " ".join(earshot_again("audit", command, "--help", cwd=tmp_path).stdout.split())
        assert '{"id": "215", "issue_type": "BILLING"' in told
        assert "label_a" in told


def test_hostile_text_cannot_draw_on_the_terminal(tmp_path: Path) -> None:
    text = "\u001b]0;owned\u0007 I was charged [red]twice[/red] | attack"
    row = {"id": "x\u001b[2J", "issue_type": "OTHER", "messages": [{"author": "customer", "text": text}]}
    (tmp_path / "labels.jsonl").write_text(json.dumps(row))
    asked = ("audit", "score", "--labels", "labels.jsonl", "--classifier", "local", "--show-text", "--out", "a.md")
    told = earshot_again(*asked, cwd=tmp_path)
    assert told.returncode == 0, told.stderr
    assert "\u001b" not in told.stdout
    assert "[red]twice" in told.stdout
    assert "owned" not in told.stdout
    written = (tmp_path / "a.md").read_text()
    assert "\u001b" not in written
    assert "attack" in written
    assert "| attack" not in written.replace("\\|", "")
