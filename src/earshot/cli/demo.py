"""`earshot demo`: the real path on a sample workspace."""

import asyncio
import json
import webbrowser
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from earshot.app import build, fresh_folder
from earshot.cli.console import Bars, err, out
from earshot.cli.report_files import render, write_text
from earshot.cli.session import go
from earshot.cli.statement import show, show_seconds
from earshot.pipeline.backlog.drafting import draft
from earshot.pipeline.daily import DailyRun
from earshot.ports.clock import SystemClock
from earshot.report import to_terminal
from earshot.settings import Secrets, Settings
from earshot.sim.intercom.server import running
from earshot.sim.intercom.settings import SimSettings
from earshot.sim.intercom.simulator import IntercomSim
from earshot.sim.sample import generate, vocabulary
from earshot.sim.workspace import SimWorkspace, accounts

DAYS = 90
KEY = "demo-token"


def command(
    *,
    folder: Annotated[Path, typer.Option("--folder", help="Where database and reports go.")] = Path("earshot-demo"),
    conversations: Annotated[int, typer.Option("--conversations", min=1, help="How many conversations.")] = 600,
    seed: Annotated[int, typer.Option("--seed", help="Another seed, another workspace.")] = 7,
    show_report: Annotated[bool, typer.Option("--open", help="Open the report in your browser.")] = False,
    serve: Annotated[
        bool, typer.Option("--serve", help="Then show the pages in your browser, until Ctrl-C.")
    ] = False,
    port: Annotated[
        int, typer.Option("--port", min=0, max=65_535, help="Port of the pages; 0 takes a free one.")
    ] = 8080,
    profile: Annotated[bool, typer.Option("--profile", help="Show the seconds of each stage.")] = False,
) -> None:
    """Run everything on a fictional company's support inbox: no account, no key, no cost.

    A simulated Intercom is started on this machine, and the daily batch runs against it exactly as it would
    against the real one, and a backlog is drafted. Report, planted truth and database stay in the folder for you
    to look at; --serve shows them as pages.
    """
    now = SystemClock().now()
    workspace = generate(conversations=conversations, seed=seed, now=now)
    done = go(_demo(folder, workspace, now=now))
    for form in ("html", "md", "json"):
        write_text(folder / f"report.{form}", render(done.report, form))
    write_text(folder / "truth.json", json.dumps(_truth(workspace), ensure_ascii=False, indent=1))
    out.print(to_terminal(done.report))
    if done.run.completeness is not None:
        show(done.run.completeness, err)
    if profile:
        show_seconds(done.seconds, err)
    page = (folder / "report.html").resolve()
    err.print(f"\nThe report: {page}", markup=False)
    err.print(
        f"Look around: earshot --data-dir {folder} themes   (or: actions list, export insights)", markup=False
    )
    if not serve:
        err.print("See it in your browser: earshot demo --serve", markup=False)
    if show_report:
        webbrowser.open(page.as_uri())
    if not done.run.ok:
        raise typer.Exit(1)
    if serve:
        go(_serve(folder, workspace, port=port))


async def _demo(folder: Path, workspace: SimWorkspace, *, now: datetime) -> DailyRun:
    sim = IntercomSim(workspace, settings=SimSettings(token=KEY, rate_per_minute=120_000), clock=SystemClock())
    await fresh_folder(folder)
    with Bars() as bars:
        async with running(sim) as base_url:
            settings = _settings(folder, workspace, base_url=base_url)
            secrets = Secrets.model_validate({"intercom_token": KEY})
            async with await build(settings, secrets=secrets, progress=bars) as earshot:
                done = await earshot.run(since=now - timedelta(days=DAYS + 1))
                await draft(earshot.parts)
                return done


async def _serve(folder: Path, workspace: SimWorkspace, *, port: int) -> None:
    """Show the pages until the terminal says to stop; the simulated Intercom goes on answering meanwhile."""
    from earshot.cli.serve import stop_on_signals
    from earshot.telemetry.meter import PrometheusMeter
    from earshot.web.app import make_app
    from earshot.web.serving import serve

    def ready(url: str) -> None:
        err.print(f"Earshot shows its pages on {url} (Ctrl-C ends it).", markup=False)

    sim = IntercomSim(workspace, settings=SimSettings(token=KEY, rate_per_minute=120_000), clock=SystemClock())
    secrets, stop = Secrets.model_validate({"intercom_token": KEY}), asyncio.Event()
    stop_on_signals(stop)
    async with running(sim) as base_url:
        settings = _settings(folder, workspace, base_url=base_url)
        async with await build(settings, secrets=secrets) as earshot:
            site = make_app(earshot, settings, secrets, meter=PrometheusMeter(), webhooks=False)
            async with site.running():
                await serve(site, "127.0.0.1", port, stop=stop, ready=ready)


def _settings(folder: Path, workspace: SimWorkspace, *, base_url: str) -> Settings:
    return Settings.fixed(
        {
            "intercom": {"base_url": base_url, "rate_share": 1.0},
            "database": {"data_dir": folder},
            "pull": {"filters": {"staff_domains": _staff_domains(workspace)}},
            "group": vocabulary(),
            "report": {"days": DAYS + 1},
        }
    )


def _staff_domains(workspace: SimWorkspace) -> list[str]:
    return sorted({str(admin["email"]).rpartition("@")[2] for admin in workspace.admins})


def _truth(workspace: SimWorkspace) -> dict[str, object]:
    account = accounts(workspace)
    return {
        "conversations": [{**asdict(t), "account": account.get(t.conversation_id)} for t in workspace.truths],
        "matters": [asdict(matter) for matter in workspace.matters],
    }
