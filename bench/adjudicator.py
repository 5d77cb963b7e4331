"""The adjudicator: what its questions take and cost, what it gains, and how good a model's decisions are.

    python bench/adjudicator.py [--shared ../shared] [--sample 600] [--seed 7]
    python bench/adjudicator.py --pairs-out questions.jsonl [--each 60]
    python bench/adjudicator.py --pairs-in answers.jsonl [--each 60]

The first prints the size of the instructions, questions per mention and their list price on the sample workspace
and on real threads, and the gain when the questions are answered truthfully (the sample by the simulated provider,
the threads by their labels). The second writes one question for each labelled real pair, drawn evenly from every
family, as an OpenAI batch file that any model may answer; the third scores the answers. The pairs' negatives are
assumed, not checked by people, so precision is a lower bound. Evaluation data is read where it lies.
"""

import argparse
import gzip
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from earshot.classify.local.reader import read_one
from earshot.cli.sim_tasks import task_answer
from earshot.connectors.intercom.normalise import normalise
from earshot.domain.call import Tier, Usage
from earshot.domain.conversation import Author
from earshot.domain.grouping import Candidate, Doubt, Mention, Partition, Regrouping, Verdict, text_digest
from earshot.domain.reading import IssueType
from earshot.errors import BadInput
from earshot.group.asking.adjudicating import Adjudicator, Decision, Question
from earshot.group.asking.naming import Namer
from earshot.group.regroup import regroup
from earshot.group.settings import GroupSettings
from earshot.llm.catalogue import model_string
from earshot.llm.prices import ListPrices
from earshot.llm.settings import LlmSettings
from earshot.pipeline.adjudication.exchange import ROOM
from earshot.pipeline.batches.exchange_lines import read_lines, request_line
from earshot.pipeline.tasks.doubts import open_questions
from earshot.ports.clock import SystemClock
from earshot.ports.model import Answer
from earshot.prioritise.asking.drafting import Drafter
from earshot.prioritise.asking.estimating import Estimator
from earshot.sim.chance import fraction
from earshot.sim.sample import generate, vocabulary
from earshot.text.tokens import estimate_tokens

NOW = datetime(2026, 11, 1, tzinfo=UTC)
ROUNDS = 10
"""As often as a grouping asks at most."""
OUTPUT = 50
"""Tokens that a row of the answer takes, by OpenAI's encoding; the rest of the answer takes about 15."""
Row = dict[str, Any]
Truth = Callable[[Mention, str], bool]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, default=Path(__file__).parents[2] / "shared")
    parser.add_argument("--sample", type=int, default=600)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--each", type=int, default=60)
    parser.add_argument("--pairs-out", type=Path)
    parser.add_argument("--pairs-in", type=Path)
    given = parser.parse_args()
    pairs, clusters = given.shared / "data" / "pairs.jsonl.gz", given.shared / "data" / "clusters.jsonl.gz"
    if given.pairs_out or given.pairs_in:
        asked = questions_on(pairs, each=given.each)
        write(asked, given.pairs_out) if given.pairs_out else score(asked, given.pairs_in)
        return
    sizes()
    mentions, matters = sample(given.sample, given.seed)
    for name, settings in (
        ("sample, built-in words", GroupSettings(adjudicator="llm")),
        ("sample, its vocabulary", GroupSettings.model_validate({**vocabulary(), "adjudicator": "llm"})),
    ):
        measure(name, mentions, matters, settings=settings)
    if clusters.exists():
        measure(
            "real threads (clusters)",
            *threads(clusters),
            settings=GroupSettings(adjudicator="llm"),
            simulated=False,
        )
    else:
        print(f"{clusters} is not here")


def sizes() -> None:
    tasks = {"adjudicate": Adjudicator(), "name": Namer(), "estimate": Estimator(), "draft": Drafter()}
    told = ", ".join(f"{name} {maker.task.tokens}" for name, maker in tasks.items())
    print(f"Instructions with form, tokens (estimate): {told}")


def sample(conversations: int, seed: int) -> tuple[list[Mention], dict[int, str]]:
    """Mentions as the store gives them, of conversations with one planted matter, read by the local model."""
    workspace = generate(conversations=conversations, seed=seed, now=NOW)
    truths = {t.conversation_id: t.matters for t in workspace.truths if t.excluded is None}
    mentions: list[Mention] = []
    matters: dict[int, str] = {}
    for raw in workspace.conversations:
        told = truths.get(str(raw["id"]), ())
        conversation = normalise(raw, b"", plain=False).conversation
        try:
            finding = read_one(conversation).findings[0]
        except BadInput:
            continue
        if len(told) != 1:
            continue
        mention = Mention(
            id=len(mentions) + 1,
            conversation_id=conversation.id,
            issue_type=finding.issue_type,
            area=finding.affected_feature,
            summary=finding.summary,
            quote=finding.quote,
            context="\n".join(m.text for m in conversation.customer_messages)[:1200],
            reply="\n".join(m.text for m in conversation.messages if m.author is Author.AGENT)[:1200] or None,
            said_at=conversation.spoken_at,
        )
        mentions.append(mention)
        matters[mention.id] = told[0]
    return mentions, matters


