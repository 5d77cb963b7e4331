"""Settings: what is refused, and how clearly."""

import os
from pathlib import Path

import pytest

from earshot.cli.example import example
from earshot.errors import Misconfigured
from earshot.settings import Secrets, load_settings


def load(tmp_path: Path, text: str, **environment: str) -> object:
    path = tmp_path / "earshot.toml"
    path.write_text(text, encoding="utf-8")
    return load_settings({"EARSHOT_CONFIG": str(path), **environment})


def test_without_a_file_the_defaults_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = load_settings({})
    assert settings.intercom.region == "us"
    assert settings.report.days == 30


def test_a_named_file_that_is_not_there_is_an_error() -> None:
    with pytest.raises(Misconfigured, match="no settings file"):
        load_settings({"EARSHOT_CONFIG": "/nonexistent/earshot.toml"})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('[intercom]\nregoin = "eu"\n', r"intercom\.regoin: there is no such key; did you mean region\?"),
        ("[intercmo]\n", r"intercmo: there is no such key; did you mean intercom\?"),
        ('[report]\ntimezone = "Mars/Olympus"\n', r"report: .*Mars/Olympus"),
        ('[intercom]\nconcurrency = "many"\n', r"intercom\.concurrency: .*integer"),
        ("[intercom\n", "not valid TOML"),
        ('[[decide.rules]]\nname = "x"\n', r"decide\.rules\.0\.when"),
    ],
)
def test_a_mistake_is_named_by_its_path(tmp_path: Path, text: str, expected: str) -> None:
    with pytest.raises(Misconfigured, match=expected):
        load(tmp_path, text)


def test_every_mistake_is_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured) as caught:
        load(tmp_path, "[intercom]\nregoin = 1\n[report]\ndays = 0\n")
    assert "2 mistake(s)" in str(caught.value)


def test_the_environment_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "earshot.toml"
    path.write_text('[intercom]\nregion = "au"\nconcurrency = 3\n')
    monkeypatch.setenv("EARSHOT_CONFIG", str(path))
    monkeypatch.setenv("EARSHOT_INTERCOM__REGION", "eu")
    settings = load_settings(os.environ)
    assert (settings.intercom.region, settings.intercom.concurrency) == ("eu", 3)


def test_a_mistyped_variable_is_refused() -> None:
    with pytest.raises(Misconfigured, match="EARSHOT_INTERCOMM__REGION") as caught:
        load_settings({"EARSHOT_INTERCOMM__REGION": "eu"})
    assert "EARSHOT_INTERCOM__" in caught.value.hint


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "earshot.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(Misconfigured, match="Cannot read"):
        load_settings({"EARSHOT_CONFIG": str(path)})


def test_the_data_folder_comes_from_its_variable(tmp_path: Path) -> None:
    settings = load_settings({"EARSHOT_DATA_DIR": str(tmp_path)})
    assert settings.data_dir == tmp_path


def test_secrets_are_read_and_never_shown() -> None:
    secrets = Secrets.load({"INTERCOM_ACCESS_TOKEN": "tok-123", "DATABASE_URL": ""})
    assert secrets.database_url is None
    assert "tok-123" not in repr(secrets)


def test_the_shipped_example_is_current_and_loads(tmp_path: Path) -> None:
    shipped = Path(__file__).parents[2] / "earshot.example.toml"
    assert shipped.read_text(encoding="utf-8") == example()
    load(tmp_path, example())


def test_every_default_of_the_example_can_be_switched_on(tmp_path: Path) -> None:
    lines = [line.removeprefix("# ") if _is_key(line) else line for line in example().splitlines()]
    load(tmp_path, "\n".join(lines))


def _is_key(line: str) -> bool:
    name, equals, value = line.removeprefix("# ").partition(" = ")
    if line in {"# [[decide.rules]]", "# [[webhooks]]"}:
        return True
    return line.startswith("# ") and bool(equals) and bool(value) and name.isidentifier() and name.islower()
