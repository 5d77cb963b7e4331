"""Submitting, collecting and cancelling batches, and everything a provider may do to them."""

import pytest

from earshot.classify.llm.settings import ClassifySettings
from earshot.domain.batch import BatchStatus, EntryState, ReadingBatch
from earshot.domain.call import Mode, Outcome
from earshot.domain.conversation import Author
from earshot.errors import Misconfigured, NotFound, Rejected
from earshot.pipeline.batches.desk import Collected, Submitted
from earshot.pipeline.batches.flow import LONGEST_WAIT, cancel, collect, find, is_open, submit, wait
from earshot.ports.model import Answer, BatchAnswer, Finish, Request, Unanswered
from tests.unit.pipeline.batching_world import TEXTS, Provider, World, conversation, good_text, usage_of


def _only_batch(world: World) -> ReadingBatch:
    (batch,) = world.store.rows.batches.values()
    return batch


def _notes(world: World) -> set[str]:
    return {entry.note or "" for entry in world.store.rows.entries.values()}


async def _submitted(world: World) -> Submitted:
    return await submit(world.parts, world.llm)


async def _collected(world: World) -> Collected:
    world.later(minutes=2)
    return await collect(world.parts, world.llm)


async def test_submit_leave_and_collect() -> None:
    world = World(7)
    sent = await _submitted(world)
    assert (sent.batches, sent.requests, sent.problem) == (3, 7, None)
    found = await _collected(world)
    assert (found.batches, found.read, found.open, found.duplicates, found.unknown) == (3, 7, 0, 3, 3)
    insight = world.store.rows.insights["c0"]
    assert insight.provenance.classifier == "llm"
    assert insight.provenance.model == "small"
    assert insight.provenance.prompt_hash == world.llm.prompter.prompt_hash
    call = next(c for c in world.store.rows.calls.values() if c.conversation_id == "c0")
    assert insight.provenance.cost_usd == call.cost_usd
    assert call.mode is Mode.BATCH
    assert call.batch_id in world.store.rows.batches
    assert await _collected(world) == Collected()


async def test_the_sample_is_tried_once_for_a_prompt_and_a_model() -> None:
    world = World(2)
    await _submitted(world)
    world.add(conversation(8))
    await _submitted(world)
    assert world.online.asked == 1
    world.llm = world.with_prompts(ClassifySettings(template=2))
    world.online.text = "nonsense"
    world.add(conversation(9))
    refused = await _submitted(world)
    assert refused.problem is not None
    assert world.online.asked == 4, "three attempts"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"text": "{}"}, "no good"),
        ({"finish": Finish.REFUSAL}, "refused"),
        ({"raises": Rejected("the schema is not accepted")}, "the schema is not accepted"),
        ({"raises": Unanswered("nobody answers", outcome=Outcome.TIMEOUT, lost=True)}, "nobody answers"),
    ],
)
async def test_nothing_is_submitted_when_the_sample_fails(changes: dict[str, object], reason: str) -> None:
    world = World(2)
    for name, value in changes.items():
        setattr(world.online, name, value)
    done = await _submitted(world)
    assert reason in (done.problem or "")
    assert not world.provider.batches
    assert not world.store.rows.batches


async def test_nothing_pending_costs_nothing() -> None:
    world = World(0)
    assert await _submitted(world) == Submitted()
    assert world.online.asked == 0


async def test_a_model_without_batches_is_read_online() -> None:
    world = World(1)
    done = await submit(world.parts, world.with_prompts(ClassifySettings(), batch=None))
    assert done.online_only


async def test_a_limit_and_the_settings_limit_hold() -> None:
    world = World(7)
    assert (await submit(world.parts, world.llm, limit=2)).requests == 2
    assert (
        await submit(world.parts, world.with_prompts(ClassifySettings(), most_per_run=4), limit=9)
    ).requests == 4