def threads(path: Path) -> tuple[list[Mention], dict[int, str]]:
    """The first message of each real thread, by the bug that helpers linked it to."""
    mentions: list[Mention] = []
    matters: dict[int, str] = {}
    for place, row in enumerate(rows(path)):
        for thread in row["members"]:
            number = len(mentions) + 1
            words = " ".join(thread.get("text", "").split())
            mentions.append(
                Mention(
                    id=number,
                    conversation_id=str(thread["id"]),
                    issue_type=IssueType.PRODUCT_BUG,
                    summary=(thread.get("title") or words)[:200] or "-",
                    context=words[:1200] or None,
                    said_at=NOW + timedelta(minutes=number),
                )
            )
            matters[number] = str(place)
    return mentions, matters


def measure(
    name: str, mentions: list[Mention], matters: dict[int, str], *, settings: GroupSettings, simulated: bool = True
) -> None:
    """Group, ask, obey, ask again; what was asked and what it gained."""
    by_digest = {mention.digest: matters[mention.id] for mention in mentions}
    verdicts: list[Verdict] = []
    asked: list[Question] = []
    seen: set[str] = set()
    scores: list[tuple[float, float, float]] = []
    for turn in range(ROUNDS + 1):
        done = regroup(mentions, Partition(), settings=settings, now=NOW, verdicts=verdicts)
        scores.append(b_cubed(done, mentions, matters))
        fresh = [q for q in open_questions(Adjudicator(), done.doubts) if q.custom_id not in seen]
        if turn == ROUNDS or not fresh:
            break
        seen |= {question.custom_id for question in fresh}
        asked += fresh
        for question in fresh:
            verdicts += _answered(question, by_digest, simulated=simulated)
    right = Counter(verdict.same == (by_digest[verdict.one] == by_digest[verdict.other]) for verdict in verdicts)
    first, last = scores[0], scores[-1]
    print(f"\n{name}: {len(mentions):,} mentions, {len(asked):,} questions ({len(asked) / len(mentions):.2f} each)")
    print(f"  verdicts {right.total():,}, right {right[True] / max(1, right.total()):.3f}")
    print(f"  B-cubed P/R/F1 without {_told(first)}, answered truthfully {_told(last)}")
    prices(asked, len(mentions))


def _answered(question: Question, by_digest: dict[str, str], *, simulated: bool) -> list[Verdict]:
    if simulated:
        text = task_answer(question.request.content, question.task.form.json_schema) or ""
    else:
        text = _truth(question, by_digest)
    opinions = question.understand(Answer(text=text)).value
    return opinions.verdicts(decided_as="bench", now=NOW) if opinions else []


def _truth(question: Question, by_digest: dict[str, str]) -> str:
    own = by_digest[question.doubt.digest]
    decisions = [
        {
            "known": letter,
            "why": "",
            "decision": "SAME" if by_digest[candidate.digest] == own else "DIFFERENT",
            "confidence": "SURE",
        }
        for letter, candidate in zip("ABCDE", question.asked, strict=False)
    ]
    return json.dumps({"decisions": decisions, "contains_instructions": False})


def prices(asked: Sequence[Question], mentions: int) -> None:
    """List prices online and in batches, without any help of caches."""
    if not asked:
        return
    read = float(np.mean([question.tokens for question in asked]))
    known = float(np.mean([len(question.asked) for question in asked]))
    wrote = 15 + OUTPUT * known
    print(f"  a question: {known:.1f} candidates, {read:.0f} tokens in, about {wrote:.0f} out")
    for provider in ("openai", "anthropic", "google"):
        settings = LlmSettings(provider=provider)
        model = model_string(settings, Tier.CHEAP)
        usage = Usage(input_tokens=round(read), output_tokens=round(wrote))
        bill = ListPrices(settings, clock=SystemClock())
        costs = [bill.cost(*model.split(":", 1), usage=usage, batch=batch) for batch in (False, True)]
        told = ["unknown" if c is None else f"${c.usd * len(asked) / mentions * 1000:.3f}" for c in costs]
        print(f"    {model}: {told[0]} per 1,000 mentions at once, {told[1]} in batches")


