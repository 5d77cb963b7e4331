"""`earshot rules`: list and check."""

import typer

from earshot.cli.console import out, print_json, print_table
from earshot.cli.options import AsJson
from earshot.decide.packs import chosen
from earshot.decide.rules import list_rules, load_rules
from earshot.settings import load_settings

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def rules() -> None:
    """The rules that decide on actions: `when` is a CEL expression over insight, customer, conversation, theme."""


@app.command("list")
def list_all(*, as_json: AsJson = False) -> None:
    """List the rules in the order in which they are asked; a rule with a mistake says which."""
    rows = list_rules(chosen(load_settings().decide))
    if as_json:
        print_json([row.model_dump(mode="json") for row in rows])
        return
    table = [
        (
            r.priority,
            r.name,
            "on" if r.enabled else "off",
            ", ".join(r.actions),
            " ".join(r.when.split()),
            r.problem,
        )
        for r in rows
    ]
    print_table(("priority", "name", "state", "actions", "when", "mistake"), table)


@app.command("check")
def check(*, as_json: AsJson = False) -> None:
    """Check every rule: unknown names, wrong types and bad syntax are refused with their place."""
    loaded = load_rules(chosen(load_settings().decide))
    if as_json:
        print_json({"ok": True, "rules": len(loaded.ordered)})
    else:
        out.print(f"{len(loaded.ordered)} rules, all sound.")
