"""`earshot sim`: stand-ins for the outside."""

import asyncio
import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

from earshot.cli.console import err
from earshot.cli.report_files import write_text
from earshot.cli.sim_llm import llm
from earshot.cli.sim_tools import tools
from earshot.errors import Misconfigured
from earshot.ports.clock import SystemClock
from earshot.sim.intercom.load import load as load_file
from earshot.sim.intercom.server import serve
from earshot.sim.intercom.settings import (
    FaultSettings,
    SimSettings,
    WebhookFault,
    WebhookSettings,
    parse_faults,
)
from earshot.sim.intercom.simulator import IntercomSim
from earshot.sim.sample import generate
from earshot.sim.scripts import parse_kinds
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
    webhooks_to: Annotated[
        str,
        typer.Option("--webhooks-to", metavar="URL", help="Send signed webhooks of every change to this address."),
    ] = "",
    client_secret: Annotated[
        str, typer.Option("--client-secret", help="What webhooks are signed with (INTERCOM_CLIENT_SECRET there).")
    ] = "",
    webhook_faults: Annotated[
        str, typer.Option("--webhook-faults", metavar="LIST", help="all, or e.g. lost,twice,late.")
    ] = "",
    webhook_fault_rate: Annotated[
        float, typer.Option("--webhook-fault-rate", min=0, max=1, help="Share of webhooks struck by each.")
    ] = 0.05,
) -> None:
    """A simulated Intercom that behaves like the real API, with your conversations or a sample workspace.

    Point Earshot at it: EARSHOT_INTERCOM__BASE_URL=http://127.0.0.1:4010 INTERCOM_ACCESS_TOKEN=any earshot run

    With --webhooks-to it tells of every change: http://127.0.0.1:8080/webhooks/intercom is where `earshot serve`
    listens. Changes are made through the API or by POST to /_sim: /conversations {"text"} begins one,
    /conversations/ID/reply {"author", "text"} goes on, /conversations/ID/state {"state": "close"}, /rate, /redact.
    """
    workspace = _workspace(load, conversations=conversations, seed=seed)
    if truth is not None:
        write_text(truth, json.dumps([asdict(t) for t in workspace.truths], ensure_ascii=False, indent=1))
    misbehaviour = FaultSettings(kinds=parse_faults(faults), seed=seed, rate=fault_rate)
    settings = SimSettings(token=token, rate_per_minute=rate_limit, faults=misbehaviour)
    hooks = None
    if webhooks_to:
        hooks = webhook_settings(
            webhooks_to, client_secret, faults=webhook_faults, rate=webhook_fault_rate, seed=seed
        )
    simulated = IntercomSim(workspace, settings=settings, clock=SystemClock(), webhooks=hooks)
    try:
        asyncio.run(serve(simulated, host=host, port=port, ready=_announce))
    except KeyboardInterrupt:
        return
    except OSError as error:
        raise Misconfigured(
            f"Cannot listen on {host}:{port}: {error.strerror or error}.", hint="Choose another --port."
        ) from None


def webhook_settings(url: str, secret: str, *, faults: str, rate: float, seed: int) -> WebhookSettings:
    """Where webhooks go and how. Misconfigured without a secret or a usable address."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Misconfigured(
            f"--webhooks-to {url!r} is no address.",
            hint="Write http://127.0.0.1:8080/webhooks/intercom, for example.",
        )
    if not secret:
        raise Misconfigured(
            "Webhooks are signed, and there is no secret to sign with.",
            hint="Give --client-secret the same text as INTERCOM_CLIENT_SECRET of the receiver.",
        )
    kinds = parse_kinds(faults, WebhookFault)
    return WebhookSettings(url=url, secret=secret, kinds=kinds, rate=rate, seed=abs(seed))


def _announce(url: str) -> None:
    err.print(f"A simulated Intercom listens on {url} (Ctrl-C ends it).", markup=False)


def _workspace(load: Path | None, *, conversations: int, seed: int) -> SimWorkspace:
    now = SystemClock().now()
    if load is None:
        return generate(conversations=conversations, seed=seed, now=now)
    return load_file(load, end=now, seed=seed)
