"""`earshot audit`: how well does a classifier read, and is another one better?"""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from earshot.cli.asking import asker
from earshot.cli.audit_samples import (
    drift_command,
    examples_command,
    export_command,
    import_command,
    label_command,
    sample_command,
)
from earshot.cli.audit_sheets import experiment_sheets, score_sheets
from earshot.cli.console import err, print_json
from earshot.cli.options import AsJson, Yes
from earshot.cli.report_files import write_text
from earshot.cli.session import go, opened
from earshot.cli.sheets import Sheet, show, to_markdown
from earshot.domain.model import Noun
from earshot.pipeline.audits.audit import STORED, Experiment, Scored, experiment, score

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

Labels = Annotated[
    Path, typer.Option("--labels", metavar="FILE", help="Your labels: JSON lines, gzipped or not (see below).")
]
Out = Annotated[
    Path | None,
    typer.Option("--out", metavar="FILE", help="Also write the result: .md for people, .json for machines."),
]


class Segment(StrEnum):
    """Ways to part the figures."""

    CUSTOMER = "customer"
    LENGTH = "length"
    SOURCE = "source"
    CONFIDENCE = "confidence"
    ISSUE_TYPE = "issue_type"


FORMS = """A line of the label file: {"id": "215", "issue_type": "BILLING", "priority": "HIGH",
"sentiment": "NEGATIVE", "churn_risk": "LOW"}. Fields may be left out. {"id": …, "label": {…}} and two annotations,
{"id": …, "label_a": {…}, "label_b": {…}}, are read too. A line with "messages" brings its conversation with it.
Label 50 conversations to see large differences, 200 and more for small ones."""


@app.callback()
def audit() -> None:
    """How well does a classifier read? Compare it with what people say.

    `sample` draws conversations, `label` asks people, `drift` says what the labels show. `score` compares one
    classifier with a file of labels, `experiment` two with each other; neither changes anything.
    """


app.command("sample")(sample_command)
app.command("label")(label_command)
app.command("drift")(drift_command)
app.command("export")(export_command)
app.command("import")(import_command)
app.command("examples")(examples_command)


@app.command("score", epilog=FORMS)
def score_command(
    *,
    labels: Labels,
    classifier: Annotated[
        str,
        typer.Option(
            "--classifier",
            metavar="NAME",
            help="stored: the insights in the database (nothing is spent); or who reads afresh: local, llm, auto, "
            "llm:template=2, llm:model=provider:model.",
        ),
    ] = STORED,
    by: Annotated[
        list[Segment] | None, typer.Option("--by", help="Also part the figures by this; may be repeated.")
    ] = None,
    show_text: Annotated[
        bool, typer.Option("--show-text", help="Show customers' words beside the commonest mistakes.")
    ] = False,
    yes: Yes = False,
    out_file: Out = None,
    as_json: AsJson = False,
) -> None:
    """Compare a classifier with labels: accuracy, macro-F1, kappa, confusion, calibration, with intervals.

    Reading afresh with a language model shows its price first and asks; nothing read here is saved as an insight.
    """
    _check(out_file)
    found = go(_score(labels, classifier, by or [], show_text=show_text, yes=yes, quiet=as_json))
    _deliver(found, score_sheets(found), out_file, as_json=as_json)


@app.command("experiment", epilog=FORMS)
def experiment_command(
    *,
    labels: Labels,
    a: Annotated[str, typer.Option("--a", metavar="VARIANT", help="One classifier: local, llm, llm:template=2 …")],
    b: Annotated[
        str,
        typer.Option(
            "--b", metavar="VARIANT", help="Another: llm:model=provider:model, llm:reasoning=true,tier=medium"
        ),
    ],
    yes: Yes = False,
    out_file: Out = None,
    as_json: AsJson = False,
) -> None:
    """Read the same labelled conversations with two classifiers, prompts or models: is the difference real?

    A variant changes [classify] for this experiment: template, reasoning, tier, triage, escalate_below,
    most_tokens, most_messages, examples_per_type, mask_personal_data; model names another model.
    The price of both is shown before anything is spent.
    """
    _check(out_file)
    found = go(_experiment(labels, a, b, yes=yes, quiet=as_json))
    _deliver(found, experiment_sheets(found), out_file, as_json=as_json)


async def _score(
    labels: Path, classifier: str, by: list[Segment], *, show_text: bool, yes: bool, quiet: bool
) -> Scored:
    async with opened(quiet=quiet) as earshot:
        return await score(
            earshot.parts,
            labels,
            classifier=classifier,
            segments=[str(segment) for segment in dict.fromkeys(by)],
            make_variant=earshot.parts.make_variant,
            yes=yes,
            ask=asker(earshot.parts.progress),
            show_text=show_text,
        )


async def _experiment(labels: Path, a: str, b: str, *, yes: bool, quiet: bool) -> Experiment:
    async with opened(quiet=quiet) as earshot:
        return await experiment(
            earshot.parts,
            labels,
            a=a,
            b=b,
            make_variant=earshot.parts.make_variant,
            yes=yes,
            ask=asker(earshot.parts.progress),
        )


def _check(out_file: Path | None) -> None:
    if out_file is not None and out_file.suffix not in {".md", ".json"}:
        raise typer.BadParameter("--out FILE must end in .md or .json")


def _deliver(found: Noun, sheets: list[Sheet], out_file: Path | None, *, as_json: bool) -> None:
    if as_json:
        print_json(found.model_dump(mode="json"))
    else:
        show(sheets)
    if out_file is not None:
        plain = out_file.suffix == ".json"
        write_text(out_file, found.model_dump_json(indent=2) if plain else to_markdown(sheets))
        err.print(f"Written to {out_file}", markup=False)
