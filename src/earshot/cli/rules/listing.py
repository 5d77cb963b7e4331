"""`earshot rules list, check, history`: which rules there are, whether they are sound, how far they are on."""

from typing import Annotated

import typer

from earshot.cli.console import out, print_json, print_table
from earshot.cli.options import AsJson
from earshot.cli.rules.words import note, said_mode
from earshot.cli.session import go, opened
from earshot.decide.packs import chosen
from earshot.decide.rules import load_rules
from earshot.domain.rule_state import RuleState
from earshot.pipeline.ruling.states import RuleStanding, history, list_standing
from earshot.settings import Settings, load_settings


def list_command(*, as_json: AsJson = False) -> None:
    """List the rules in the order in which they are asked, with how far they are on; a mistake is shown."""
    standing = go(_list(load_settings(), quiet=as_json))
    if as_json:
        print_json([_row(one) for one in standing])
        return
    rows = [
        (
            one.rule.priority,
            one.rule.name,
            said_mode(one.mode, one.share),
            ", ".join(one.rule.actions),
            " ".join(one.rule.when.split()),
        )
        for one in standing
    ]
    print_table(("priority", "name", "state", "actions", "when"), rows)
    for one in standing:
        if told := note(one):
            out.print(f"{one.rule.name}: {told}.", markup=False)


def check_command(*, as_json: AsJson = False) -> None:
    """Check every rule: unknown names, wrong types and bad syntax are refused with their place."""
    loaded = load_rules(chosen(load_settings().decide))
    if as_json:
        print_json({"ok": True, "rules": len(loaded.ordered)})
    else:
        out.print(f"{len(loaded.ordered)} rules, all sound.")


def history_command(
    name: Annotated[str, typer.Argument(metavar="RULE", help="Only this rule's.")] = "",
    *,
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Who switched which rule how far, newest first."""
    states = go(_history(name or None, limit=limit, quiet=as_json))
    if as_json:
        print_json([state.model_dump(mode="json") for state in states])
        return
    rows = [
        (f"{s.at:%Y-%m-%d %H:%M}", s.name, said_mode(s.mode, s.share), s.actor, s.reason, s.hash[:8])
        for s in states
    ]
    print_table(("at (UTC)", "rule", "state", "who", "why", "text"), rows)


async def _list(settings: Settings, *, quiet: bool) -> list[RuleStanding]:
    rules = chosen(settings.decide)
    async with opened(quiet=quiet, settings=settings) as earshot:
        return await list_standing(earshot.parts, rules)


async def _history(name: str | None, *, limit: int, quiet: bool) -> list[RuleState]:
    async with opened(quiet=quiet) as earshot:
        return await history(earshot.parts, name, limit=limit)


def _row(one: RuleStanding) -> dict[str, object]:
    told = one.model_dump(mode="json", exclude={"rule"})
    return {**one.rule.model_dump(mode="json"), **told}
