"""What a round of acting did, in words, for the commands that act."""

from earshot.cli.console import err
from earshot.pipeline.acting.tally import Acted
from earshot.text.escape import for_terminal

_SHOWN = 5


def tell_acted(acted: Acted) -> None:
    """One line, and what a person should know about what failed."""
    err.print(acted.words, markup=False)
    for problem in acted.problems[:_SHOWN]:
        err.print(f"  {for_terminal(problem)}", markup=False)
    if len(acted.problems) > _SHOWN:
        err.print(f"  … and {len(acted.problems) - _SHOWN} more (earshot actions health)", markup=False)
