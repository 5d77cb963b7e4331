"""What `earshot classify` did, in sentences."""

from collections.abc import Iterator

from earshot.pipeline.batches.desk import Collected, Submitted
from earshot.pipeline.batches.exchange import Answers, Written
from earshot.pipeline.reading.classify import Classified
from earshot.pipeline.rounds import Round


def told(done: Round) -> Iterator[str]:
    """One sentence or two for each thing that was done."""
    if done.classified is not None:
        yield from _classified(done.classified)
    if done.collected is not None:
        yield from _collected(done.collected)
    if done.submitted is not None:
        yield from _submitted(done.submitted)
    if done.collected is not None and done.collected.open:
        under_way = f"{done.collected.open:,} batches are under way"
        yield f"{under_way}; the next `earshot classify --batch` or `earshot run` collects them."
    if done.written is not None:
        yield from _written(done.written)
    if done.answers is not None:
        yield from _answers(done.answers)


def _classified(found: Classified) -> Iterator[str]:
    labelled = f", labels only for {found.labelled:,}" if found.labelled else ""
    yield f"Read {found.read:,}{labelled}; could not be read: {found.unread:,}."
    if found.left:
        yield f"{found.left:,} wait for the next time."


def _collected(found: Collected) -> Iterator[str]:
    if not found.batches:
        return
    yield f"Collected {found.batches:,} batches: read {found.read:,}; could not be read: {found.unread:,}."
    if found.released:
        yield f"{found.released:,} requests were not answered and are read anew."
    if found.changed:
        yield f"{found.changed:,} conversations changed while they were read; they are read anew."


def _submitted(found: Submitted) -> Iterator[str]:
    if found.requests or not found.problem:
        yield f"Submitted {found.requests:,} conversations in {found.batches:,} batches."
    if found.unread:
        yield f"{found.unread:,} hold nothing that could be asked about; they wait for a person."
    if found.held:
        held = f"{found.held:,} are held by another process that reads, or by one that was just stopped"
        yield f"{held}; run this again in a minute for those that are not read by then."
    if found.unaffordable:
        yield "The rest waits: it could exceed the budget ([llm] run_budget_usd, day_budget_usd)."


def _written(found: Written) -> Iterator[str]:
    yield f"Wrote {found.requests:,} requests. Answers to them come back with --batch-in."
    if found.unread:
        yield f"{found.unread:,} hold nothing that could be asked about; they wait for a person."


def _answers(found: Answers) -> Iterator[str]:
    yield f"Took in {found.read:,} readings; could not be used: {found.unread:,}."
    counts = {
        "were taken in before": found.settled,
        "belong to no request of ours": found.unknown,
        "are about a text that changed meanwhile": found.changed,
        "hold an error instead of an answer": found.failed,
        "lines are no good": found.bad,
    }
    for what, count in counts.items():
        if count:
            yield f"{count:,} {what}."
    for mistake in found.mistakes:
        yield f"  line {mistake.line}: {mistake.text}"
