"""`earshot rules explain`: why rules did or did not hold for a conversation."""

from typing import Annotated

import typer

from earshot.cli.console import out, print_json
from earshot.cli.options import AsJson
from earshot.cli.session import go, opened
from earshot.decide.explaining import Part
from earshot.domain.action import INWARD, Action
from earshot.pipeline.ruling.explaining import Explained, RuleAnswer, explain_conversation
from earshot.text.escape import for_terminal

_MARKS = {True: "✓", False: "✗", None: "?"}


def explain_command(
    conversation: Annotated[str, typer.Argument(metavar="CONVERSATION", help="The conversation's id.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Say for each rule which part of its condition holds for a conversation, and what came of it."""
    found = go(_explain(conversation, quiet=as_json))
    if as_json:
        print_json(found.model_dump(mode="json"))
        return
    insight = found.facts.insight
    _say(f"{insight.conversation_id}: {insight.issue_type}, {insight.priority}, {insight.sentiment}, churn risk "
         f"{insight.churn_risk}. {insight.summary}")  # fmt: skip
    for answer in found.rules:
        _show_rule(answer)
    _say("")
    _say("Actions it led to or joined:" if found.actions else "It led to no actions.")
    for action in found.actions:
        _say(_action(action), depth=1)


async def _explain(conversation: str, *, quiet: bool) -> Explained:
    async with opened(quiet=quiet) as earshot:
        return await explain_conversation(earshot.parts, conversation, rules=earshot.parts.make_rules())


def _show_rule(answer: RuleAnswer) -> None:
    _say("")
    _say(f"{_MARKS[answer.held]} {answer.rule} ({_standing(answer)}) → {', '.join(answer.actions)}")
    if answer.left_out_by:
        _say(f"left out: {answer.left_out_by} came first", depth=2)
    if answer.doubt:
        _say(f"waits for a person: {answer.doubt}", depth=2)
    _show_part(answer.condition, depth=2)


def _standing(answer: RuleAnswer) -> str:
    return (
        "acts here"
        if answer.live
        else "on, but not for this conversation"
        if _shared(answer)
        else answer.mode.value
    )


def _shared(answer: RuleAnswer) -> bool:
    return answer.mode.value == "share"


def _show_part(part: Part, *, depth: int) -> None:
    values = ", ".join(f"{name} is {value or '(empty)'}" for name, value in part.values.items())
    joined = {"&&": "all of these:", "||": "one of these:"}.get(part.joined, "")
    told = joined or (f"{part.text}  ({values})" if values else part.text)
    _say(f"{_MARKS[part.held]} {told}", depth=depth)
    for one in part.parts:
        _show_part(one, depth=depth + 1)


def _action(action: Action) -> str:
    state = action.status.value
    if action.kind not in INWARD and action.dry_run:
        state = "dry run"
    doubt = f", waits for you: {action.suspect}" if action.suspect else ""
    return f"{action.key[:8]} {action.kind} on {action.subject_id}: {state}{doubt} (rule {action.rule})"


def _say(text: str, *, depth: int = 0) -> None:
    out.print("  " * depth + for_terminal(text) if text else "", markup=False)
