"""The DAGs of deploy/airflow under a real Airflow, once each, against a simulated workspace.

    python bench/airflow.py

Airflow goes into an environment of its own in the cache folder (about 300 MB, once), as `pip` of this machine is
configured; nothing of Earshot is imported there. What it prints: how long each took and what Airflow said of it.
"""

import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import platformdirs

from processes import free_port, wait_for

ROOT = Path(__file__).resolve().parents[1]
VERSION = "3.3.2"
VENV = Path(platformdirs.user_cache_dir("earshot-bench", appauthor=False)) / f"airflow-{VERSION}"
DAGS = ("earshot_daily", "earshot_weekly")


def main() -> int:
    """Install, migrate, run both DAGs, show what came of it; 1 when anything failed."""
    install()
    with tempfile.TemporaryDirectory(prefix="earshot-airflow-", ignore_cleanup_errors=True) as folder:
        port = free_port()
        simulator = simulate(port)
        try:
            wait_for(port)
            environment = surroundings(Path(folder), port)
            airflow("db", "migrate", environment=environment)
            return max([1 - once(dag, environment) for dag in DAGS] + [1 - shown(Path(folder))])
        finally:
            simulator.terminate()
            simulator.wait()


def install() -> None:
    """Airflow's environment, made when it is not there."""
    if (VENV / "bin" / "airflow").exists():
        print(f"Airflow {VERSION} is there: {VENV}")
        return
    began = time.perf_counter()
    shutil.rmtree(VENV, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", VENV], check=True)
    # the wheels it needs are pure Python or built for this platform; nothing is compiled
    pip = [VENV / "bin" / "pip", "install", "-q", f"apache-airflow=={VERSION}"]
    told = subprocess.run(pip, stderr=subprocess.PIPE, text=True, check=False)
    if told.returncode:
        sys.exit(told.stderr[-2000:])
    print(f"Airflow {VERSION} installed in {time.perf_counter() - began:.0f} s")


def simulate(port: int) -> subprocess.Popen[bytes]:
    """A simulated Intercom in a process of its own."""
    command = [sys.executable, "-m", "earshot", "sim", "intercom", "--conversations", "300", "--port", str(port)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def surroundings(folder: Path, port: int) -> dict[str, str]:
    """Airflow's own folder, and what the DAGs' commands need."""
    home, airflow_home = folder / "earshot", folder / "airflow"
    home.mkdir(mode=0o755)
    folder.chmod(0o711)
    own = {
        "AIRFLOW_HOME": str(airflow_home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "deploy" / "airflow"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "EARSHOT_BIN": str(Path(sys.executable).with_name("earshot")),
        "EARSHOT_HOME": str(home),
        "EARSHOT_DATA_DIR": str(folder / "data"),
        "EARSHOT_INTERCOM__BASE_URL": f"http://127.0.0.1:{port}",
        "INTERCOM_ACCESS_TOKEN": "simulated",
    }
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("EARSHOT_", "AIRFLOW", "DATABASE_"))
    }
    return {**kept, **own}


def airflow(*arguments: str, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """One command of Airflow."""
    return subprocess.run(
        [VENV / "bin" / "airflow", *arguments], env=environment, capture_output=True, text=True, check=False
    )


def once(dag: str, environment: Mapping[str, str]) -> bool:
    """Run a DAG once; whether Airflow calls it a success."""
    began = time.perf_counter()
    told = airflow("dags", "test", dag, environment=environment)
    seconds = time.perf_counter() - began
    states = tasks_of(dag, environment)
    good = told.returncode == 0 and bool(states) and set(states.values()) == {"success"}
    print(f"{dag}: {'success' if good else 'FAILED'} in {seconds:.0f} s: {states}")
    if not good:
        print((told.stdout + told.stderr)[-6000:])
    return good


def tasks_of(dag: str, environment: Mapping[str, str]) -> dict[str, str]:
    """How the tasks of the last run of a DAG ended, as Airflow's own database says it."""
    told = airflow("dags", "list-runs", dag, "--output", "json", environment=environment)
    (run,) = rows_of(told.stdout)
    told = airflow("tasks", "states-for-dag-run", dag, run["run_id"], "--output", "json", environment=environment)
    return {task["task_id"]: task["state"] for task in rows_of(told.stdout)}


def rows_of(text: str) -> list[dict[str, str]]:
    """The JSON that follows log lines."""
    rows, _ = json.JSONDecoder().raw_decode(text, text.index("[{"))
    return rows


def shown(folder: Path) -> bool:
    """What the DAGs left behind."""
    reports = sorted((folder / "earshot" / "reports").glob("*"))
    for path in reports:
        print(f"  {path.name}: {path.stat().st_size:,} bytes")
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores")
    return len(reports) >= 2


if __name__ == "__main__":
    sys.exit(main())
