"""JSON: stable, described, the same numbers."""

import json

import pytest

from earshot.domain.report import Report
from earshot.report import to_json
from earshot.report.as_json import ReportDocument, json_schema

from . import sample


def test_the_document_carries_the_reports_fields_and_the_computed_ones() -> None:
    document = json.loads(to_json(sample.report()))
    assert document["schema_version"] == 1
    assert set(Report.model_fields) < set(document)
    assert document["headline"].startswith("“Large CSV exports")
    assert document["comparable"] is True
    figures = {figure["id"]: figure for figure in document["figures"]}
    assert figures["conversations"]["value"] == 383
    assert figures["critical"]["where"] == {"priority": "CRITICAL"}
    assert round(figures["critical"]["low"], 3) == 0.022
    assert figures["sentiment"]["previous"] == -0.11
    assert document["themes"][0]["conversations"] == 41


@pytest.mark.parametrize("report", [sample.report(), sample.empty(), sample.hostile()])
def test_it_reads_back_and_follows_its_schema(report: Report) -> None:
    text = to_json(report)
    text.encode()
    again = ReportDocument.model_validate_json(text)
    assert again.totals == report.totals
    schema = json_schema()
    assert set(schema["required"]) >= {"headline", "figures", "totals", "window"}
    assert set(json.loads(text)) == set(schema["properties"])


def test_an_empty_report_has_no_figures() -> None:
    document = json.loads(to_json(sample.empty()))
    assert document["figures"] == []
    assert document["completeness"] is None
    assert document["cost"]["usd"] is None


def test_bad_addresses_are_dropped() -> None:
    document = json.loads(to_json(sample.hostile()))
    assert document["criticals"][0]["url"] is None
    assert document["themes"][0]["quotes"][0]["url"] is None
    assert document["themes"][0]["quotes"][1]["url"].startswith("https://evil.invalid/%22%3E%3Cscript")
