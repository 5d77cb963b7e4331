"""Labelled rows for tests."""

from collections.abc import Sequence

from earshot.audit.agreement import Judged
from earshot.audit.labels import Label


def rows(field: str, truths: Sequence[Sequence[str]], guesses: Sequence[str | None]) -> list[Judged]:
    """One row for each guess; each entry of `truths` holds one annotation or two. None: not read."""
    return [
        Judged(
            id=f"c{number}",
            truths=tuple(Label.model_validate({field: value}) for value in labelled),
            guess=None if guess is None else Label.model_validate({field: guess}),
        )
        for number, (labelled, guess) in enumerate(zip(truths, guesses, strict=True))
    ]
