"""Options that several commands share, described once."""

from typing import Annotated

import typer

Since = Annotated[
    str | None, typer.Option("--since", metavar="WHEN", help="From when: 24h, 7d, 2026-01-01 (UTC), or all.")
]
Until = Annotated[str | None, typer.Option("--until", metavar="WHEN", help="Up to when; left out: up to now.")]
Yes = Annotated[bool, typer.Option("--yes", help="Agree to spend money without being asked.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
Classifier = Annotated[str, typer.Option("--classifier", metavar="NAME", help="Who reads: auto, local or llm.")]
