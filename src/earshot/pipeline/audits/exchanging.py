"""Use case: labels of a sample out to a file and in from one, in the form that `earshot audit score` reads."""

import json
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

from earshot.audit.labels import BadLine, Labelled, parse
from earshot.domain.label import Label, Labelling, Sample
from earshot.domain.model import Noun
from earshot.errors import BadInput
from earshot.pipeline.audits.gauging import Labelled as LabelledSample
from earshot.pipeline.audits.gauging import load
from earshot.pipeline.audits.labelled import FILE_PREFIX, read_text
from earshot.pipeline.parts import Parts

Said = tuple[str, Label]
"""Who gave a label, and the label."""


class Imported(Noun):
    """What became of a file of labels. `strange`: ids that are not in the sample."""

    kept: int
    strange: tuple[str, ...]
    bad: tuple[BadLine, ...]


async def exported(parts: Parts, sample: Sample, *, with_examples: bool = False) -> list[str]:
    """A line for each labelled member, in the order of labelling; examples are left out unless asked for.

    A model that is shown an example must not be scored on it.
    """
    [held] = await load(parts, [sample])
    return [json.dumps(row, ensure_ascii=False) for row in _rows(held) if with_examples or not row["example"]]


def _rows(held: LabelledSample) -> Iterator[dict[str, Any]]:
    for member in held.members:
        truths = held.truths(member.conversation_id)
        if not truths:
            continue
        said = [one for one in held.labellings.get(member.conversation_id, ()) if not one.skipped]
        row: dict[str, Any] = {"id": member.conversation_id}
        row |= (
            {"label_a": _plain(truths[0]), "label_b": _plain(truths[1])} if len(truths) == 2 else _plain(truths[0])
        )
        row["labellers"] = {one.labeller: _plain(one.label) for one in said}
        yield row | {
            "stratum": member.stratum,
            "probability": round(member.probability, 6),
            "example": member.example_at is not None,
        }


def _plain(label: Label) -> dict[str, str]:
    return {name: str(value) for name, value in label.model_dump(exclude_none=True).items()}


async def imported(parts: Parts, sample: Sample, *, path: Path, labellers: Sequence[str]) -> Imported:
    """Keep the labels of a file as said by `labellers` (the first annotation by the first).

    Lines that name their labellers keep those. Raises BadInput where a line has more annotations than names.
    """
    text = read_text(path)
    found = parse(text.split("\n"))
    if not found.rows:
        first = f" Line {found.bad[0].line}: {found.bad[0].reason}." if found.bad else ""
        raise BadInput(f"{path} holds no label.{first}")
    named = _named(text, apart={one.line for one in found.bad})
    kept, strange, bad = 0, list[str](), list(found.bad)
    now = parts.clock.now()
    async with parts.store.unit() as unit:
        members = {one.conversation_id for one in await unit.pages.audits.members([sample.id])}
        for row in found.rows:
            name = row.id if row.id in members else f"{FILE_PREFIX}{row.id}"
            if name not in members:
                strange.append(row.id)
                continue
            said = named.get(row.id) or _by_order(row, labellers)
            if isinstance(said, BadLine):
                bad.append(said)
                continue
            for labeller, label in said:
                one = Labelling(sample_id=sample.id, conversation_id=name, labeller=labeller, label=label, at=now)
                kept += await unit.pages.audits.label(one)
        await unit.commit()
    return Imported(kept=kept, strange=tuple(strange), bad=tuple(bad))


def _by_order(row: Labelled, labellers: Sequence[str]) -> list[Said]:
    if len(row.labels) > len(labellers):
        raise BadInput(
            f"The label of {row.id} has {len(row.labels)} annotations.", hint="Name both people: --as A --as B."
        )
    return list(zip(labellers, row.labels, strict=False))


def _named(text: str, *, apart: Collection[int]) -> dict[str, list[Said] | BadLine]:
    """The labels of lines that say who gave them, as `audit export` writes them, or what is wrong with the line.

    Lines whose numbers are in `apart` are left out.
    """
    found: dict[str, list[Said] | BadLine] = {}
    for number, line in enumerate(text.split("\n"), 1):
        if number in apart or not line.strip():
            continue
        row: dict[str, Any] = json.loads(line)
        if row.get("labellers"):
            said = _said(row["labellers"])
            found[str(row["id"]).strip()] = BadLine(line=number, reason=said) if isinstance(said, str) else said
    return found


def _said(given: Any) -> list[Said] | str:
    """Who said what, or what is wrong with it."""
    try:
        said = [(str(name).strip()[:80], Label.model_validate(one)) for name, one in given.items()]
    except (ValueError, AttributeError):
        return "`labellers` must give each person's name a label"
    if not all(name for name, _ in said):
        return "`labellers` holds a blank name"
    if any(label == Label() for _, label in said):
        return "`labellers` holds an empty label"
    return said
