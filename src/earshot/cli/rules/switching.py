"""`earshot rules on, dry-run, off`: switching rules, step by step."""

import sys
from typing import Annotated

import typer

from earshot.cli.console import out, print_json
from earshot.cli.options import AsJson
from earshot.cli.rules.testing import show
from earshot.cli.rules.words import said_mode
from earshot.cli.session import go, opened
from earshot.decide.packs import chosen
from earshot.decide.rules import load_rules
from earshot.domain.rule_state import RuleMode, RuleState
from earshot.errors import Misconfigured
from earshot.pipeline.ruling.states import SINGLE, named, switch
from earshot.pipeline.ruling.trying import DAYS, Tested, tried
from earshot.settings import load_settings

Rule = Annotated[str, typer.Argument(metavar="RULE", help="The rule's name.")]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; kept in the history.")]


def on_command(
    rule: Rule,
    *,
    share: Annotated[
        str,
        typer.Option(
            "--share", metavar="PART", help="Only for this share of conversations, as 20%; the same ones."
        ),
    ] = "100%",
    reason: Reason = "",
    yes: Annotated[bool, typer.Option("--yes", help="Switch on without being asked.")] = False,
    as_json: AsJson = False,
) -> None:
    """Let a rule act for real: show what it would have done in the last 30 days, and ask."""
    part = parse_share(share)
    if not yes:
        _ask(rule, quiet=as_json)
    mode = RuleMode.ON if part == SINGLE else RuleMode.SHARE
    _tell(go(_set(rule, mode, share=part, reason=reason, quiet=as_json)), as_json=as_json)


def dry_run_command(rule: Rule, *, reason: Reason = "", as_json: AsJson = False) -> None:
    """Put a rule into dry run: it decides, its actions are shown, nothing is sent."""
    _tell(go(_set(rule, RuleMode.DRY_RUN, reason=reason, quiet=as_json)), as_json=as_json)


def off_command(rule: Rule, *, reason: Reason = "", as_json: AsJson = False) -> None:
    """Switch a rule off: it is not asked any more. What it decided before stays."""
    _tell(go(_set(rule, RuleMode.OFF, reason=reason, quiet=as_json)), as_json=as_json)


def parse_share(text: str) -> float:
    """A share as people write it: 20%, 20 %, 0.2."""
    number, percent, rest = text.strip().partition("%")
    try:
        value = float(number) / (100 if percent else 1)
    except ValueError:
        value = 0.0
    if rest.strip() or not 0 < value <= 1:
        raise typer.BadParameter("a share is more than 0 and at most 100%, as in 20% or 0.2", param_hint="--share")
    return value


def _ask(rule: str, *, quiet: bool) -> None:
    """Show what a rule would have done, and go on only when a person agrees."""
    name = named(chosen(load_settings().decide), rule).name
    if quiet or not sys.stdin.isatty():
        raise Misconfigured(
            f"Nobody is here to agree that {name} acts for real.",
            hint=f"`earshot rules test {name}` shows what it would have done in {DAYS} days; then add --yes.",
        )
    show(go(_try(name)), examples=True)
    if not typer.confirm(f"Let {name} act for real from now on?", default=False, err=True):
        raise typer.Abort


async def _try(rule: str) -> Tested:
    settings = load_settings()
    async with opened(settings=settings) as earshot:
        return await tried(earshot.parts, chosen(settings.decide), only=[rule])


async def _set(rule: str, mode: RuleMode, *, reason: str, quiet: bool, share: float = SINGLE) -> RuleState:
    settings = load_settings()
    wanted = named(chosen(settings.decide), rule)
    if mode in {RuleMode.ON, RuleMode.SHARE}:
        load_rules([wanted])
    async with opened(quiet=quiet, settings=settings) as earshot:
        return await switch(earshot.parts, wanted, mode=mode, share=share, reason=reason)


def _tell(state: RuleState, *, as_json: bool) -> None:
    if as_json:
        print_json(state.model_dump(mode="json"))
        return
    out.print(f"{state.name} is {said_mode(state.mode, state.share)} from the next decision on.", markup=False)
