"""Every metric there is: its name, kind, meaning, labels and buckets. What is not in this list is not measured."""

from enum import StrEnum

from earshot.domain.model import Noun

QUICK = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
"""Bounds in seconds of what should take milliseconds."""
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
"""Bounds in seconds of what customers wait for."""
LONG = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0)
"""Bounds in seconds of what may take its time."""


class Kind(StrEnum):
    """What a metric is. FIGURE: a gauge that every process reads from the database, alike in all of them."""

    COUNTER = "counter"
    HISTOGRAM = "histogram"
    GAUGE = "gauge"
    FIGURE = "figure"


class Metric(Noun):
    """One metric. `advice` says what to do when it is bad; `buckets` are upper bounds in seconds.

    `adds` says whether gauges of several processes are added up; otherwise the largest is shown.
    """

    name: str
    kind: Kind
    help: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()
    adds: bool = False
    advice: str = ""


def _counter(name: str, text: str, *labels: str, advice: str = "") -> Metric:
    return Metric(name=name, kind=Kind.COUNTER, help=text, labels=labels, advice=advice)


def _histogram(name: str, text: str, *labels: str, buckets: tuple[float, ...], advice: str = "") -> Metric:
    return Metric(name=name, kind=Kind.HISTOGRAM, help=text, labels=labels, buckets=buckets, advice=advice)


def _gauge(name: str, text: str, *labels: str, adds: bool = False, advice: str = "") -> Metric:
    return Metric(name=name, kind=Kind.GAUGE, help=text, labels=labels, adds=adds, advice=advice)


def _figure(name: str, text: str, *labels: str, advice: str = "") -> Metric:
    return Metric(name=name, kind=Kind.FIGURE, help=text, labels=labels, advice=advice)


RECEIVING = (
    _counter(
        "earshot_webhooks_total",
        "Webhooks that came, by topic and what became of them.",
        "topic",
        "outcome",
        advice="Many `forged`: the client secret is another app's. `full` or `limited`: docs/realtime.md.",
    ),
    _histogram("earshot_webhook_ack_seconds", "From a webhook to its durable acknowledgement.", buckets=QUICK),
    _counter("earshot_webhook_duplicates_total", "Webhooks that had been received before."),
    _gauge("earshot_mailbox_waiting", "Webhooks of this process that wait for the database.", adds=True),
    _figure(
        "earshot_inbox_waiting",
        "Things that webhooks told of and that are not dealt with.",
        advice="It grows: add workers (`earshot worker`).",
    ),
    _figure("earshot_inbox_oldest_seconds", "Age of the oldest of them."),
    _figure("earshot_inbox_failed", "Things given up after all tries; the next sync brings them."),
    _figure("earshot_webhook_latest_seconds", "Since the newest webhook came."),
    _counter("earshot_http_requests_total", "Requests to web server and API.", "route", "status"),
    _histogram("earshot_http_seconds", "Answering a request.", "route", buckets=QUICK),
)

WORKING = (
    _figure(
        "earshot_queue_waiting",
        "Jobs that wait, by queue.",
        "queue",
        advice="It grows: add workers, or see what holds them: `earshot worker --status`.",
    ),
    _figure("earshot_queue_running", "Jobs under way.", "queue"),
    _figure(
        "earshot_queue_held",
        "Jobs that gave up (dead letters).",
        "queue",
        advice="`earshot worker --status` shows why; they can be given another life there.",
    ),
    _figure("earshot_queue_oldest_seconds", "How long the oldest job that is due has waited.", "queue"),
    _counter("earshot_jobs_total", "Jobs that ended, by outcome.", "queue", "outcome"),
    _histogram("earshot_job_seconds", "Doing one job.", "queue", buckets=LONG),
    _figure("earshot_workers", "Workers that gave a sign of life.", "lane", advice="0: start `earshot worker`."),
    _histogram("earshot_loop_lag_seconds", "How late the event loop is.", buckets=QUICK),
    _gauge("earshot_resident_bytes", "Memory of all processes here.", adds=True),
    _counter("earshot_reconciled_total", "Rows found pending without a job, and given one.", "queue"),
    _figure("earshot_schedule_next_seconds", "Until a schedule comes next.", "schedule"),
    _figure("earshot_schedule_ok", "Whether a schedule's last tick went well (1) or not (0).", "schedule"),
)

