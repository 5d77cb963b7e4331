"""`earshot estimate` and `earshot costs` as a person meets them."""

import json
from pathlib import Path

from tests.doors.terminal import earshot_again
from tests.flow.labelling import talks


def test_a_price_can_be_asked_before_anything_is_set_up(tmp_path: Path) -> None:
    talks(tmp_path / "talks.jsonl")
    earshot_again("import", "talks.jsonl", cwd=tmp_path)
    told = earshot_again("estimate", "--provider", "anthropic", cwd=tmp_path)
    assert told.returncode == 0, told.stderr
    assert "Reading 6 conversations" in told.stdout
    assert "claude-haiku-5-5" in told.stdout
    assert "batch" in told.stdout
    plain = json.loads(earshot_again("estimate", "--provider", "openai", "--json", cwd=tmp_path).stdout)
    assert [one["mode"] for one in plain["as_set"]] == ["online", "batch"]
    assert plain["as_set"][1]["usd"] < plain["as_set"][0]["usd"] < 0.01
    assert {tier for one in plain["tiers"] for tier in one["tiers"]} == {"labels", "cheap", "medium", "strong"}
    first = json.loads(
        earshot_again("estimate", "--provider", "openai", "--template", "1", "--json", cwd=tmp_path).stdout
    )
    assert first["as_set"][0]["usd"] < plain["as_set"][0]["usd"]
    many = json.loads(
        earshot_again("estimate", "--provider", "openai", "--count", "600", "--json", cwd=tmp_path).stdout
    )
    assert many["conversations"] == 600
    earshot_again("classify", cwd=tmp_path)
    since = json.loads(
        earshot_again("estimate", "--provider", "openai", "--since", "all", "--json", cwd=tmp_path).stdout
    )
    assert since["conversations"] == 6


def test_without_a_provider_it_says_how_to_name_one(tmp_path: Path) -> None:
    told = earshot_again("estimate", cwd=tmp_path)
    assert told.returncode == 1
    assert "No language model is switched on" in told.stderr
    assert earshot_again("estimate", "--provider", "nobody", cwd=tmp_path).returncode == 2


def test_nothing_spent_is_said_plainly(tmp_path: Path) -> None:
    told = earshot_again("costs", cwd=tmp_path)
    assert told.returncode == 0, told.stderr
    assert "Nothing was spent" in told.stdout
    found = json.loads(
        earshot_again("costs", "--by", "model", "--since", "30d", "--top", "3", "--json", cwd=tmp_path).stdout
    )
    assert (found["lines"], found["total"]["usd"], found["dearest"], found["sureness"]) == ([], 0, [], "")
    assert earshot_again("costs", "--by", "colour", cwd=tmp_path).returncode == 2
