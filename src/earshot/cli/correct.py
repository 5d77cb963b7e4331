"""`earshot correct`: set a field of a reading right, or take that back."""

from typing import Annotated

import typer

from earshot.cli.console import out, print_json
from earshot.cli.options import AsJson
from earshot.cli.session import go, opened
from earshot.domain.correction import Correction, Field
from earshot.pipeline.correcting import correct, take_back_field


def command(
    conversation: Annotated[str, typer.Argument(metavar="CONVERSATION", help="The conversation's id.")],
    field: Annotated[str, typer.Argument(metavar="FIELD", help=f"One of {', '.join(Field)}.")],
    value: Annotated[str | None, typer.Argument(metavar="VALUE", help="The value it gets.")] = None,
    *,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; kept with the correction.")] = "",
    undo: Annotated[bool, typer.Option("--undo", help="Take the correction of this field back.")] = False,
    as_json: AsJson = False,
) -> None:
    """Correct a field of a conversation's reading. It wins over every re-reading until it is taken back.

    Figures and themes follow, and the rules judge the conversation again. The model's own value is kept beside it.
    """
    if undo == (value is not None):
        raise typer.BadParameter("give either a value or --undo")
    done = go(_correct(conversation, field, value=value, reason=reason))
    if as_json:
        print_json(done.model_dump(mode="json"))
    elif undo:
        out.print(f"{done.field.value} is {done.was or done.was_label or 'none'} again.", markup=False)
    else:
        before = done.was or done.was_label or "none"
        out.print(f"{done.field.value} is {done.value or 'none'}; the model says {before}.", markup=False)


async def _correct(conversation: str, field: str, *, value: str | None, reason: str) -> Correction:
    async with opened(quiet=True) as earshot:
        if value is None:
            return await take_back_field(earshot.parts, conversation, field=field)
        return await correct(earshot.parts, conversation, field=field, value=value, reason=reason)
