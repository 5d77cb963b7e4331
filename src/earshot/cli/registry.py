"""Every command in one list: its name, where it lives, and the line that `--help` shows for it."""

import importlib
from dataclasses import dataclass
from importlib import metadata
from typing import Annotated

import typer


@dataclass(frozen=True)
class Entry:
    """One command: its module and its line of help. The module defines `command`, or a Typer
    `app` where there are several."""

    name: str
    module: str
    help: str


REGISTRY: tuple[Entry, ...] = (
    Entry("demo", "earshot.cli.demo", "Run everything on a sample workspace: no account, no key, about a minute."),
    Entry("init", "earshot.cli.init", "Write a commented earshot.toml to start from."),
    Entry(
        "doctor",
        "earshot.cli.doctor",
        "Check settings, database, Intercom, tools, models, clock and the last run.",
    ),
    Entry("run", "earshot.cli.run", "The daily batch: sync, read, group, apply rules, act, report."),
    Entry("sync", "earshot.cli.sync", "Only bring in what changed at the source."),
    Entry("classify", "earshot.cli.classify", "Only read, group and judge what is already here."),
    Entry("import", "earshot.cli.import_", "Bring in a file: Intercom JSON or plain JSON lines."),
    Entry("estimate", "earshot.cli.estimate", "What reading with a model would cost and take, before any spend."),
    Entry("costs", "earshot.cli.costs", "What models cost, by day, model and purpose, from the ledger."),
    Entry("batches", "earshot.cli.batches", "Batches at model providers: list, show, cancel."),
    Entry("audit", "earshot.cli.audit", "How well a classifier agrees with labels, and which of two is better."),
    Entry("correct", "earshot.cli.correct", "Set a field of a reading right, and take that back."),
    Entry("report", "earshot.cli.report", "Write the report of a time span: html, md or json."),
    Entry("themes", "earshot.cli.themes", "What customers talk about, with real frequencies; merge, split."),
    Entry("backlog", "earshot.cli.backlog", "What to build next, with score and evidence: list, draft, set, push."),
    Entry("rules", "earshot.cli.rules", "Rules that decide on actions: try on the past, switch on, ask why."),
    Entry("actions", "earshot.cli.actions", "What is done outside: see, approve, retry, silence, deliver."),
    Entry(
        "export", "earshot.cli.export", "Write conversations, insights, themes, actions or model calls to a file."
    ),
    Entry("serve", "earshot.cli.serve", "Hear webhooks in real time, and serve the HTTP API."),
    Entry("worker", "earshot.cli.worker", "Work on the queues: real time, reading, schedules; see how they stand."),
    Entry("schedule", "earshot.cli.schedule", "What runs when, how it went, and run it now."),
    Entry("erase", "earshot.cli.erase", "Remove a person or a conversation everywhere."),
    Entry("backup", "earshot.cli.backup", "Write the whole database into one file."),
    Entry("restore", "earshot.cli.restore", "Bring a backup back."),
    Entry("sim", "earshot.cli.sim", "Stand-ins for the outside: Intercom, model providers, tools."),
)


EPILOG = "Start with `earshot demo`. For your own workspace: `earshot init`, `earshot doctor`, `earshot run`."
WIDTH = {"help_option_names": ["-h", "--help"], "max_content_width": 110}


def build_app(wanted: str | None) -> typer.Typer:
    """The command tree, with only the wanted command imported; the others are there by name and help line."""
    root = typer.Typer(
        add_completion=False,
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings=WIDTH,
        epilog=EPILOG,
    )
    root.callback()(earshot)
    for entry in REGISTRY:
        if entry.name == wanted:
            _add_real(root, entry)
        else:
            root.command(entry.name, help=entry.help)(_named_only)
    return root


def _show_version(wanted: bool) -> None:  # noqa: FBT001 (typer's callback)
    if wanted:
        typer.echo(f"earshot {installed_version()}")
        raise typer.Exit


def earshot(
    config: Annotated[str, typer.Option(metavar="FILE", help="Settings file (default: ./earshot.toml).")] = "",
    data_dir: Annotated[str, typer.Option(metavar="DIR", help="Where the embedded database lives.")] = "",
    *,
    version: Annotated[
        bool, typer.Option("--version", help="Show the version and exit.", is_eager=True, callback=_show_version)
    ] = False,
) -> None:
    """Earshot hears every support conversation and turns it into evidence-backed product decisions."""
    _ = (config, data_dir, version)


def installed_version() -> str:
    """The version of the installed distribution, or of this checkout."""
    try:
        return metadata.version("earshot-insights")
    except metadata.PackageNotFoundError:
        return "0.1.0 (checkout)"


def _add_real(root: typer.Typer, entry: Entry) -> None:
    module = importlib.import_module(entry.module)
    if hasattr(module, "app"):
        root.add_typer(module.app, name=entry.name, help=entry.help, rich_help_panel=None)
    else:
        root.command(entry.name, context_settings=WIDTH)(module.command)


def _named_only() -> None:
    """Stands for a command that was not asked for."""
