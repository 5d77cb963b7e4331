"""`earshot sim tools`: simulated trackers, messengers, pagers and mail."""

import asyncio
from contextlib import suppress
from typing import Annotated

import typer

from earshot.cli.console import err
from earshot.errors import Misconfigured
from earshot.sim.scripts import parse_kinds
from earshot.sim.tools.server import serve
from earshot.sim.tools.settings import ToolFault, ToolFaultSettings, ToolSimSettings
from earshot.sim.tools.toolbox import Toolbox

_LIST = "all, or e.g. 429,5xx,lost,late-5xx."


def tools(
    *,
    faults: Annotated[str, typer.Option("--faults", metavar="LIST", help=_LIST)] = "",
    fault_rate: Annotated[
        float, typer.Option("--fault-rate", min=0, max=1, help="Share of requests struck by each fault.")
    ] = 0.05,
    seed: Annotated[int, typer.Option("--seed", help="Another seed: other ids, other faults.")] = 7,
    latency: Annotated[float, typer.Option("--latency", min=0, help="Seconds that every answer takes.")] = 0.0,
    token: Annotated[str, typer.Option("--token", help="Only this secret is let in; empty: any.")] = "",
    host: Annotated[str, typer.Option("--host", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", help="Port to listen on.")] = 4030,
    smtp_port: Annotated[int, typer.Option("--smtp-port", help="Port of the mail server.")] = 4025,
) -> None:
    """Simulated Jira, Linear, Productboard, Slack, PagerDuty, HubSpot, a webhook receiver and a mail server.

    Prints the settings that lead Earshot to them. Ctrl-C ends it and says what was made, and what twice.
    """
    misbehaviour = ToolFaultSettings(kinds=parse_kinds(faults, ToolFault), seed=seed, rate=fault_rate)
    settings = ToolSimSettings(token=token, seed=seed, latency_seconds=latency, faults=misbehaviour)
    toolbox = Toolbox(settings)
    try:
        with suppress(KeyboardInterrupt):
            asyncio.run(_serve(toolbox, host, port=port, smtp_port=smtp_port))
    except OSError as error:
        raise Misconfigured(
            f"Cannot listen on {host}:{port} or {host}:{smtp_port}: {error.strerror or error}.",
            hint="Choose another --port and --smtp-port.",
        ) from None
    for line in _made(toolbox):
        err.print(line, markup=False)


async def _serve(toolbox: Toolbox, host: str, *, port: int, smtp_port: int) -> None:
    async with toolbox.smtp.running(host, smtp_port) as smtp:

        def announce(url: str) -> None:
            err.print(f"Simulated tools listen on {url}, mail on port {smtp[1]} (Ctrl-C ends it).", markup=False)
            err.print("For earshot.toml:\n", markup=False)
            err.print(toolbox.sections(url), markup=False)
            err.print("For the environment:\n", markup=False)
            for name, value in toolbox.environment(smtp).items():
                err.print(f"export {name}={value}", markup=False, soft_wrap=True)

        await serve(toolbox.apps, host, port=port, ready=announce)


def _made(toolbox: Toolbox) -> list[str]:
    """What each tool was asked and holds, in one line each."""
    return [
        f"{name}: {tally.requests.total()} requests, {tally.objects} things made, "
        f"{sum(tally.duplicates.values())} of them twice."
        for name, tally in toolbox.tallies.items()
        if tally.requests
    ]
