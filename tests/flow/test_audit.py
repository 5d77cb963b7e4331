"""Audits and experiments over a real store, ledger and prompt; only the model is a stand-in."""

import gzip
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from earshot.app import build
from earshot.domain.call import Outcome, Purpose
from earshot.domain.insight import FirstLabels, Provenance
from earshot.domain.reading import IssueType, PartialLabels
from earshot.errors import BadInput, Misconfigured, Rejected
from earshot.pipeline.audits.audit import experiment, score
from earshot.pipeline.earshot import Earshot
from earshot.ports.model import Request
from earshot.settings import Secrets, Settings
from tests.flow.labelling import LLM, OTHER, House, calls, knows, lines, says, talks, variants


@pytest.fixture
async def earshot(database_url: str) -> AsyncGenerator[Earshot]:
    """Earshot on a fresh database, with nothing but the local model."""
    secrets = Secrets.model_validate({"database_url": database_url})
    async with await build(Settings.fixed({}), secrets=secrets) as opened:
        yield opened


async def _insights(earshot: Earshot) -> int:
    return sum([len(batch) async for batch in earshot.export("insights")])


async def test_stored_insights_are_compared_whether_labels_carry_the_prefix_or_not(
    earshot: Earshot, tmp_path: Path
) -> None:
    await earshot.import_file(talks(tmp_path / "talks.jsonl"))
    await earshot.classify(classifier="local")
    plain = await score(earshot.parts, lines(tmp_path / "a.jsonl", with_text=False), segments=("length",))
    prefixed = await score(
        earshot.parts, lines(tmp_path / "b.jsonl", with_text=False, prefix="file:"), segments=("length",)
    )
    assert (plain.labelled, plain.judged, plain.missing) == (6, 6, ())
    by_field = {one.field: one for one in plain.fields}
    assert by_field.keys() == {"issue_type", "sentiment"}
    assert (by_field["issue_type"].accuracy.value or 0) >= 0.8
    assert [one.fields for one in plain.parts] == [plain.fields]
    assert prefixed.fields == plain.fields
    assert plain.cost_usd == 0.0
    afresh = await score(earshot.parts, lines(tmp_path / "c.jsonl"), classifier="local")
    assert afresh.fields == plain.fields
    assert await _insights(earshot) == 6


async def test_what_is_not_stored_is_named_and_left_out(earshot: Earshot, tmp_path: Path) -> None:
    found = await score(earshot.parts, lines(tmp_path / "labels.jsonl"))
    assert (found.judged, len(found.missing), found.fields) == (0, 6, ())
    with pytest.raises(BadInput, match="None of the labelled conversations is here"):
        await score(earshot.parts, lines(tmp_path / "labels.jsonl", with_text=False), classifier="local")


async def test_reading_afresh_needs_no_import_saves_nothing_and_shows_text_only_when_asked(
    earshot: Earshot, tmp_path: Path
) -> None:
    path = lines(tmp_path / "labels.jsonl", pairs=True)
    packed = tmp_path / "labels.jsonl.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    found = await score(earshot.parts, packed, classifier="local")
    assert found.judged == 6
    assert {one.field: one.accuracy.value for one in found.people} == {"issue_type": 1.0, "sentiment": 0.0}
    assert found.calibration is not None
    assert found.texts == {}
    shown = await score(earshot.parts, packed, classifier="local", show_text=True)
    assert shown.confusions == found.confusions
    assert all(shown.texts[name] for one in shown.confusions for name in one.ids)
    assert await _insights(earshot) == 0


async def test_a_model_is_asked_only_after_somebody_agreed_to_the_price(earshot: Earshot, tmp_path: Path) -> None:
    path, model = lines(tmp_path / "labels.jsonl"), House()
    make = variants(earshot.parts.store, model)
    with pytest.raises(Misconfigured, match=r"6 conversations by openai:house-small \(online\) will cost about \$"):
        await score(earshot.parts, path, classifier="llm", make_variant=make)
    told: list[str] = []

    def no(text: str) -> bool:
        told.append(text)
        return False

    with pytest.raises(Rejected, match="nothing spent"):
        await score(earshot.parts, path, classifier="llm", make_variant=make, ask=no)
    assert "Customers' words go to openai" in told[0]
    assert model.asked == []
    assert await calls(earshot.parts.store) == []


