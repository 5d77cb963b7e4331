"""The meter over Prometheus and OpenTelemetry: numbers in memory, spans without content."""

import re
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Self

from opentelemetry import trace
from opentelemetry.trace import SpanKind, Status, StatusCode, Tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.core import Metric as Family
from prometheus_client.registry import Collector

from earshot.ports.meter import Span
from earshot.telemetry.names import METRICS, Kind, Metric
from earshot.telemetry.series import Key, Numbers, Series, cumulative

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
"""What `exposition` is."""
PARENT = "traceparent"
"""The name under which W3C trace context travels."""

_W3C = TraceContextTextMapPropagator()
_CLOSED = re.compile(r"[\w.:/@+-]{0,200}")
"""What an attribute that is text may look like: ids, names and closed words; a sentence never."""
_LEFT_OUT = "(left out)"

Value = str | int | float | bool


def nobody() -> list[Numbers]:
    """The numbers of other processes, when there are none."""
    return []


class PrometheusMeter:
    """Implements `ports.meter.Meter`. `others` gives the numbers of living processes that belong to this one.

    Spans go to `tracer`; without one they cost next to nothing.
    """

    def __init__(
        self,
        *,
        strict: bool = False,
        tracer: Tracer | None = None,
        others: Callable[[], Iterable[Numbers]] = nobody,
    ) -> None:
        self.series = Series(strict=strict)
        self.others = others
        self._tracer = tracer
        self.registry = CollectorRegistry(auto_describe=False)
        self.registry.register(_Collected(self))

    def count(self, name: str, amount: float = 1.0, **labels: str) -> None:
        """Add to a counter."""
        self.series.add(name, amount, labels=labels)

    def observe(self, name: str, seconds: float, **labels: str) -> None:
        """One duration, in seconds, into a histogram."""
        self.series.observe(name, seconds, labels=labels)

    def gauge(self, name: str, value: float, **labels: str) -> None:
        """Set a gauge."""
        self.series.put(name, value, labels=labels)

    def span(self, name: str, *, parent: str = "", **attributes: Value) -> AbstractContextManager[Span]:
        """A span of a trace; an exception marks it as failed, by its type alone: messages may hold anything."""
        if self._tracer is None:
            return _NOWHERE
        context = _W3C.extract({PARENT: parent}) if parent else None
        started = self._tracer.start_as_current_span(
            name,
            context,
            kind=SpanKind.INTERNAL,
            attributes=_closed(attributes),
            record_exception=False,
            set_status_on_exception=False,
        )
        return _noting(started)

    def traceparent(self) -> str:
        """The current span as a W3C traceparent, "" without one."""
        if self._tracer is None:
            return ""
        carrier: dict[str, str] = {}
        _W3C.inject(carrier)
        return carrier.get(PARENT, "")

    def exposition(self) -> bytes:
        """Everything in Prometheus' text form."""
        return generate_latest(self.registry)


@contextmanager
def _noting(started: AbstractContextManager[trace.Span]) -> Generator[Span]:
    with started as span:
        try:
            yield _Noting(span)
        except BaseException as error:
            span.set_status(Status(StatusCode.ERROR, type(error).__name__))
            raise


class _Nowhere:
    """A span that goes nowhere, and its own context."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        """Nothing."""

    def note(self, **attributes: Value) -> None:
        """Nothing."""


_NOWHERE = _Nowhere()


class _Noting:
    def __init__(self, span: trace.Span) -> None:
        self._span = span

    def note(self, **attributes: Value) -> None:
        """Add attributes: ids, counts and closed words only."""
        self._span.set_attributes(_closed(attributes))


class _Collected(Collector):
    def __init__(self, meter: PrometheusMeter) -> None:
        self._meter = meter

    def collect(self) -> Iterator[Family]:
        """All numbers, of this process and those that belong to it."""
        for name, cells in self._meter.series.total(self._meter.others()).items():
            yield _family(METRICS[name], cells)


def _family(metric: Metric, cells: Mapping[Key, list[float]]) -> Family:
    if metric.kind is Kind.HISTOGRAM:
        family = HistogramMetricFamily(metric.name, metric.help, labels=metric.labels)
        for key, cell in sorted(cells.items()):
            buckets, total = cumulative(metric, cell)
            family.add_metric(key, buckets, total)
        return family
    made = CounterMetricFamily if metric.kind is Kind.COUNTER else GaugeMetricFamily
    single = made(metric.name, metric.help, labels=metric.labels)
    for key, cell in sorted(cells.items()):
        single.add_metric(key, cell[0])
    return single


def _closed(attributes: Mapping[str, Value]) -> dict[str, Value]:
    """The attributes; text that is no closed word is left out, so that no customer's words get into a trace."""
    return {
        name: _LEFT_OUT if isinstance(value, str) and not _CLOSED.fullmatch(value) else value
        for name, value in attributes.items()
    }