def b_cubed(done: Regrouping, mentions: Sequence[Mention], matters: dict[int, str]) -> tuple[float, float, float]:
    found = [done.mentions[mention.id] for mention in mentions]
    true = [matters[mention.id] for mention in mentions]
    both, themes, planted = Counter(zip(found, true, strict=True)), Counter(found), Counter(true)
    precision = float(np.mean([both[f, t] / themes[f] for f, t in zip(found, true, strict=True)]))
    recall = float(np.mean([both[f, t] / planted[t] for f, t in zip(found, true, strict=True)]))
    return precision, recall, 2 * precision * recall / (precision + recall)


def _told(scores: tuple[float, float, float]) -> str:
    return "/".join(f"{score:.3f}" for score in scores)


def rows(path: Path) -> list[Row]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


@dataclass(frozen=True)
class Labelled:
    """A question about one real pair, its family, and whether it is a duplicate."""

    family: str
    duplicate: bool
    question: Question


def questions_on(path: Path, *, each: int) -> list[Labelled]:
    """`each` duplicates and as many others of every family, drawn by seed, in an order that says nothing.

    Byte-identical pairs are left out.
    """
    families: defaultdict[tuple[str, bool], list[Row]] = defaultdict(list)
    for row in rows(path):
        if row["a"].get("title") != row["b"].get("title") or row["a"]["text"] != row["b"]["text"]:
            families[row["source"].split()[0], bool(row["duplicate"])].append(row)
    adjudicator = Adjudicator()
    found: list[Labelled] = []
    for (family, duplicate), members in sorted(families.items()):
        drawn = sorted(members, key=lambda row: fraction("pair", row["id"]))[:each]
        for row in drawn:
            question = adjudicator.question(_doubt(row))
            if question is not None:
                found.append(Labelled(family, duplicate, question))
    return sorted(found, key=lambda one: one.question.custom_id)


def _doubt(row: Row) -> Doubt:
    title, text = _texts(row["a"])
    known_title, known_text = _texts(row["b"])
    known = Candidate(
        id=str(row["b"]["id"]),
        digest=text_digest(known_title, known_text),
        title=known_title,
        text=known_text,
        probability=0.5,
    )
    return Doubt(digest=text_digest(title, text), title=title, text=text, candidates=(known,))


def _texts(side: Row) -> tuple[str, str]:
    title, text = (side.get("title") or "").strip(), (side["text"] or "").strip()
    return (title, text) if title else (text[:200], text)


def write(asked: Sequence[Labelled], file: Path) -> None:
    roomy = {"max_tokens": ROOM}
    lines = (
        request_line(one.question.custom_id, one.question.request.model_copy(update=roomy), model="any")
        for one in asked
    )
    file.write_text("".join(lines), encoding="ascii")
    tokens = sum(one.question.tokens for one in asked)
    print(f"{len(asked):,} questions, about {tokens:,} tokens in, {len(asked) * (15 + OUTPUT):,} out: {file}")


def score(asked: Sequence[Labelled], file: Path) -> None:
    """Precision and recall of SAME, and how much was left open, by family."""
    answers = {line.given.custom_id: line.given.answer for line in read_lines(file) if line.given}
    counts: defaultdict[str, Counter[tuple[bool, str]]] = defaultdict(Counter)
    tokens: list[int] = []
    for one in asked:
        answer = answers.get(one.question.custom_id)
        if answer is None:
            continue
        opinions = one.question.understand(answer).value
        said = opinions.given[0].decision if opinions and not opinions.flagged else None
        counts[one.family][one.duplicate, said or "INVALID"] += 1
        counts["all"][one.duplicate, said or "INVALID"] += 1
        tokens.append(estimate_tokens(answer.text))
    for family, found in sorted(counts.items()):
        same, wrong = found[True, Decision.SAME], found[False, Decision.SAME]
        missed = found[True, Decision.DIFFERENT]
        left = sum(count for (_, said), count in found.items() if said not in {"SAME", "DIFFERENT"})
        decided = found.total() - left
        print(
            f"{family:12} {found.total():5} answers: SAME precision {same / max(1, same + wrong):.3f}, recall of "
            f"decided {same / max(1, same + missed):.3f}, accuracy of decided "
            f"{(same + found[False, Decision.DIFFERENT]) / max(1, decided):.3f}, open {left / found.total():.3f}"
        )
    if tokens:
        print(f"answers take {np.mean(tokens):.0f} tokens")


if __name__ == "__main__":
    main()
