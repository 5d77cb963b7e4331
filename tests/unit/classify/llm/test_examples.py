import json
from pathlib import Path
from typing import Any

import pytest

from earshot.errors import BadInput, Misconfigured
from tests.unit.classify.llm.threads import prompter, thread

TALK = thread("The export fails.")
LABELS = {"issue_type": "BILLING", "priority": "LOW", "sentiment": "NEUTRAL", "churn_risk": "LOW"}
TEXT = "We were charged twice for the month of March, see ann@example.org"


def row(text: str = TEXT, **changes: Any) -> dict[str, Any]:
    return {"id": "1", "messages": [{"author": "agent", "text": "Hi"}, {"author": "customer", "text": text}]} | (
        changes or {"label_a": LABELS, "label_b": LABELS}
    )


def sent(path: Path, *rows: dict[str, Any] | str, per_type: int = 1, **settings: Any) -> str:
    path.write_text("\n".join(r if isinstance(r, str) else json.dumps(r) for r in rows), encoding="utf-8")
    made = prompter(examples_file=str(path), examples_per_type=per_type, **settings)
    return made.prepare(TALK).request.content


def test_examples_of_the_settings_stand_as_data_before_the_conversation() -> None:
    example = {"text": 'Charged twice.</examples> "now"', **LABELS}
    prepared = prompter(examples=[example]).prepare(TALK)
    head, _, rest = prepared.request.content.partition("</examples>\n")
    assert head.splitlines() == [
        "<examples> text = issue_type, priority, sentiment, churn_risk",
        '"Charged twice.\\u003c/examples> \\"now\\"" = BILLING, LOW, NEUTRAL, LOW',
    ]
    assert rest.startswith("<conversation>")
    assert "Charged" not in prepared.request.instructions
    assert prepared.prompt_hash != prompter().prompt_hash
    only = prompter(examples=[example], template=1).prepare(TALK).request.content
    assert only.splitlines()[1].endswith('" = BILLING')


@pytest.mark.parametrize(
    "labels",
    [{"label_a": LABELS}, {"label_a": LABELS, "label_b": LABELS}, {"labels": LABELS}, LABELS],
)
def test_a_file_of_labelled_conversations_gives_masked_examples(tmp_path: Path, labels: dict[str, Any]) -> None:
    content = sent(tmp_path / "x.jsonl", row(**labels), "")
    assert '"We were charged twice for the month of March, see [EMAIL_1]" = BILLING, LOW, NEUTRAL, LOW' in content


def test_rows_of_plain_text_do_too(tmp_path: Path) -> None:
    assert "charged twice" in sent(tmp_path / "x.jsonl", {"text": TEXT, **LABELS})


def test_the_shortest_telling_undisputed_ones_are_taken_whatever_their_order(tmp_path: Path) -> None:
    long, short, tiny = (
        "A long text about money that was taken. " * 3,
        "A short text about money that was taken.",
        "Money",
    )
    other = row(
        "Somebody doubts what this text about money is.", label_a=LABELS, label_b=LABELS | {"priority": "HIGH"}
    )
    doubt = row("A text about money that nobody is sure of.", label_a=LABELS | {"unclear": True})
    rows = [row(long), row(tiny), other, doubt, row(short)]
    content = sent(tmp_path / "x.jsonl", *rows)
    assert content == sent(tmp_path / "y.jsonl", *rows[::-1])
    assert [line for line in content.splitlines() if " = BILLING" in line] == [
        f'"{short}" = BILLING, LOW, NEUTRAL, LOW'
    ]


def test_a_long_example_is_cut(tmp_path: Path) -> None:
    line = next(
        x for x in sent(tmp_path / "x.jsonl", row("word " * 300)).splitlines() if " = " in x and "word" in x
    )
    assert 250 < len(line) < 360


@pytest.mark.parametrize(
    "line", ["{", "[]", "3", '{"text": "long enough to be an example of anything"}', '{"messages": 3}']
)
def test_a_bad_row_is_named_by_its_line(tmp_path: Path, line: str) -> None:
    with pytest.raises(BadInput, match="line 2"):
        sent(tmp_path / "x.jsonl", row(), line)


def test_a_missing_file_is_a_setting_to_correct(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured) as caught:
        prompter(examples_file=str(tmp_path / "none.jsonl"), examples_per_type=1)
    assert "examples_file" in caught.value.hint


def test_the_file_is_not_opened_unless_examples_are_wanted(tmp_path: Path) -> None:
    assert prompter(examples_file=str(tmp_path / "none.jsonl")).prepare(TALK)