async def test_the_run_budget_stops_before_it_is_exceeded() -> None:
    world = World(7)
    bound = world.prices.bound(
        "openai", "small", request=world.llm.prompter.prepare(conversation(0)).request, batch=True
    )
    llm = world.with_prompts(ClassifySettings(), run_budget_usd=2.5 * (bound or 0))
    done = await submit(world.parts, llm)
    assert (done.requests, done.unaffordable) == (2, True)


async def test_the_day_budget_stops_and_the_rest_stays_pending() -> None:
    world = World(7)
    bound = world.prices.bound(
        "openai", "small", request=world.llm.prompter.prepare(conversation(0)).request, batch=True
    )
    llm = world.with_prompts(ClassifySettings(), day_budget_usd=4.5 * (bound or 0))
    done = await submit(world.parts, llm)
    assert (done.requests, done.unaffordable) == (4, True)
    assert sum(len(held.requests) for held in world.provider.batches) == 4
    found = await collect(world.parts, llm)
    assert found.read == 4
    assert await world.store.unit().conversations.count_pending() == 3
    assert world.store.unit().calls.spent_now() == pytest.approx(world.provider.usd)
    none = await submit(world.parts, world.with_prompts(ClassifySettings(), day_budget_usd=0.0))
    assert (none.requests, none.unaffordable) == (0, True)


async def test_a_budget_needs_a_price() -> None:
    world = World(2)
    world.prices.known = False
    with pytest.raises(Misconfigured, match="not known"):
        await submit(world.parts, world.with_prompts(ClassifySettings(), day_budget_usd=1.0))
    assert (await _submitted(world)).requests == 2
    await _collected(world)
    assert all(call.cost_usd is None for call in world.store.rows.calls.values())


async def test_batches_are_cut_by_bytes() -> None:
    world = World(6)
    world.provider.most_requests = 100
    world.provider.most_bytes = 16_000
    done = await _submitted(world)
    assert done.requests == 6
    assert done.batches > 1
    world.provider.most_bytes = 2_000
    world.add(conversation(9))
    assert (await _submitted(world)).unread == 1
    assert "too long" in world.store.rows.unread["c9"].reason


async def test_a_conversation_without_words_is_unread() -> None:
    world = World(1)
    silent = conversation(5)
    message = silent.messages[0].model_copy(update={"author": Author.AGENT})
    world.add(silent.model_copy(update={"messages": (message,)}))
    done = await _submitted(world)
    assert (done.requests, done.unread) == (1, 1)
    assert world.store.rows.unread["c5"].reason


async def test_a_refused_batch_costs_nothing_and_frees_its_conversations() -> None:
    world = World(7)
    world.provider.refuse = Rejected("too many tokens are queued")
    done = await _submitted(world)
    assert "too many tokens" in (done.problem or "")
    assert _only_batch(world).status is BatchStatus.ABANDONED
    assert await world.store.unit().conversations.count_pending() == 7
    assert world.store.unit().calls.spent_now() == 0
    world.provider.refuse = Misconfigured("the key is not valid")
    with pytest.raises(Misconfigured):
        await _submitted(world)
    assert await world.store.unit().conversations.count_pending() == 7
    world.provider.refuse = None
    await _submitted(world)
    assert (await _collected(world)).read == 7


async def test_a_busy_provider_gets_the_same_batch_later() -> None:
    world = World(2)
    world.provider.refuse = Unanswered("too many requests", outcome=Outcome.RATE_LIMITED)
    done = await _submitted(world)
    assert "did not confirm" in (done.problem or "")
    assert _only_batch(world).status is BatchStatus.PREPARED
    world.provider.refuse = None
    assert (await _collected(world)).read == 2
    assert len(world.provider.batches) == 1


@pytest.mark.parametrize("keeps_reference", [True, False])
async def test_a_batch_whose_confirmation_was_lost_is_found_again(keeps_reference: bool) -> None:
    world = World(2, keeps_reference=keeps_reference)
    world.provider.lose = True
    await _submitted(world)
    assert _only_batch(world).status is BatchStatus.SUBMITTING
    assert (await _collected(world)).read == 2
    assert len(world.provider.batches) == 1


