"""What each bound measures, and what is said of it."""

from datetime import UTC, datetime, timedelta

import pytest

from earshot.act.routing import Route
from earshot.domain.delivery import DeliveryState, Op, Thing
from earshot.domain.document import Paragraph
from earshot.domain.job import Lane, Queue, WorkerSign
from earshot.domain.pulse import Pulse, Standing, WatchState
from earshot.domain.schedule import ScheduleState
from earshot.pipeline.watching.bounds import Reading, readings
from earshot.pipeline.watching.figures import Seen, figures
from earshot.pipeline.watching.judging import News
from earshot.pipeline.watching.settings import WatchSettings
from earshot.pipeline.watching.telling import content, told
from earshot.telemetry.names import METRICS, Kind

NOW = datetime(2026, 3, 31, 12, 0, tzinfo=UTC)
AGO = NOW - timedelta(minutes=40)
BAD = Pulse(
    pending=3,
    unread=2,
    reading_p95=6.5,
    decision_p95=12.0,
    calls=100,
    calls_failed=25,
    spent_today=1.5,
    deliveries={"held": Standing(count=4, oldest=AGO), "dead": Standing(count=1, oldest=AGO)},
    refused_24h=1,
    batch_oldest=AGO,
    inbox_waiting=2,
    inbox_oldest=AGO,
    inbox_failed=1,
    webhook_latest=AGO,
    last_success=AGO,
    read_until=AGO,
)
QUEUES = (Queue(name="hear", waiting=3, due=2, oldest_seconds=30.0), Queue(name="read", held=2))
ROUTE = Route(destination="slack", thing=Thing.MESSAGE, ops=frozenset({Op.CREATE}))


def by_name(settings: WatchSettings, pulse: Pulse, queues: tuple[Queue, ...] = ()) -> dict[str, Reading]:
    return {one.bound: one for one in readings(settings, pulse, queues=queues, now=NOW)}


def test_every_bound_is_measured() -> None:
    found = by_name(WatchSettings(silence_minutes=30), BAD, QUEUES)
    assert {name: one.value for name, one in found.items()} == {
        "reading_p95": 6.5,
        "decision_p95": 12.0,
        "error_share": 0.25,
        "queue_age": 2400.0,
        "silence": 40.0,
        "held_jobs": 3.0,
        "refused_actions": 1.0,
        "approval": 40.0,
    }
    assert all(one.value is not None and one.value > one.limit for one in found.values())
    assert found["approval"].title == "4 actions wait for approval"


def test_nothing_is_wrong_where_nothing_happened() -> None:
    for one in by_name(WatchSettings(silence_minutes=30), Pulse()).values():
        assert one.value is None or one.value <= one.limit


def test_silence_is_watched_on_demand_only() -> None:
    assert "silence" not in by_name(WatchSettings(), BAD)


def test_few_calls_say_nothing_about_errors() -> None:
    few = Pulse(calls=19, calls_failed=19)
    assert by_name(WatchSettings(), few)["error_share"].value is None


@pytest.mark.parametrize("news", list(News))
def test_what_is_told_says_what_to_do_and_fits_everywhere(news: News) -> None:
    for one in by_name(WatchSettings(silence_minutes=30), BAD, QUEUES).values():
        said = content(one, news=news)
        texts = [span.text for block in said.body.blocks if isinstance(block, Paragraph) for span in block.spans]
        assert said.title.startswith("Earshot: ")
        assert len(said.title) < 100
        assert "\n" not in said.title
        assert (one.advice in texts) == (news is not News.KEPT)


def test_the_words_of_a_bound() -> None:
    found = by_name(WatchSettings(), BAD, QUEUES)

    def first(bound: str) -> str:
        block = content(found[bound], news=News.LEFT).body.blocks[0]
        assert isinstance(block, Paragraph)
        return block.spans[0].text

    assert first("error_share") == "It is 25% of the last hour's calls, the bound is 10%."
    assert first("reading_p95") == "It is 6.5 s (95th percentile), the bound is 5."
    assert first("queue_age") == "It is 2,400 s, the bound is 300."
    assert first("held_jobs") == "It is 3, the bound is 0."


def test_the_same_news_has_the_same_key_and_other_news_another() -> None:
    one = by_name(WatchSettings(), BAD)["error_share"]
    state = WatchState(bound="error_share", outside=True, since=NOW, seen_at=NOW, episode=3)
    later = NOW + timedelta(hours=1)

    def key(news: News, at: datetime = NOW, episode: int = 3) -> str:
        stands = state.model_copy(update={"episode": episode})
        return told(one, stands, news=news, route=ROUTE, now=at).deliveries[0].id

    assert key(News.LEFT) == key(News.LEFT, later)
    keys = {key(News.LEFT), key(News.KEPT), key(News.STILL), key(News.STILL, NOW + timedelta(days=1))}
    assert len(keys | {key(News.LEFT, episode=4)}) == 5


def test_a_rehearsal_is_not_sent() -> None:
    one = by_name(WatchSettings(), BAD)["error_share"]
    state = WatchState(bound="error_share", outside=True, since=NOW, seen_at=NOW, episode=1)
    planned = told(one, state, news=News.LEFT, route=ROUTE.model_copy(update={"dry": True}), now=NOW)
    assert planned.links == ()
    assert planned.deliveries[0].state is DeliveryState.DRY


def test_every_figure_is_a_known_metric_and_every_such_metric_is_filled() -> None:
    sign = WorkerSign(id="w", host="h", pid=1, lane=Lane.LIVE, version="1", started_at=AGO, seen_at=NOW)
    schedule = ScheduleState(name="daily", next_at=NOW + timedelta(hours=1), ok=False)
    bound = WatchState(bound="silence", outside=True, since=NOW, seen_at=NOW)
    seen = Seen(pulse=BAD, queues=QUEUES, workers=(sign,), schedules=(schedule,), bounds=(bound,))
    found = figures(seen, now=NOW)
    assert set(found) == {name for name, metric in METRICS.items() if metric.kind is Kind.FIGURE}
    for name, cells in found.items():
        assert cells, name
        assert all(len(key) == len(METRICS[name].labels) for key in cells), name
    assert found["earshot_workers"] == {("live",): 1.0, ("background",): 0.0}
    assert found["earshot_schedule_next_seconds"] == {("daily",): 3600.0}
    assert found["earshot_deliveries"] == {("held",): 4.0, ("dead",): 1.0}


def test_what_is_unknown_is_left_out() -> None:
    found = figures(Seen(pulse=Pulse()), now=NOW)
    assert "earshot_reading_p95_seconds" not in found
    assert "earshot_webhook_latest_seconds" not in found
    assert found["earshot_inbox_oldest_seconds"] == {(): 0.0}
