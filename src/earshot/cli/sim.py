"""`earshot sim`: stand-ins for the outside."""

import asyncio
import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from earshot.cli.console import err
from earshot.cli.report_files import write_text
from earshot.cli.sim_llm import llm
from earshot.cli.sim_tools import tools
from earshot.errors import Misconfigured
from earshot.ports.clock import SystemClock
from earshot.sim.intercom.load import load as load_file
from earshot.sim.intercom.server import serve
from earshot.sim.intercom.settings import FaultSettings, SimSettings, parse_faults
from earshot.sim.intercom.simulator import IntercomSim
from earshot.sim.sample import generate
from earshot.sim.workspace import SimWorkspace

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
app.command("llm")(llm)
app.command("tools")(tools)


@app.callback()
def sim() -> None:
    """Stand-ins for the outside, to try things without touching production."""


@app.command("intercom")
def intercom(
    *,
    load: Annotated[Path | None, typer.Option("--load", help="Serve these conversations (JSON lines, gz).")] = None,
    conversations: Annotated[
        int, typer.Option("--conversations", min=1, help="Size of the sample workspace.")
    ] = 600,
    seed: Annotated[int, typer.Option("--seed", help="Another seed, another workspace and other faults.")] = 7,
    faults: Annotated[str, typer.Option("--faults", metavar="LIST", help="all, or e.g. 429,5xx,reset.")] = "",
    fault_rate: Annotated[
        float, typer.Option("--fault-rate", min=0, max=1, help="Share of requests struck.")
    ] = 0.02,
    rate_limit: Annotated[int, typer.Option("--rate-limit", min=6, help="Calls a minute allowed.")] = 10_000,
    token: Annotated[str, typer.Option("--token", help="Only this token is let in; empty: any.")] = "",
    host: Annotated[str, typer.Option("--host", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", help="Port to listen on.")] = 4010,
    truth: Annotated[Path | None, typer.Option("--truth", help="Write the planted truth to this file.")] = None,
) -> None:
    """A simulated Intercom that behaves like the real API, with your conversations or a sample workspace.

    Point Earshot at it: EARSHOT_INTERCOM__BASE_URL=http://127.0.0.1:4010 INTERCOM_ACCESS_TOKEN=any earshot run
    """
    workspace = _workspace(load, conversations=conversations, seed=seed)
    if truth is not None:
        write_text(truth, json.dumps([asdict(t) for t in workspace.truths], ensure_ascii=False, indent=1))
    misbehaviour = FaultSettings(kinds=parse_faults(faults), seed=seed, rate=fault_rate)
    settings = SimSettings(token=token, rate_per_minute=rate_limit, faults=misbehaviour)
    simulated = IntercomSim(workspace, settings=settings, clock=SystemClock())
    try:
        asyncio.run(serve(simulated, host=host, port=port, ready=_announce))
    except KeyboardInterrupt:
        return
    except OSError as error:
        raise Misconfigured(
            f"Cannot listen on {host}:{port}: {error.strerror or error}.", hint="Choose another --port."
        ) from None


def _announce(url: str) -> None:
    err.print(f"A simulated Intercom listens on {url} (Ctrl-C ends it).", markup=False)


def _workspace(load: Path | None, *, conversations: int, seed: int) -> SimWorkspace:
    now = SystemClock().now()
    if load is None:
        return generate(conversations=conversations, seed=seed, now=now)
    return load_file(load, end=now, seed=seed)