async def test_a_models_calls_are_booked_as_an_audits_and_nothing_is_saved(
    earshot: Earshot, tmp_path: Path
) -> None:
    model = House()
    make = variants(earshot.parts.store, model)
    found = await score(
        earshot.parts, lines(tmp_path / "labels.jsonl"), classifier="llm", make_variant=make, ask=lambda _: True
    )
    assert {one.field: one.accuracy.value for one in found.fields} == {"issue_type": 1.0, "sentiment": 1.0}
    assert (found.models, found.latency_ms) == (("house-small",), 700)
    assert found.prompt_versions[0].startswith("3")
    booked = await calls(earshot.parts.store)
    assert {call.purpose for call in booked} == {Purpose.AUDIT}
    assert found.cost_usd == pytest.approx(sum(call.cost_usd or 0 for call in booked)) == pytest.approx(6 * 0.0015)
    assert await _insights(earshot) == 0
    async with earshot.parts.store.unit() as unit:
        assert await unit.calls.consented("openai")


async def test_a_variant_changes_the_prompt_and_what_it_gives(earshot: Earshot, tmp_path: Path) -> None:
    model = House(answer=lambda request: "BILLING" if knows(request) == says("BILLING") else "OTHER")
    make = variants(earshot.parts.store, model)
    found = await score(
        earshot.parts, lines(tmp_path / "labels.jsonl"), classifier="llm:template=1", make_variant=make, yes=True
    )
    assert [(one.field, one.accuracy.value) for one in found.fields] == [("issue_type", 0.5)]
    assert found.prompt_versions[0].startswith("1")
    assert all(request.form is None for request in model.asked)


def _many(path: Path) -> Path:
    """Sixty labelled conversations."""
    once = lines(path).read_text().splitlines()
    path.write_text("\n".join(line.replace('"id": "', f'"id": "n{n}-') for n in range(10) for line in once))
    return path


async def test_an_experiment_says_which_is_better_and_what_it_cost(earshot: Earshot, tmp_path: Path) -> None:
    wrong = House(answer=lambda request: says("OTHER") if "crashes" in request.content else knows(request))
    better = House(name="house-large")
    make = variants(earshot.parts.store, wrong, other=better)
    found = await experiment(
        earshot.parts, _many(tmp_path / "m.jsonl"), a="llm", b=f"llm:model={OTHER}", make_variant=make, yes=True
    )
    assert found.compared == 60
    by_field = {one.field: one for one in found.differences}
    assert by_field["issue_type"].verdict == "b"
    assert (by_field["issue_type"].only_a, by_field["issue_type"].only_b) == (0, 20)
    assert by_field["sentiment"].verdict == "same"
    assert f"llm:model={OTHER} is better on issue type by 33.3 points" in found.verdicts[0]
    assert "No difference shown on sentiment" in found.verdicts[1]
    assert (found.a.models, found.b.models) == (("house-small",), ("house-large",))
    booked = await calls(earshot.parts.store)
    assert len(booked) == 120
    assert found.a.cost_usd == pytest.approx(60 * 0.0015)


async def test_an_experiment_needs_two_that_can_read(earshot: Earshot, tmp_path: Path) -> None:
    path, make = lines(tmp_path / "labels.jsonl"), variants(earshot.parts.store, House())
    with pytest.raises(Misconfigured, match="the same"):
        await experiment(earshot.parts, path, a="llm", b="llm", make_variant=make, yes=True)
    with pytest.raises(Misconfigured, match="afresh"):
        await experiment(earshot.parts, path, a="stored", b="llm", make_variant=make, yes=True)
    with pytest.raises(Misconfigured, match="switched on"):
        await experiment(earshot.parts, path, a="llm", b="local")
    both = await experiment(earshot.parts, path, a="local", b="llm", make_variant=make, yes=True)
    assert both.a.models != both.b.models
    assert (both.a.cost_usd, both.missing) == (0.0, ())


