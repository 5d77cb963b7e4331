"""Earshot by Airflow 3: the daily run and the weekly report, as commands of Earshot's own environment.

Nothing of Earshot is imported, so its packages and Airflow's never meet. Put this file into the DAGs folder and
set, for Airflow's workers: EARSHOT_BIN (path of the command `earshot`), EARSHOT_HOME (folder with earshot.toml;
reports go to `reports/` in it), and Earshot's own variables: DATABASE_URL, INTERCOM_ACCESS_TOKEN, the model's key.
Commands may be repeated and killed at any time, so a retry is safe. Money is only spent after somebody agreed once:
run `earshot run` by hand first.
"""

import os
from datetime import timedelta

import pendulum
from airflow.sdk import dag, task

EARSHOT = os.environ.get("EARSHOT_BIN", "earshot")
HOME = os.environ.get("EARSHOT_HOME", "/srv/earshot")
ZONE = os.environ.get("EARSHOT_REPORT__TIMEZONE", "UTC")
START = pendulum.datetime(2026, 1, 1, tz=ZONE)
PATIENT = {
    "retries": 3,
    "retry_delay": timedelta(minutes=5),
    "retry_exponential_backoff": True,
    "execution_timeout": timedelta(hours=6),
    "do_xcom_push": False,
    "cwd": HOME,
}


@dag(
    schedule="0 6 * * *", start_date=START, catchup=False, max_active_runs=1, default_args=PATIENT, tags=["earshot"]
)
def earshot_daily():
    """Bring in what changed, read, group, decide, act, report; then check that all is well."""

    @task.bash
    def run() -> str:
        return f'"{EARSHOT}" run --out "reports/daily-{{{{ dag_run.run_after | ds }}}}.html"'

    @task.bash
    def check() -> str:
        return f'"{EARSHOT}" doctor'

    run() >> check()


@dag(
    schedule="30 6 * * 1",
    start_date=START,
    catchup=False,
    max_active_runs=1,
    default_args=PATIENT,
    tags=["earshot"],
)
def earshot_weekly():
    """Write the report of the week before."""

    @task.bash
    def report() -> str:
        return f'"{EARSHOT}" schedule run weekly'

    report()


earshot_daily()
earshot_weekly()