async def test_a_batch_of_somebody_else_with_as_many_requests_is_not_ours() -> None:
    world = World(2, keeps_reference=False)
    stranger = {"a": Request(instructions="", content=""), "b": Request(instructions="", content="")}
    await world.provider.submit(stranger, reference="")
    world.provider.refuse = Unanswered("no route", outcome=Outcome.LOST, lost=True)
    await _submitted(world)
    world.provider.refuse = None
    assert (await _collected(world)).read == 2
    assert len(world.provider.batches) == 2


async def test_a_batch_of_ours_that_is_under_way_does_not_hold_up_another() -> None:
    world = World(2, keeps_reference=False)
    await _submitted(world)
    world.provider.ends_at_once = False
    world.add(conversation(7), conversation(8))
    world.provider.refuse = Unanswered("no route", outcome=Outcome.LOST, lost=True)
    await _submitted(world)
    world.provider.refuse = None
    await _collected(world)
    assert [batch.status for batch in world.store.rows.batches.values()] == [BatchStatus.RUNNING] * 2


async def test_a_batch_is_not_sent_again_before_the_provider_had_time_to_list_it() -> None:
    world = World(2)
    world.provider.lose = world.provider.hide = True
    await _submitted(world)
    world.later(seconds=30)
    await collect(world.parts, world.llm)
    assert len(world.provider.batches) == 1
    world.provider.hide = False
    await collect(world.parts, world.llm)
    assert len(world.provider.batches) == 1
    assert _only_batch(world).status is BatchStatus.COLLECTED


async def test_texts_and_prompts_that_changed_are_not_sent_again() -> None:
    world = World(3)
    world.provider.refuse = Unanswered("busy", outcome=Outcome.OVERLOADED)
    await _submitted(world)
    world.add(conversation(0, "A newer text."), conversation(1).model_copy(update={"deleted": True}))
    world.provider.refuse = None
    assert (await _collected(world)).read == 1
    assert len(world.provider.batches[0].requests) == 1
    assert _only_batch(world).entries == 1
    world.provider.refuse = Unanswered("busy", outcome=Outcome.OVERLOADED)
    await _submitted(world)
    world.llm = world.with_prompts(ClassifySettings(reasoning=True))
    world.provider.refuse = None
    await _collected(world)
    assert len(world.provider.batches) == 1
    assert world.store.unit().calls.spent_now() == pytest.approx(world.provider.usd)


async def test_an_answer_about_an_older_text_is_paid_and_dropped() -> None:
    world = World(2)
    await _submitted(world)
    world.add(conversation(0, "In the meantime I wrote this."))
    found = await _collected(world)
    assert (found.read, found.changed) == (1, 1)
    assert "c0" not in world.store.rows.insights
    assert sum(c.cost_usd or 0 for c in world.store.rows.calls.values()) == pytest.approx(world.provider.usd)
    await _submitted(world)
    assert (await _collected(world)).read == 1


async def test_a_text_that_changed_while_its_batch_is_open_waits() -> None:
    world = World(2)
    await _submitted(world)
    world.add(conversation(0, "In the meantime I wrote this."))
    assert (await _submitted(world)).requests == 0
    assert len(world.provider.batches) == 1


@pytest.mark.parametrize("outcome", [Outcome.EXPIRED, Outcome.CANCELLED])
async def test_requests_that_were_not_answered_are_read_anew_for_nothing(outcome: Outcome) -> None:
    world = World(3)
    content = world.llm.prompter.prepare(conversation(1)).request.content
    world.provider.outcomes[content] = BatchAnswer(custom_id="", outcome=outcome)
    await _submitted(world)
    found = await _collected(world)
    assert (found.read, found.released) == (2, 1)
    assert world.store.unit().calls.spent_now() == pytest.approx(world.provider.usd)
    world.provider.outcomes = {}
    await _submitted(world)
    assert (await _collected(world)).read == 1
    assert set(world.provider.paid.values()) == {1}


