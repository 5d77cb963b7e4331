"""`earshot rules test`: what rules would have done in the past."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from earshot.cli.console import out, print_json, print_table
from earshot.cli.options import AsJson, Until
from earshot.cli.rules.words import remarks, said_effects, said_span
from earshot.cli.session import go, moment, opened
from earshot.decide.packs import chosen, read_rules, with_rules
from earshot.decide.rules import load_rules
from earshot.decide.settings import RuleSettings
from earshot.errors import BadInput
from earshot.pipeline.ruling.states import named
from earshot.pipeline.ruling.trying import DAYS, TODAY, Tested, tried
from earshot.settings import load_settings

Since = Annotated[
    str | None, typer.Option("--since", metavar="WHEN", help="From when: 24h, 30d, 2026-01-01 (UTC), or all.")
]


def trial_command(
    rule: Annotated[str, typer.Argument(metavar="RULE", help="Only this rule; left out: all.")] = "",
    *,
    file: Annotated[
        Path | None,
        typer.Option("--file", metavar="FILE", help="Try the rules of this TOML file, before they are installed."),
    ] = None,
    since: Since = f"{DAYS}d",
    until: Until = None,
    as_json: AsJson = False,
) -> None:
    """Replay the past: what each rule would have done, on what, after grouping, cooldown and storm rules.

    It is judged as if every rule that is not off had been on. Nothing is changed and nothing is sent.
    """
    tested = go(_test(rule, file=file, since=moment(since), until=moment(until), quiet=as_json))
    if as_json:
        print_json(tested.model_dump(mode="json"))
    else:
        show(tested, examples=bool(rule or file))


def show(tested: Tested, *, examples: bool) -> None:
    """A back-test for a person."""
    out.print(said_span(tested), markup=False)
    rows = [
        (
            one.name,
            one.matches,
            one.subjects,
            said_effects(one.effects) if one.actions else "nothing",
            f"{100 * one.skipped:.1f} %",
            remarks(one),
        )
        for one in tested.rules
    ]
    print_table(("rule", "matches", "subjects", "would have gone out", "ruled out", "besides"), rows)
    if len(tested.rules) > 1:
        out.print(f"All together: {said_effects(tested.together)}.", markup=False)
    if examples:
        _show_examples(tested)
    out.print(TODAY, markup=False)
    if tested.assumed:
        out.print(f"Not enabled yet, taken for granted here: {', '.join(tested.assumed)}.", markup=False)


def _show_examples(tested: Tested) -> None:
    rows = [
        (
            one.name,
            found.conversation_id,
            f"{found.at:%Y-%m-%d %H:%M}" if found.at else "",
            found.because,
            found.url,
        )
        for one in tested.rules
        for found in one.examples
    ]
    if rows:
        print_table(("rule", "conversation", "at (UTC)", "because", "link"), rows, title="The newest matches")


async def _test(
    rule: str, *, file: Path | None, since: datetime | None, until: datetime | None, quiet: bool
) -> Tested:
    settings = load_settings()
    rules = chosen(settings.decide)
    own = _own(file) if file else []
    every = with_rules(rules, own)
    only = [named(every, rule).name] if rule else [one.name for one in own]
    load_rules([one for one in every if not only or one.name in only])
    async with opened(quiet=quiet, settings=settings) as earshot:
        return await tried(earshot.parts, every, only=only, since=since, until=until)


def _own(file: Path) -> list[RuleSettings]:
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"Cannot read {file}: {error}.", hint="Name a TOML file with [[rules]].") from None
    return read_rules(text, source=str(file))