async def test_a_spent_budget_stops_the_audit_and_scores_what_was_read(earshot: Earshot, tmp_path: Path) -> None:
    model = House()
    make = variants(earshot.parts.store, model, run_budget_usd=0.03)
    found = await score(earshot.parts, _many(tmp_path / "m.jsonl"), classifier="llm", make_variant=make, yes=True)
    assert found.stopped
    assert 0 < found.judged < 60
    assert len(found.missing) == 60 - found.judged
    assert {one.accuracy.value for one in found.fields} == {1.0}
    assert sum(call.cost_usd or 0 for call in await calls(earshot.parts.store)) <= 0.03


async def test_what_nobody_answered_is_no_opinion_and_what_was_refused_counts_as_wrong(
    earshot: Earshot, tmp_path: Path
) -> None:
    def half(request: Request) -> str | None:
        if "invoice" in request.content:
            return None
        return "rubbish" if "dark mode" in request.content else knows(request)

    llm = LLM.model_copy(update={"attempts": 1})
    make = variants(earshot.parts.store, House(answer=half), llm=llm)
    found = await score(
        earshot.parts, lines(tmp_path / "labels.jsonl"), classifier="llm", make_variant=make, yes=True
    )
    assert (found.judged, found.unread) == (5, 1)
    assert found.missing == ("b2",)
    issue = next(one for one in found.fields if one.field == "issue_type")
    assert (issue.accuracy.value, issue.unread) == (0.8, 1)


async def test_a_file_that_holds_no_label_says_what_one_looks_like(earshot: Earshot, tmp_path: Path) -> None:
    path = tmp_path / "labels.jsonl"
    with pytest.raises(BadInput, match="There is no file"):
        await score(earshot.parts, path)
    path.write_text('{"id": "1", "issue_type": "NONSENSE"}')
    with pytest.raises(BadInput, match=r"holds no label. Line 1: `issue_type` must be one of") as error:
        await score(earshot.parts, path)
    assert '"issue_type": "BILLING"' in error.value.hint
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadInput, match="Cannot read"):
        await score(earshot.parts, path)
    path.write_text("")
    with pytest.raises(BadInput, match="empty"):
        await score(earshot.parts, path)


async def test_a_wrong_key_is_one_clear_error_and_what_was_asked_stays_in_the_books(
    earshot: Earshot, tmp_path: Path
) -> None:
    def refused(request: Request) -> str | None:
        raise Misconfigured("The key is refused.", hint="Set OPENAI_API_KEY.")

    make = variants(earshot.parts.store, House(answer=refused))
    with pytest.raises(Misconfigured, match="key is refused"):
        await score(earshot.parts, lines(tmp_path / "labels.jsonl"), classifier="llm", make_variant=make, yes=True)
    booked = await calls(earshot.parts.store)
    assert {call.outcome for call in booked} == {Outcome.ERROR}


async def test_stored_labels_without_a_full_reading_are_scored_on_what_they_say(
    earshot: Earshot, tmp_path: Path
) -> None:
    await earshot.import_file(talks(tmp_path / "talks.jsonl"))
    async with earshot.parts.store.unit() as unit:
        (one,) = await unit.conversations.get(["file:b1"])
        first = FirstLabels(
            conversation_id=one.id,
            labels=PartialLabels(issue_type=IssueType.BILLING, confidence=0.9),
            provenance=Provenance(classifier="llm", model="house-tiny", cost_usd=None),
            content_hash=one.content_hash,
            classified_at=one.created_at,
            conversation_at=one.created_at,
        )
        await unit.insights.save([], [], labels=[first])
        await unit.commit()
    found = await score(earshot.parts, lines(tmp_path / "labels.jsonl"))
    assert [(one.field, one.accuracy.value, one.n) for one in found.fields] == [("issue_type", 1.0, 1)]
    assert (found.models, found.cost_usd, len(found.missing)) == (("house-tiny",), None, 5)