async def test_requests_that_keep_failing_end_as_unread() -> None:
    world = World(2)
    content = world.llm.prompter.prepare(conversation(1)).request.content
    world.provider.outcomes[content] = BatchAnswer(custom_id="", outcome=Outcome.ERROR, reason="bad request")
    for released, unread in ((1, 0), (1, 0), (0, 1), (0, 0)):
        await _submitted(world)
        found = await _collected(world)
        assert (found.released, found.unread) == (released, unread)
    assert world.store.rows.unread["c1"].reason == "bad request"


async def test_answers_that_mean_nothing_are_paid_tried_again_and_then_unread() -> None:
    world = World(1)
    world.provider.text = lambda request: "I cannot do that"
    for _ in range(3):
        await _submitted(world)
        await _collected(world)
    assert "invalid" in world.store.rows.unread["c0"].reason
    calls = list(world.store.rows.calls.values())
    assert [call.outcome for call in calls] == [Outcome.INVALID] * 3
    assert sum(call.cost_usd or 0 for call in calls) == pytest.approx(world.provider.usd)


async def test_refusals_count_as_attempts() -> None:
    world = World(1)
    answer = Answer(finish=Finish.REFUSAL, usage=usage_of(Request(instructions="", content="")))
    world.provider.outcomes[""] = BatchAnswer(custom_id="", answer=answer)
    llm = world.with_prompts(ClassifySettings(), attempts=1)
    await submit(world.parts, llm)
    assert (await collect(world.parts, llm)).unread == 1
    assert next(iter(world.store.rows.calls.values())).outcome is Outcome.REFUSED


async def test_a_missing_answer_keeps_its_bound_and_is_read_anew() -> None:
    world = World(2)
    await _submitted(world)
    missing = next(iter(world.store.rows.entries))
    world.provider.omit = {missing}
    found = await _collected(world)
    assert (found.read, found.released) == (1, 1)
    call = world.store.rows.calls[missing]
    assert call.outcome is Outcome.LOST
    assert call.bound_usd
    assert call.cost_usd is None


async def test_one_word_answers_become_labels() -> None:
    world = World(1, settings=ClassifySettings(template=1))
    world.online.text = "BILLING"
    world.provider.text = lambda request: "BILLING"
    await _submitted(world)
    assert (await _collected(world)).read == 1
    assert world.store.rows.labels["c0"].labels.issue_type == "BILLING"
    assert not world.store.rows.insights


async def test_a_prompt_that_changed_meanwhile_does_not_hinder_collecting() -> None:
    world = World(2)
    await _submitted(world)
    old = world.llm.prompter.prompt_hash
    world.llm = world.with_prompts(ClassifySettings(reasoning=True))
    found = await _collected(world)
    assert found.read + found.released == 2
    assert found.open == 0
    assert {i.provenance.prompt_hash for i in world.store.rows.insights.values()} <= {old}


async def test_a_batch_without_end_is_given_up_when_its_results_are_gone() -> None:
    world = World(2)
    world.provider.ends_at_once = False
    await _submitted(world)
    bound = world.store.unit().calls.spent_now()
    world.later(days=28)
    assert (await collect(world.parts, world.llm)).open == 1
    world.later(days=1)
    found = await collect(world.parts, world.llm)
    assert (found.open, found.released) == (0, 2)
    assert _only_batch(world).status is BatchStatus.ABANDONED
    assert world.store.unit().calls.spent_now() == bound


class _Gone(Provider):
    """A provider that knows nothing of a batch any more."""

    async def look(self, handle: str):
        raise NotFound("no such batch")


async def test_a_batch_that_the_provider_does_not_know_stays_until_a_person_gives_it_up() -> None:
    world = World(2)
    await _submitted(world)
    world.llm = world.with_prompts(ClassifySettings(), batch=_Gone(world.fate, world.clock))
    found = await _collected(world)
    assert (found.open, found.stuck) == (1, True)
    assert "no such batch" in found.problems[0]
    given_up = await cancel(world.parts, world.llm, batch_id=_only_batch(world).id[:6])
    assert given_up.status is BatchStatus.ABANDONED
    assert await world.store.unit().conversations.count_pending() == 2