HEARING = (
    _histogram(
        "earshot_stage_seconds",
        "One stage of the real-time path: fetch, store, label, read, decide, page, place, act.",
        "stage",
        buckets=SECONDS,
    ),
    _histogram("earshot_live_latency_seconds", "From webhook to decision.", buckets=SECONDS),
    _counter("earshot_readings_total", "Conversations read, by stage and outcome.", "stage", "outcome"),
    _figure("earshot_conversations_pending", "Conversations to be read."),
    _figure(
        "earshot_conversations_unread",
        "Conversations nobody could read: the review queue.",
        advice="`earshot doctor` says whether the model answers; `earshot classify` tries again.",
    ),
    _figure("earshot_reading_p95_seconds", "Reading in real time over the last hour, 95th percentile."),
    _figure("earshot_decision_p95_seconds", "From webhook to decision over the last hour, 95th percentile."),
)

ACTING = (
    _counter(
        "earshot_actions_total", "Tries of deliveries, by destination and how they stand.", "destination", "state"
    ),
    _histogram("earshot_action_seconds", "One request to a destination.", "destination", buckets=LONG),
    _figure(
        "earshot_deliveries",
        "Deliveries that are not over: held, pending, sending, unknown, dead.",
        "state",
        advice="`held` waits for a person: `earshot actions list --state held`. `dead` was refused.",
    ),
    _figure("earshot_delivery_oldest_seconds", "Age of the oldest delivery in a state.", "state"),
)

PULLING = (
    _counter("earshot_sync_conversations_total", "Conversations that syncs brought.", "outcome"),
    _counter("earshot_syncs_total", "Syncs that ended, by whether they were complete.", "outcome"),
    _histogram("earshot_sync_seconds", "One sync.", buckets=LONG),
    _figure("earshot_sync_age_seconds", "Since up to when the source was read completely."),
    _counter("earshot_runs_total", "Daily runs that ended.", "outcome"),
    _figure("earshot_last_success_seconds", "Since the last daily run that went well."),
    _counter("earshot_reports_total", "Reports made."),
    _counter(
        "earshot_reports_sent_total",
        "Tries to send a report, by kind of destination and how it stands.",
        "destination",
        "state",
        advice="`failed` or `unknown`: the page Reports says where and why.",
    ),
)

MODELS = (
    _counter(
        "earshot_llm_requests_total",
        "Calls of language models; operation is what for.",
        "provider",
        "model",
        "operation",
        "tier",
        "outcome",
    ),
    _histogram(
        "earshot_llm_request_duration_seconds",
        "One call of a model.",
        "provider",
        "model",
        "operation",
        "tier",
        buckets=LONG,
    ),
    _counter(
        "earshot_llm_tokens_total",
        "Tokens, by direction (input, output) and cache (none, read, write).",
        "provider",
        "model",
        "direction",
        "cache",
    ),
    _counter("earshot_llm_cost_usd_total", "US dollars by list price.", "provider", "model", "tier"),
    _counter(
        "earshot_llm_unpriced_requests_total",
        "Calls whose price is unknown.",
        "model",
        advice="Name it in [llm.prices].",
    ),
    _counter(
        "earshot_llm_fallbacks_total", "Conversations that another reader read instead.", "from", "to", "reason"
    ),
    _gauge(
        "earshot_llm_circuit_state",
        "The breaker of a model: 0 closed, 1 half-open, 2 open.",
        "provider",
        "model",
        advice="Open: the provider does not answer; another reader stands in. `earshot doctor`.",
    ),
    _figure("earshot_llm_batch_oldest_age_seconds", "Age of the oldest provider batch not collected."),
    _figure("earshot_llm_error_share", "Failed calls of models among the last hour's."),
    _figure("earshot_llm_spend_today_usd", "Spent today, reserves of calls under way included."),
)

OURSELVES = (
    _figure("earshot_watch_outside", "Whether a bound of [watch] is left (1) or kept (0).", "bound"),
    _gauge("earshot_database_up", "Whether the database answered last time (1) or not (0)."),
    _histogram("earshot_gather_seconds", "Reading these figures from the database.", buckets=QUICK),
    _counter("earshot_metrics_overflows_total", "Label values left out because there were too many.", "metric"),
    _gauge("earshot_build_info", "Always 1; the label says which version runs.", "version"),
)

METRICS: dict[str, Metric] = {
    one.name: one for one in (*RECEIVING, *WORKING, *HEARING, *ACTING, *PULLING, *MODELS, *OURSELVES)
}
"""All metrics by name."""
