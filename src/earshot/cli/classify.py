"""`earshot classify`: read, group and judge what is already here; at once, in batches, or through a file."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import typer

from earshot.cli.asking import asker
from earshot.cli.classify_words import told
from earshot.cli.console import err, out, print_json
from earshot.cli.options import AsJson, Classifier, Yes
from earshot.cli.session import go, opened
from earshot.domain.call import Mode, Tier
from earshot.domain.insight import Stage
from earshot.errors import Misconfigured
from earshot.pipeline.batches.exchange import write_requests
from earshot.pipeline.daily import line
from earshot.pipeline.llm_parts import LlmParts
from earshot.pipeline.money.consent import ensure
from earshot.pipeline.parts import Parts
from earshot.pipeline.rounds import Again, Round, answers_round, batch_round, wanted
from earshot.settings import Settings, load_settings

OFFLINE = "offline"
"""The model's name in a request file when nobody says another."""


@dataclass(frozen=True)
class Choice:
    """What was asked for on the command line."""

    classifier: str
    batch: bool
    batch_out: Path | None
    batch_in: Path | None
    model: str
    limit: int | None
    again: Again | None
    yes: bool
    wait: bool

    def check(self) -> None:
        """Refuse what does not go together."""
        given = {"--batch": self.batch, "--batch-out": self.batch_out, "--batch-in": self.batch_in}
        ways = [name for name, value in given.items() if value]
        files = self.batch_out or self.batch_in
        wrong = {
            f"{' and '.join(ways)} exclude each other.": len(ways) > 1,
            "Batches and files are for language models, not for the local one.": ways
            and self.classifier == "local",
            "--wait goes with --batch.": self.wait and not self.batch,
            "--model goes with --batch-out and --batch-in; else the settings name it.": self.model and not files,
            "--batch-in takes in the whole file.": self.batch_in and (self.limit or self.again),
        }
        for text, applies in wrong.items():
            if applies:
                raise typer.BadParameter(text)


def command(
    *,
    classifier: Classifier = "auto",
    batch: Annotated[
        bool, typer.Option("--batch", help="Read in the provider's batches: half the price, within a day.")
    ] = False,
    batch_out: Annotated[
        Path | None,
        typer.Option(
            "--batch-out", metavar="FILE", help="Write the requests as an OpenAI batch file, spend nothing."
        ),
    ] = None,
    batch_in: Annotated[
        Path | None, typer.Option("--batch-in", metavar="FILE", help="Take in the answers to such a file.")
    ] = None,
    model: Annotated[str, typer.Option("--model", metavar="NAME", help="The model that a file names.")] = "",
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="At most so many conversations.")] = None,
    again: Annotated[
        Again | None, typer.Option("--again", help="Read again: all, or what was read by these.")
    ] = None,
    yes: Yes = False,
    wait: Annotated[bool, typer.Option("--wait", help="With --batch: stay until the answers are there.")] = False,
    as_json: AsJson = False,
) -> None:
    """Read every conversation that is new or changed, group it into themes and let the rules judge it.

    With --batch, requests are handed in and the command ends; the next one, or `earshot run`, collects the answers.
    With --batch-out and --batch-in any model can be the reader, for instance `vllm run-batch`.

    --again: all; provisional (read by a stand-in); unread (nobody could read it); prompt (read with another
    prompt); local (read by the local model).
    """
    choice = Choice(classifier, batch, batch_out, batch_in, model, limit=limit, again=again, yes=yes, wait=wait)
    choice.check()
    done = go(_classify(choice, quiet=as_json))
    if as_json:
        print_json(done.model_dump(mode="json", exclude_none=True))
    else:
        for text in told(done):
            out.print(text, markup=False)
    for problem in done.problems:
        err.print(problem, markup=False)
    if done.problems:
        raise typer.Exit(1)


async def _classify(choice: Choice, *, quiet: bool) -> Round:
    settings = load_settings()
    async with opened(quiet=quiet, settings=settings) as earshot:
        parts = earshot.parts
        if choice.batch_out is not None:
            return await _write(parts, settings, choice=choice, file=choice.batch_out)
        if choice.batch_in is not None:
            return await _take_in(parts, settings, choice=choice, file=choice.batch_in)
        if choice.batch:
            return await _in_batches(parts, choice)
        return await _at_once(parts, choice)


async def _write(parts: Parts, settings: Settings, *, choice: Choice, file: Path) -> Round:
    from earshot.classify.llm.prompter import Prompter

    prompter = Prompter(settings.classify, settings.taxonomy, now=parts.clock.now)
    tier = settings.classify.tier
    written = await write_requests(
        parts,
        file,
        prompter=prompter,
        model=choice.model or _model_name(settings, tier),
        tier=tier,
        want=wanted(choice.again, stage=prompter.stage, prompt_hash=prompter.prompt_hash, now=parts.clock.now()),
        limit=choice.limit,
    )
    return Round(written=written)


def _model_name(settings: Settings, tier: Tier) -> str:
    from earshot.llm.catalogue import model_string

    return model_string(settings.llm, tier).partition(":")[2] if settings.llm.provider else OFFLINE


async def _take_in(parts: Parts, settings: Settings, *, choice: Choice, file: Path) -> Round:
    from earshot.classify.llm.prompter import Prompter
    from earshot.llm.prices import ListPrices

    prompter = Prompter(settings.classify, settings.taxonomy, now=parts.clock.now)
    prices = ListPrices(settings.llm, clock=parts.clock)
    return await answers_round(parts, file, prompter=prompter, prices=prices, model=choice.model)


async def _in_batches(parts: Parts, choice: Choice) -> Round:
    llm = _llm(parts)
    await ensure(parts, llm, yes=choice.yes, ask=asker(parts.progress), mode=Mode.BATCH)
    prompter = llm.prompter
    want = wanted(choice.again, stage=prompter.stage, prompt_hash=prompter.prompt_hash, now=parts.clock.now())
    done = await batch_round(parts, llm, want=want, limit=choice.limit, stay=choice.wait)
    if done.submitted is None or not done.submitted.online_only:
        return done
    parts.progress.say(f"{llm.model.provider}:{llm.model.name} takes no batches, so it is asked at once.")
    return await _at_once(parts, choice)


def _llm(parts: Parts) -> LlmParts:
    if parts.make_llm is None:
        raise Misconfigured(
            "No language model is switched on, so there is nobody to send batches to.",
            hint="Name who reads: [llm] provider. --batch-out writes the requests for any other model.",
        )
    return parts.make_llm()


async def _at_once(parts: Parts, choice: Choice) -> Round:
    local = choice.classifier == "local" or (choice.classifier == "auto" and parts.make_llm is None)
    if local and choice.limit is not None:
        raise typer.BadParameter("--limit is for language models; the local one reads everything.")
    want = None
    if not local:
        llm = _llm(parts)
        await ensure(parts, llm, yes=choice.yes, ask=asker(parts.progress))
        if choice.limit is not None:
            parts.quota = replace(parts.quota, most=choice.limit)
    if choice.again is not None:
        now = parts.clock.now()
        if local:
            want = wanted(choice.again, stage=Stage.FULL, prompt_hash="", now=now)
        else:
            prompter = _llm(parts).prompter
            want = wanted(choice.again, stage=prompter.stage, prompt_hash=prompter.prompt_hash, now=now)
    return Round(classified=await line(parts, classifier=choice.classifier, want=want))
