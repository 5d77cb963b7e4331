"""The dashboard and the alerts use metrics and labels that exist, and the program measures what it lists."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
import yaml

from earshot.telemetry.names import METRICS, Kind

ROOT = Path(__file__).parents[3]
DEPLOY = ROOT / "deploy"
DOCS = (ROOT / "docs/watching.md").read_text(encoding="utf-8")
_NAME = re.compile(r"\bearshot_[a-z0-9_]+")
_USE = re.compile(r"\b(?P<name>earshot_[a-z0-9_]+)(?:\{(?P<matchers>[^}]*)\})?")
_BY = re.compile(r"\bby \(([^)]*)\)")
_OF_PROMETHEUS = {"le", "instance", "job", "process"}


def dashboard() -> dict[str, Any]:
    return cast("dict[str, Any]", json.loads((DEPLOY / "grafana/earshot.json").read_text(encoding="utf-8")))


def alerts() -> list[dict[str, Any]]:
    document = yaml.safe_load((DEPLOY / "prometheus/alerts.yml").read_text(encoding="utf-8"))
    return [rule for group in document["groups"] for rule in group["rules"]]


def expressions() -> Iterator[str]:
    for panel in dashboard()["panels"]:
        yield from (target["expr"] for target in panel.get("targets", []))
    yield from (rule["expr"] for rule in alerts())


def metric_of(sample: str) -> str:
    """The metric that a sample belongs to."""
    bare = re.sub(r"_(bucket|count|sum)$", "", sample)
    return bare if bare in METRICS and METRICS[bare].kind is Kind.HISTOGRAM else sample


@pytest.mark.parametrize("expression", sorted(set(expressions())))
def test_metrics_and_labels_of_an_expression_exist(expression: str) -> None:
    used = [(metric_of(use["name"]), use["matchers"] or "") for use in _USE.finditer(expression)]
    assert {name for name, _ in used} <= METRICS.keys()
    known = {label for name, _ in used for label in METRICS[name].labels} | _OF_PROMETHEUS
    asked = {part.strip() for by in _BY.findall(expression) for part in by.split(",")}
    asked |= {match.group() for _, matchers in used for match in re.finditer(r"[a-z_]+(?==)", matchers)}
    assert asked <= known
    assert expression.count("(") == expression.count(")")


def test_figures_are_not_added_up_over_processes() -> None:
    for expression in set(expressions()):
        for name in _NAME.findall(expression):
            if name in METRICS and METRICS[name].kind is Kind.FIGURE:
                assert not re.search(rf"\b(?:sum|avg|count)(?: by \([^)]*\))? \(?{name}", expression), expression


def test_the_dashboard_shows_every_metric() -> None:
    shown = {metric_of(name) for expression in expressions() for name in _NAME.findall(expression)}
    shown |= {name for note in dashboard()["annotations"]["list"] for name in _NAME.findall(note["expr"])}
    assert METRICS.keys() - shown == set()


def test_the_dashboard_is_whole() -> None:
    panels = dashboard()["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    for panel in panels:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        assert panel["title"]
        if panel["type"] != "row":
            assert panel["description"].endswith(".")
    taken: set[tuple[int, int]] = set()
    for place in (panel["gridPos"] for panel in panels):
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken
        taken |= cells


def test_every_alert_says_what_to_do() -> None:
    rules = alerts()
    assert len({rule["alert"] for rule in rules}) == len(rules)
    for rule in rules:
        assert rule["labels"]["severity"] in {"critical", "warning", "info"}
        assert rule["annotations"]["summary"]
        assert rule["annotations"]["action"]


def test_prometheus_reads_the_alerts_and_asks_for_metrics() -> None:
    document = yaml.safe_load((DEPLOY / "prometheus/prometheus.yml").read_text(encoding="utf-8"))
    assert document["rule_files"] == ["alerts.yml"]
    (job,) = document["scrape_configs"]
    assert job["metrics_path"] == "/metrics"


def test_the_program_measures_what_it_lists() -> None:
    sources = "\n".join(
        path.read_text(encoding="utf-8") for path in (ROOT / "src/earshot").rglob("*.py") if path.name != "names.py"
    )
    assert [name for name in METRICS if f'"{name}"' not in sources] == []


def test_the_page_documents_every_metric_with_its_labels() -> None:
    rows = {found[1]: found[0] for found in re.finditer(r"^\| `(earshot_\w+)`.*$", DOCS, re.MULTILINE)}
    assert set(rows) == set(METRICS)
    for name, metric in METRICS.items():
        for label in metric.labels:
            assert f"`{label}`" in rows[name], name
