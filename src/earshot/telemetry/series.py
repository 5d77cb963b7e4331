"""The numbers of one process: counters, histograms and gauges in memory, bounded, and added up across processes."""

import re
import threading
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from itertools import accumulate
from typing import cast

from earshot.telemetry.names import METRICS, Kind, Metric

MOST = 200
"""Combinations of label values that one metric keeps; further ones are counted under OTHER."""
OTHER = "other"
"""The label value of what there were too many of, or what is no closed word."""
OVERFLOWS = "earshot_metrics_overflows_total"

_WORD = re.compile(r"[A-Za-z0-9_.:/@+{}-]{0,80}")
"""What a label value may look like: a word of ours or an id of a setting, never a sentence."""

Key = tuple[str, ...]
"""The values of a metric's labels, in its order."""
Numbers = dict[str, dict[Key, list[float]]]
"""By metric and labels: one number, or for histograms the count in each bucket, the count above, and the sum."""


class Series:
    """Keeps numbers by metric and label values. Thread-safe; each call takes about a microsecond.

    `strict` raises KeyError for names and labels that are not in `names.py`; otherwise they are left out.
    """

    def __init__(self, *, strict: bool = False, metrics: Mapping[str, Metric] = METRICS) -> None:
        self._strict = strict
        self._metrics = metrics
        self._lock = threading.Lock()
        self._numbers: Numbers = {name: {} for name in metrics}
        for name, metric in metrics.items():
            if not metric.labels and metric.kind in {Kind.COUNTER, Kind.HISTOGRAM}:
                self._numbers[name][()] = _zero(metric)
        self._known: dict[Kind, dict[tuple[object, ...], list[float]]] = {kind: {} for kind in Kind}
        self._counters, self._gauges, self._histograms = (
            self._known[kind] for kind in (Kind.COUNTER, Kind.GAUGE, Kind.HISTOGRAM)
        )

    def add(self, name: str, amount: float, *, labels: Mapping[str, str]) -> None:
        """Add to a counter."""
        cell = self._counters.get((name, *labels.items())) or self._cell_for(name, Kind.COUNTER, labels=labels)
        if cell is not None:
            with self._lock:
                cell[0] += amount

    def put(self, name: str, value: float, *, labels: Mapping[str, str]) -> None:
        """Set a gauge."""
        cell = self._gauges.get((name, *labels.items())) or self._cell_for(name, Kind.GAUGE, labels=labels)
        if cell is not None:
            with self._lock:
                cell[0] = value

    def observe(self, name: str, seconds: float, *, labels: Mapping[str, str]) -> None:
        """Put a duration into its bucket."""
        cell = self._histograms.get((name, *labels.items())) or self._cell_for(name, Kind.HISTOGRAM, labels=labels)
        if cell is not None:
            place = bisect_left(self._metrics[name].buckets, seconds)
            with self._lock:
                cell[place] += 1
                cell[-1] += seconds

    def replace(self, figures: Mapping[str, Mapping[Key, float]]) -> None:
        """Take over figures that were read from the database; those not among them are forgotten."""
        with self._lock:
            for name, metric in self._metrics.items():
                if metric.kind is Kind.FIGURE:
                    self._numbers[name] = {key: [value] for key, value in figures.get(name, {}).items()}

    def copied(self) -> Numbers:
        """All numbers as they are now."""
        with self._lock:
            return {name: {key: list(cell) for key, cell in cells.items()} for name, cells in self._numbers.items()}

    def absorb(self, numbers: Numbers) -> None:
        """Add the counters and histograms of a process that ended. What does not fit is left out."""
        with self._lock:
            for name, key, cell in self._fitting(numbers):
                if self._metrics[name].kind in {Kind.COUNTER, Kind.HISTOGRAM}:
                    _add(self._cell(name, key), cell)

    def total(self, others: Iterable[Numbers]) -> Numbers:
        """These numbers together with those of other living processes."""
        total = self.copied()
        for numbers in others:
            for name, key, cell in self._fitting(numbers):
                _merge(total[name], key, cell=cell, metric=self._metrics[name])
        return total

    def _fitting(self, numbers: Numbers) -> Iterator[tuple[str, Key, list[float]]]:
        for name, cells in numbers.items():
            metric = self._metrics.get(name)
            if metric is not None and metric.kind is not Kind.FIGURE:
                yield from ((name, k, c) for k, c in cells.items() if _fits(metric, k, cell=c))

    def _cell_for(self, name: str, kind: Kind, *, labels: Mapping[str, str]) -> list[float] | None:
        """Where these labels are counted, remembered unless they were folded into OTHER."""
        if (key := self._key(name, kind, labels=labels)) is None:
            return None
        with self._lock:
            cell = self._cell(name, key)
            if OTHER not in key:
                self._known[kind][name, *labels.items()] = cell
        return cell

    def _key(self, name: str, kind: Kind, *, labels: Mapping[str, str]) -> Key | None:
        metric = self._metrics.get(name)
        if metric is not None and metric.kind is kind and len(labels) == len(metric.labels):
            key = tuple([labels.get(label) for label in metric.labels])
            if None not in key:
                known = cast("Key", key)
                return known if known in self._numbers[name] else self._admitted(name, known)
        if self._strict:
            raise KeyError(f"{name} {sorted(labels)}: not as in telemetry/names.py")
        return None

    def _admitted(self, name: str, key: Key) -> Key:
        """The key of a new combination: closed words only, and not too many of them."""
        words = tuple(value if _WORD.fullmatch(value) else OTHER for value in key)
        if words in self._numbers[name] or len(self._numbers[name]) < MOST:
            return words
        if name != OVERFLOWS:
            self.add(OVERFLOWS, 1.0, labels={"metric": name})
        return (OTHER,) * len(key)

    def _cell(self, name: str, key: Key) -> list[float]:
        cells = self._numbers[name]
        if (cell := cells.get(key)) is None:
            cell = cells[key] = _zero(self._metrics[name])
        return cell


def cumulative(metric: Metric, cell: list[float]) -> tuple[list[tuple[str, float]], float]:
    """A histogram as Prometheus wants it: counts up to each bound, and the sum."""
    bounds = [*(f"{bound:g}" for bound in metric.buckets), "+Inf"]
    return list(zip(bounds, accumulate(cell[:-1]), strict=True)), cell[-1]


def _zero(metric: Metric) -> list[float]:
    return [0.0] * (len(metric.buckets) + 2) if metric.kind is Kind.HISTOGRAM else [0.0]


def _fits(metric: Metric, key: Key, *, cell: list[float]) -> bool:
    return len(key) == len(metric.labels) and len(cell) == len(_zero(metric))


def _add(into: list[float], cell: list[float]) -> None:
    for place, value in enumerate(cell):
        into[place] += value


def _merge(into: dict[Key, list[float]], key: Key, *, cell: list[float], metric: Metric) -> None:
    if key not in into:
        into[key] = list(cell)
    elif metric.kind is Kind.GAUGE and not metric.adds:
        into[key] = [max(into[key][0], cell[0])]
    else:
        _add(into[key], cell)
