"""The files of deploy/ are what their readers take: real parsers, real times, commands that exist."""

import ast
import json
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from earshot.cli import main
from earshot.pipeline.scheduling.times import check
from earshot.settings import Settings

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").iterdir())
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose" / "compose.yaml").read_text())
WORKFLOW: dict[Any, Any] = yaml.safe_load((DEPLOY / "github" / "earshot.yml").read_text())
SYSTEMD = shutil.which("systemd-analyze")
_ENDS = {"|", "||", "&&", ";", ">", ">>", "<", "}", "2>&1"}
Understood = Callable[[str], None]


@pytest.fixture
def understood(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Understood:
    """Fails unless every `earshot …` of a shell line is a command with options that exist."""
    for variable in ("EARSHOT_CONFIG", "EARSHOT_DATA_DIR"):
        monkeypatch.setenv(variable, "")
    monkeypatch.delenv("EARSHOT_LOG", raising=False)

    def check_line(line: str) -> None:
        for arguments in commands(line):
            assert main([*arguments, "--help"]) == 0, f"{line}\n{capsys.readouterr().err}"

    return check_line


def commands(line: str) -> list[list[str]]:
    """The arguments of each call of earshot in a shell line."""
    words = shlex.split(re.sub(r"\$\{SINCE:\+(.*?)\} ", r"\1 ", line).replace(";", " ; "))
    found: list[list[str]] = []
    for at, word in enumerate(words):
        if re.fullmatch(r"(?:\S*/)?earshot", word) and words[at - 1 : at] != ["cd"]:
            rest = words[at + 1 :]
            end = next((n for n, one in enumerate(rest) if one in _ENDS or re.match(r"\d?>", one)), len(rest))
            found.append(rest[:end])
    return found


def crontab() -> Iterator[tuple[str, str]]:
    """Times and commands of the crontab."""
    for line in (DEPLOY / "cron" / "earshot.crontab").read_text().splitlines():
        if line and not line.startswith("#") and not re.match(r"[A-Z_]+=", line):
            fields = line.split(None, 5)
            yield " ".join(fields[:5]), fields[5]


def test_the_crontab_has_times_that_come_and_commands_that_exist(understood: Understood) -> None:
    lines = list(crontab())
    assert len(lines) >= 5
    for times, command in lines:
        check(times)
        assert commands(command), command
        assert re.search(r"(?<!\\)%", command) is None, "cron ends a command at a % without a backslash"
        understood(command.replace("\\%", "%").replace('"backup-$(date +%a).earshot"', "backup"))


def test_commands_of_units_exist(understood: Understood) -> None:
    services = [unit for unit in UNITS if unit.suffix == ".service"]
    assert len(services) == 3
    for unit in services:
        starts = re.findall(r"^ExecStart=(.+)$", unit.read_text(), re.MULTILINE)
        assert len(starts) == 1
        understood(starts[0])
        assert commands(starts[0])


def test_timers_start_chores_that_there_are() -> None:
    names = re.findall(
        r"^Unit=earshot-chore@(\w+)\.service$", "\n".join(u.read_text() for u in UNITS), re.MULTILINE
    )
    assert sorted(names) == ["daily", "sweep", "sync", "weekly"]
    assert set(names) <= set(type(Settings.fixed({}).schedule).model_fields)


@pytest.mark.skipif(SYSTEMD is None, reason="needs systemd-analyze")
def test_systemd_takes_the_units_and_finds_them_well_shut(tmp_path: Path) -> None:
    stand_in = tmp_path / "earshot"
    stand_in.write_text("#!/bin/sh\n")
    stand_in.chmod(0o755)
    for unit in UNITS:
        (tmp_path / unit.name).write_text(unit.read_text().replace("/opt/earshot/bin/earshot", str(stand_in)))
    chore = (tmp_path / "earshot-chore@.service").read_text()
    (tmp_path / "earshot-chore@daily.service").write_text(chore)
    files = sorted(str(path) for path in tmp_path.iterdir() if path.suffix and "@." not in path.name)
    told = analyze("verify", "--man=no", *files)
    assert (told.returncode, told.stderr) == (0, "")
    for unit in (path for path in files if path.endswith(".service")):
        verdict = analyze("security", "--offline=true", "--threshold=25", unit)
        assert verdict.returncode == 0, verdict.stdout[-200:]
    for timer in (path for path in UNITS if path.suffix == ".timer"):
        (when,) = re.findall(r"^OnCalendar=(.+)$", timer.read_text(), re.MULTILINE)
        assert analyze("calendar", f"{when} Europe/Berlin").returncode == 0


def analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    assert SYSTEMD is not None
    return subprocess.run([SYSTEMD, *arguments], capture_output=True, text=True, check=False)


def test_the_workflow_runs_daily_and_weekly_alone_and_keeps_no_customers_words(understood: Understood) -> None:
    triggers = WORKFLOW[True]  # YAML reads the key `on` as yes
    crons = [entry["cron"] for entry in triggers["schedule"]]
    for cron in crons:
        check(cron)
    assert WORKFLOW["permissions"] == {"contents": "read"}
    assert WORKFLOW["concurrency"]["cancel-in-progress"] is False
    job = WORKFLOW["jobs"]["run"]
    assert job["timeout-minutes"] < 360
    scripts = [step["run"] for step in job["steps"] if "run" in step]
    for line in "\n".join(scripts).splitlines():
        understood(line)
    assert sum(len(commands(script)) for script in scripts) == 3
    assert not any("${{" in script for script in scripts), "what is put into a script by GitHub is not quoted"
    assert not any("upload-artifact" in step.get("uses", "") for step in job["steps"])
    conditions = "".join(step.get("if", "") for step in job["steps"])
    assert all(cron in conditions for cron in crons[1:])


def test_the_dags_import_nothing_of_earshot_and_their_commands_exist(
    monkeypatch: pytest.MonkeyPatch, understood: Understood
) -> None:
    source = (DEPLOY / "airflow" / "earshot_dag.py").read_text()
    imported = {
        name.name if isinstance(node, ast.Import) else str(node.module)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in node.names
    }
    assert not any(name.startswith("earshot") for name in imported)
    told, dags = run_dags(source, monkeypatch)
    assert [options["schedule"] for options in dags] == ["0 6 * * *", "30 6 * * 1"]
    for options in dags:
        check(options["schedule"])
        assert options["catchup"] is False
        assert options["max_active_runs"] == 1
        assert options["default_args"]["do_xcom_push"] is False
    assert len(told) == 3
    for command in told:
        assert commands(command)
        understood(re.sub(r"\{\{.*?\}\}", "x", command))


def run_dags(source: str, monkeypatch: pytest.MonkeyPatch) -> tuple[list[str], list[Mapping[str, Any]]]:
    """What the DAGs would run, and their options, with stand-ins for Airflow's names."""
    told: list[str] = []
    dags: list[Mapping[str, Any]] = []

    class Placed:
        def __rshift__(self, other: "Placed") -> "Placed":
            return other

    def bash(function: Callable[[], str]) -> Callable[[], Placed]:
        def placed() -> Placed:
            told.append(function())
            return Placed()

        return placed

    def dag(**options: Any) -> Callable[[Callable[[], None]], Callable[[], None]]:
        dags.append(options)
        return lambda function: function

    sdk, pendulum, task = ModuleType("airflow.sdk"), ModuleType("pendulum"), ModuleType("task")
    names: dict[ModuleType, dict[str, Any]] = {
        sdk: {"dag": dag, "task": task},
        pendulum: {"datetime": lambda *day, tz: (day, tz)},  # pyright: ignore[reportUnknownLambdaType, reportUnknownVariableType]
        task: {"bash": bash},
    }
    for module, content in names.items():
        vars(module).update(content)
    for name, module in (("airflow", ModuleType("airflow")), ("airflow.sdk", sdk), ("pendulum", pendulum)):
        monkeypatch.setitem(sys.modules, name, module)
    exec(compile(source, "earshot_dag.py", "exec"), {"__name__": "earshot_dag"})
    return told, dags


def test_compose_names_only_what_there_is(understood: Understood) -> None:
    services: dict[str, Any] = COMPOSE["services"]
    assert set(services) == {"database", "serve", "worker"}
    example = (DEPLOY / "compose" / ".env.example").read_text()
    known = set(re.findall(r"^(\w+)=", example, re.MULTILINE))
    for name, service in services.items():
        wanted = set(re.findall(r"\$\{(\w+)", json.dumps(service)))
        assert wanted <= known, name
        volumes = [entry.split(":")[0] for entry in service.get("volumes", [])]
        assert all(volume.startswith("./") or volume in COMPOSE["volumes"] for volume in volumes)
        assert set(service.get("depends_on", {})) <= set(services)
        if "command" in service:
            understood(shlex.join(["earshot", *service["command"]]))
            build = service["build"]
            assert (DEPLOY / "compose" / build["context"]).resolve() == ROOT
            assert (ROOT / build["dockerfile"]).is_file()
            assert service["read_only"] is True
            assert service["cap_drop"] == ["ALL"]
    assert "healthcheck" in services["database"]
    assert services["serve"]["ports"] == ["127.0.0.1:8080:8080"]
    assert services["serve"]["environment"]["EARSHOT_WEB__HOST"] == "0.0.0.0"


def test_compose_asks_a_page_that_answers_and_waits_longer_than_a_worker() -> None:
    serve = COMPOSE["services"]["serve"]
    assert "/readyz" in serve["healthcheck"]["test"][-1]
    grace = timedelta(seconds=Settings.fixed({}).workers.grace_seconds)
    assert timedelta(seconds=int(serve["stop_grace_period"].rstrip("s"))) > grace
    for unit in UNITS:
        for seconds in re.findall(r"^TimeoutStopSec=(\d+)$", unit.read_text(), re.MULTILINE):
            assert timedelta(seconds=int(seconds)) > grace


def test_the_dockerfile_copies_what_there_is_and_runs_as_nobody_special() -> None:
    lines = (DEPLOY / "compose" / "Dockerfile").read_text().replace("\\\n", " ").splitlines()
    steps = [line.split(None, 1) for line in lines if line and not line.startswith("#")]
    kinds = [step[0] for step in steps]
    assert set(kinds) <= {"FROM", "WORKDIR", "RUN", "COPY", "ENV", "USER", "VOLUME", "EXPOSE", "ENTRYPOINT", "CMD"}
    ignored = (DEPLOY / "compose" / "Dockerfile.dockerignore").read_text().splitlines()
    for kind, rest in steps:
        if kind == "COPY" and not rest.startswith("--from"):
            for source in rest.split()[:-1]:
                assert (ROOT / source.removeprefix("./")).exists(), source
                assert f"!{source.removeprefix('./')}" in ignored
        if kind in {"ENTRYPOINT", "CMD"}:
            assert json.loads(rest)
    assert kinds.index("USER") < kinds.index("ENTRYPOINT")
    assert ["USER", "earshot"] in steps


def test_every_file_is_told_about() -> None:
    told = (DEPLOY / "README.md").read_text()
    files = [path for path in DEPLOY.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    assert len(files) > 10
    folders = {path.relative_to(DEPLOY).parts[0] for path in files if path.parent != DEPLOY}
    assert [folder for folder in sorted(folders) if f"{folder}/" not in told] == []


def test_a_wrong_time_and_a_wrong_command_would_be_noticed(capsys: pytest.CaptureFixture[str]) -> None:
    assert commands("cd /srv/earshot && earshot run --out a >>x 2>&1 || cat x") == [["run", "--out", "a"]]
    assert main(["run", "--no-such", "--help"]) == 2
    with pytest.raises(ValueError, match="bad hour"):
        check("0 99 * * *")
