"""Labelling in the terminal: one conversation after the other, one answer per field."""

import sys

from earshot.audit.labels import OPTIONS
from earshot.cli.console import out
from earshot.domain.label import Sample
from earshot.pipeline.audits.labelling import Turn, keep, turn
from earshot.pipeline.parts import Parts
from earshot.text.escape import for_terminal

_STOP, _SKIP, _BACK = "q", "s", "b"


async def ask_all(parts: Parts, sample: Sample, *, labeller: str) -> None:
    """Ask until nothing is left, or the person stops (q, or the end of the input)."""
    at = ""
    while True:
        shown = await turn(parts, sample, labeller=labeller, at=at)
        if shown.member is None:
            out.print(f"Nothing is left for {for_terminal(labeller)} in this sample.", markup=False)
            return
        _tell(shown)
        began = parts.clock.now()
        answer = _answers()
        if answer == _STOP:
            out.print(f"Stopped; {shown.left:,} are left.", markup=False)
            return
        if answer == _BACK:
            at = shown.back or at
            continue
        skipped = answer == _SKIP
        await keep(
            parts,
            sample,
            conversation_id=shown.member.conversation_id,
            given=answer if isinstance(answer, dict) else {},
            labeller=labeller,
            skipped=skipped,
            began=began,
        )
        at = ""


def _tell(shown: Turn) -> None:
    if shown.member is None:
        return
    head = f"{shown.done + 1} of {shown.done + shown.left} · {shown.member.conversation_id} · {shown.title or ''}"
    out.print(f"\n{for_terminal(head)}", markup=False, style="bold")
    for message in shown.messages:
        out.print(f"{message.author.value}: {for_terminal(message.text)}", markup=False)


def _answers() -> dict[str, str] | str:
    """A value for every field, or s (skip), b (back), q (stop)."""
    given: dict[str, str] = {}
    for field, options in OPTIONS.items():
        choices = "  ".join(f"{n} {value}" for n, value in enumerate(options, 1))
        while field not in given:
            out.print(f"{field.replace('_', ' ')}: {choices}   (s skip, b back, q stop)", markup=False)
            line = sys.stdin.readline()
            word = line.strip().lower()
            if not line or word in {_STOP, _SKIP, _BACK}:
                return word if line else _STOP
            if word.isascii() and word.isdigit() and 1 <= int(word) <= len(options):
                given[field] = options[int(word) - 1]
    return given
