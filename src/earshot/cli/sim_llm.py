"""`earshot sim llm`: simulated model providers."""

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Literal

import typer

from earshot.cli.console import err
from earshot.errors import Misconfigured
from earshot.sim.llm.answering import AnswerFunction, DecideFunction, Recorded, decide, fill
from earshot.sim.llm.obeying import obey, obey_questions
from earshot.sim.llm.server import serve
from earshot.sim.llm.settings import FaultSettings, Pace, SimLlmSettings, parse_faults
from earshot.sim.llm.simulator import LlmSim

AnswerBy = Literal["local", "fill", "obey"]


def llm(
    *,
    answer: Annotated[
        AnswerBy,
        typer.Option("--answer", help="Who answers: the local model, a filler, or one that obeys attackers."),
    ] = "local",
    answers: Annotated[
        Path | None, typer.Option("--answers", help="Recorded answers (JSON lines: hash or custom_id, text).")
    ] = None,
    latency_median: Annotated[
        float, typer.Option("--latency-median", min=0, help="Seconds that half of all answers take at most.")
    ] = 0.7,
    latency_p95: Annotated[
        float, typer.Option("--latency-p95", min=0, help="Seconds that one in twenty answers exceeds.")
    ] = 2.0,
    decision_median: Annotated[
        float,
        typer.Option("--decision-median", min=0, help="The same for decisions; their slow end is twice that."),
    ] = 0.2,
    batch_seconds: Annotated[
        float, typer.Option("--batch-seconds", min=0, help="Seconds until a batch is done.")
    ] = 60.0,
    rpm: Annotated[int | None, typer.Option("--rpm", min=1, help="Requests a minute allowed per model.")] = None,
    tpm: Annotated[int | None, typer.Option("--tpm", min=1, help="Tokens a minute allowed per model.")] = None,
    faults: Annotated[
        str, typer.Option("--faults", metavar="LIST", help="all, or e.g. 429,529,5xx,reset,refusal.")
    ] = "",
    fault_rate: Annotated[
        float, typer.Option("--fault-rate", min=0, max=1, help="Share struck by each fault.")
    ] = 0.02,
    seed: Annotated[int, typer.Option("--seed", help="Another seed: other speeds, other faults.")] = 7,
    key: Annotated[str, typer.Option("--key", help="Only this API key is let in; empty: any.")] = "",
    host: Annotated[str, typer.Option("--host", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", help="Port to listen on.")] = 4020,
) -> None:
    """Simulated Anthropic, OpenAI and Google, with latency, limits, faults, batches and an invoice.

    Nothing leaves this machine and nothing is spent. Ctrl-C ends it and prints what the real ones would charge.
    """
    settings = SimLlmSettings(
        keys=frozenset({key} if key else ()),
        seed=seed,
        latency=Pace(median=latency_median, p95=latency_p95),
        decision_latency=Pace(median=decision_median, p95=2 * decision_median),
        batch_seconds=batch_seconds,
        requests_per_minute=rpm,
        tokens_per_minute=tpm,
        faults=FaultSettings(kinds=parse_faults(faults), seed=seed, rate=fault_rate),
    )
    recorded = None if answers is None else Recorded.load(answers)
    writes, decides = _answerers(answer)
    sim = LlmSim(writes, settings, decisions=decides, recorded=recorded)
    try:
        with suppress(KeyboardInterrupt):
            asyncio.run(serve(sim, host=host, port=port, ready=_announce))
    except OSError as error:
        raise Misconfigured(
            f"Cannot listen on {host}:{port}: {error.strerror or error}.", hint="Choose another --port."
        ) from None
    err.print(f"{len(sim.invoice)} answers would have cost ${sim.invoice.total:f}.", markup=False)


def _answerers(answer: AnswerBy) -> tuple[AnswerFunction, DecideFunction]:
    if answer == "fill":
        return fill, decide
    if answer == "obey":
        return obey, obey_questions
    from earshot.cli.sim_answers import local_answer, local_decisions

    return local_answer, local_decisions


def _announce(url: str) -> None:
    err.print(f"Simulated model providers listen on {url} (Ctrl-C ends it). To use them:", markup=False)
    for line in (
        f"export ANTHROPIC_BASE_URL={url} ANTHROPIC_API_KEY=sim-key",
        f"export OPENAI_BASE_URL={url}/v1 OPENAI_API_KEY=sim-key",
    ):
        err.print(f"  {line}", markup=False)
