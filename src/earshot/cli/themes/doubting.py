"""`earshot themes doubts, decide, refuse, proposals`: what the score is not sure of, put to a person."""

from enum import StrEnum
from typing import Annotated

import typer

from earshot.cli.console import out, print_json, print_table
from earshot.cli.options import AsJson
from earshot.cli.session import go, opened
from earshot.cli.themes.drawing import short
from earshot.cli.themes.listing import Limit, ThemeId
from earshot.domain.grouping import Doubt, Proposal
from earshot.pipeline.theming.doubting import Settled, decide, doubts, proposals, refuse
from earshot.text.escape import clip, for_terminal

_TEXT = 200


class Word(StrEnum):
    """What a person can say to a doubt."""

    SAME = "same"
    DIFFERENT = "different"


def doubts_command(*, limit: Limit = 20, as_json: AsJson = False) -> None:
    """List pairings the score is not sure of, the likeliest first. `decide` settles one."""
    found = go(_doubts(limit))
    if as_json:
        print_json([one.model_dump(mode="json") for one in found])
        return
    ids = [one.digest for one in found]
    for one in found:
        out.print(f"{short(one.digest, ids)}  {for_terminal(one.title)}", markup=False, style="bold")
        if one.text:
            out.print(f"    {clip(one.text, _TEXT)}", markup=False)
        rows = [(str(n), f"{c.probability:.0%}", c.title) for n, c in enumerate(one.candidates, start=1)]
        print_table(("  ", "", "the same matter as"), rows)
        out.print()
    if not found:
        out.print("No open doubts.")


def decide_command(
    doubt: Annotated[str, typer.Argument(metavar="DOUBT", help="The doubt, or the beginning of its id.")],
    word: Annotated[Word, typer.Argument(metavar="same|different", help="Whether it is the same matter.")],
    *,
    candidate: Annotated[
        int | None, typer.Option("--candidate", metavar="N", help="Which candidate; needed when there are several.")
    ] = None,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; kept with the word.")] = "",
    as_json: AsJson = False,
) -> None:
    """Settle a doubt. Your word is remembered; neither score nor model overrules it."""
    settled = go(_decide(doubt, same=word is Word.SAME, candidate=candidate, reason=reason, quiet=as_json))
    if as_json:
        print_json(settled.model_dump(mode="json"))
        return
    out.print(f"Noted. {settled.moved:,} mention{'s' * (settled.moved != 1)} changed their theme.")


def proposals_command(*, as_json: AsJson = False) -> None:
    """List themes that may be one matter. Accept with `merge`, refuse with `refuse`."""
    found = go(_proposals())
    if as_json:
        print_json([proposal.model_dump(mode="json") for proposal, _ in found])
        return
    if not found:
        out.print("No open proposals.")
        return
    rows = [
        (one.one_id, one.other_id, f"{one.probability:.0%}", titles[0], titles[1], one.reason)
        for one, titles in found
    ]
    print_table(("theme", "other", "probability", "title", "other title", "why"), rows)
    out.print("Accept: earshot themes merge THEME OTHER   Refuse: earshot themes refuse THEME OTHER")


def refuse_command(
    theme: ThemeId,
    other: Annotated[str, typer.Argument(metavar="OTHER", help="Another theme.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Say that two themes are two matters: it is never proposed again."""
    proposal = go(_refuse(theme, other, quiet=as_json))
    if as_json:
        print_json({"refused": proposal and proposal.model_dump(mode="json")})
        return
    out.print("Noted: these are two matters.")


async def _doubts(limit: int) -> list[Doubt]:
    async with opened(quiet=True) as earshot:
        return await doubts(earshot.parts, limit=limit)


async def _decide(doubt: str, *, same: bool, candidate: int | None, reason: str, quiet: bool) -> Settled:
    async with opened(quiet=quiet) as earshot:
        return await decide(earshot.parts, doubt, same=same, candidate=candidate, reason=reason)


async def _proposals() -> list[tuple[Proposal, tuple[str, str]]]:
    async with opened(quiet=True) as earshot:
        return await proposals(earshot.parts)


async def _refuse(theme: str, other: str, *, quiet: bool) -> Proposal | None:
    async with opened(quiet=quiet) as earshot:
        return await refuse(earshot.parts, theme, other=other)