async def test_a_batch_that_the_provider_forgot_is_given_up_when_it_is_old() -> None:
    world = World(2)
    await _submitted(world)
    world.llm = world.with_prompts(ClassifySettings(), batch=_Gone(world.fate, world.clock))
    world.later(days=30)
    assert (await collect(world.parts, world.llm)).open == 0


async def test_cancelling() -> None:
    world = World(2)
    world.provider.ends_at_once = False
    await _submitted(world)
    cancelled = await cancel(world.parts, world.llm, batch_id=_only_batch(world).id)
    assert cancelled.note == "cancelled by a person"
    assert is_open(cancelled)
    found = await _collected(world)
    assert (found.released, found.open) == (2, 0)
    assert not is_open(await cancel(world.parts, world.llm, batch_id=_only_batch(world).id))


async def test_cancelling_what_was_never_sent() -> None:
    world = World(2)
    world.provider.refuse = Unanswered("busy", outcome=Outcome.OVERLOADED)
    await _submitted(world)
    cancelled = await cancel(world.parts, world.llm, batch_id=_only_batch(world).id)
    assert cancelled.status is BatchStatus.ABANDONED
    assert world.store.unit().calls.spent_now() == 0
    assert _notes(world) == {"cancelled"}


async def test_cancelling_while_nobody_knows() -> None:
    world = World(2)
    world.provider.refuse = Unanswered("no route", outcome=Outcome.LOST, lost=True)
    await _submitted(world)
    with pytest.raises(Rejected, match="not known yet"):
        await cancel(world.parts, world.llm, batch_id=_only_batch(world).id)
    world.later(minutes=2)
    cancelled = await cancel(world.parts, world.llm, batch_id=_only_batch(world).id)
    assert cancelled.status is BatchStatus.ABANDONED


async def test_an_ended_batch_is_not_cancelled() -> None:
    world = World(2)
    await _submitted(world)
    same = await cancel(world.parts, world.llm, batch_id=_only_batch(world).id)
    assert same.status is BatchStatus.RUNNING
    assert (await _collected(world)).read == 2


async def test_batches_are_found_by_the_beginning_of_their_id() -> None:
    world = World(4)
    await _submitted(world)
    first, _ = world.store.rows.batches
    assert (await find(world.parts, first[:10])).id == first
    with pytest.raises(NotFound, match="no batch"):
        await find(world.parts, "zzz")
    with pytest.raises(NotFound):
        await find(world.parts, "")


async def test_a_batch_of_another_provider_waits_for_its_settings() -> None:
    world = World(2)
    await _submitted(world)
    other = world.with_prompts(
        ClassifySettings(), batch=Provider(world.fate, world.clock, provider="anthropic", name="tiny")
    )
    found = await collect(world.parts, other)
    assert (found.open, found.stuck) == (1, True)
    assert "openai" in found.problems[0]
    assert (await _collected(world)).read == 2


async def test_waiting_looks_again_and_again() -> None:
    world = World(4)
    world.provider.ends_at_once = False
    await _submitted(world)
    looks = 0

    async def sleep(seconds: float) -> None:
        nonlocal looks
        looks += 1
        assert seconds <= LONGEST_WAIT
        if looks == 20:
            world.provider.ends_at_once = True

    world.clock.sleep = sleep
    done = await wait(world.parts, world.llm)
    assert (done.read, done.open, looks) == (4, 0, 20)


async def test_waiting_ends_when_a_problem_stays() -> None:
    world = World(2)
    await _submitted(world)
    world.llm = world.with_prompts(ClassifySettings(), batch=_Gone(world.fate, world.clock))
    assert (await wait(world.parts, world.llm)).stuck


async def test_requests_hold_the_text_once_and_ids_say_nothing() -> None:
    world = World(2)
    await _submitted(world)
    (held,) = world.provider.batches
    for custom_id, request in held.requests.items():
        assert custom_id.isalnum()
        assert len(custom_id) <= 64
        assert sum(text in request.content for text in TEXTS) == 1
        assert good_text(request)
    assert {e.state for e in world.store.rows.entries.values()} == {EntryState.WAITING}
