"""Which falls of agreement are told: those that chance hardly gives in any comparison, beyond the bound."""

import pytest

from earshot.audit.chance import Figure
from earshot.audit.drift import ALPHA, Drift
from earshot.audit.drift import Fall as Verdict
from earshot.domain.document import Paragraph
from earshot.domain.pulse import Pulse
from earshot.pipeline.audits.falling import Fall, fallen
from earshot.pipeline.audits.gauging import Comparison
from earshot.pipeline.watching.bounds import Reading, readings
from earshot.pipeline.watching.judging import News, judge
from earshot.pipeline.watching.settings import WatchSettings
from earshot.pipeline.watching.telling import content
from tests.unit.pipeline.watching.test_bounds import NOW


def drift(fall: Verdict = "real", *, points: float = 20.0, p: float = 0.001, field: str = "issue_type") -> Drift:
    """A field that fell so far."""
    return Drift(
        field=field,
        now=Figure(value=0.9 - points / 100, low=0.5, high=0.95),
        then=Figure(value=0.9, low=0.85, high=0.95),
        n_now=50,
        n_then=150,
        effective_now=45,
        effective_then=140,
        difference=Figure(value=-points / 100, low=-1, high=0),
        p=p,
        p_corrected=p,
        fall=fall,
        beyond=False,
        seen=0.2,
    )


def compared(*drifts: Drift, now: str = "week of 2026-03-02") -> Comparison:
    """A week against the baseline."""
    return Comparison(now=now, then="baseline of 2026-01-05", drifts=drifts)


def bounds(falls: tuple[Fall, ...]) -> list[Reading]:
    """The bounds that watch agreement."""
    found = readings(WatchSettings(), Pulse(), queues=(), now=NOW, falls=falls)
    return [one for one in found if one.bound.startswith("drift")]


@pytest.mark.parametrize(
    ("one", "points"),
    [
        (drift(), 20.0),
        (drift("unsure"), 0.0),
        (drift("kept", points=-3.0), 0.0),
        (drift(p=ALPHA * 0.9), 20.0),
    ],
)
def test_only_what_is_real_counts(one: Drift, points: float) -> None:
    (found,) = fallen([compared(one)], bound=0.05)
    assert (found.points, found.bound) == (points, 5.0)


def test_several_comparisons_need_stronger_evidence_and_the_largest_fall_is_told() -> None:
    weak = [compared(drift(p=ALPHA * 0.9)), compared(drift("unsure"), now="last 4 weeks")]
    assert [one.points for one in fallen(weak, bound=0.05)] == [0.0]
    strong = [compared(drift(points=12.0)), compared(drift(points=9.0), now="last 4 weeks")]
    (found,) = fallen(strong, bound=0.05)
    assert found.points == 12.0
    assert found.against == "week of 2026-03-02 against baseline of 2026-01-05"


def test_nothing_to_compare_says_nothing() -> None:
    assert fallen([], bound=0.05) == ()
    assert fallen([compared(drift("unknown"))], bound=0.05) == ()
    assert bounds(()) == []


def test_each_field_is_told_once_and_its_words_say_what_was_compared() -> None:
    falls = fallen([compared(drift(), drift("unsure", field="churn_risk"))], bound=0.05)
    issue_type, churn_risk = bounds(falls)
    first = judge(issue_type, None, now=NOW)
    assert first.news is News.LEFT
    assert judge(issue_type, first.state, now=NOW).news is None
    assert judge(churn_risk, None, now=NOW).news is None
    told = content(issue_type, news=News.LEFT)
    assert told.title == "Earshot: Agreement with people on the issue type fell"
    block = told.body.blocks[0]
    assert isinstance(block, Paragraph)
    words = "It is 20 points down, week of 2026-03-02 against baseline of 2026-01-05, the bound is 5."
    assert block.spans[0].text == words


def test_a_small_fall_that_many_labels_show_is_within_the_bound() -> None:
    (found,) = bounds(fallen([compared(drift(points=3.0))], bound=0.05))
    assert found.value == 3.0
    assert judge(found, None, now=NOW).news is None


def test_that_a_later_week_does_not_show_it_is_no_news() -> None:
    (left,) = bounds(fallen([compared(drift())], bound=0.05))
    (kept,) = bounds(fallen([compared(drift("unsure"))], bound=0.05))
    state = judge(left, None, now=NOW).state
    assert judge(kept, state, now=NOW).state.outside is False
    assert not kept.tells_kept
