"""Files of a backlog elsewhere: every usual form, every kind of damage, and nothing lost in silence."""

import csv
import gzip
import io
import json
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earshot.connectors.backlog_fields import LONGEST_DESCRIPTION, Remark
from earshot.connectors.backlog_file import read_backlog
from earshot.domain.backlog import ExistingItem
from earshot.errors import BadInput
from earshot.ports.source import BadEntry


class Outcome(NamedTuple):
    items: list[ExistingItem]
    bad: list[BadEntry]
    remarks: list[str]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "backlog"


def read(path: Path, content: bytes | str, **options: Any) -> Outcome:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    found = list(read_backlog(path, **options))
    return Outcome(
        [one for one in found if isinstance(one, ExistingItem)],
        [one for one in found if isinstance(one, BadEntry)],
        [one.text for one in found if isinstance(one, Remark)],
    )


def keys(outcome: Outcome) -> list[str]:
    return [item.key for item in outcome.items]


JIRA = (
    "Summary,Issue key,Issue id,Issue Type,Status,Project key,Updated,Labels,Labels,Labels,Description\r\n"
    'Sync stops after an hour,ENG-7,1007,Bug,In Progress,ENG,05/Jan/26 9:14 AM,integrations,crm,,"Line one,\r\n'
    'then a ""quoted"" word"\r\n'
    "Export loses a column,ENG-8,1008,Bug,Done,ENG,2026-01-06 10:00,,,,\r\n"
)
LINEAR = (
    '"ID","Team","Title","Description","Status","Priority","Labels","Cycle Number","Updated"\n'
    '"ENG-1","Engineering","Dark mode","Eyes hurt","Backlog","Low","ui, comfort","","2026-01-05T09:14:00.000Z"\n'
)
PRODUCTBOARD = (
    "Feature name,Feature description,Status,Tags,URL\n"
    "Offline mode,<p>Work <b>on a train</b></p>,Candidate,mobile;field,https://x.productboard.com/f/1\n"
)


def test_jira_csv(file: Path) -> None:
    first, second = read(file, JIRA).items
    assert first == ExistingItem(
        id="jira:ENG-7",
        source="jira",
        key="ENG-7",
        title="Sync stops after an hour",
        description='Line one,\r\nthen a "quoted" word',
        issue_type="Bug",
        status="In Progress",
        labels=("integrations", "crm"),
        updated_at=datetime(2026, 1, 5, 9, 14, tzinfo=UTC),
    )
    assert (second.key, second.labels, second.description) == ("ENG-8", (), "")
    assert second.updated_at == datetime(2026, 1, 6, 10, 0, tzinfo=UTC)


def test_linear_csv(file: Path) -> None:
    (item,) = read(file, LINEAR).items
    assert (item.id, item.title, item.description) == ("linear:ENG-1", "Dark mode", "Eyes hurt")
    assert item.labels == ("ui", "comfort")


def test_productboard_csv_has_no_key_and_says_so(file: Path) -> None:
    outcome = read(file, PRODUCTBOARD)
    (item,) = outcome.items
    assert item.source == "productboard"
    assert item.description == "Work on a train"
    assert item.url == "https://x.productboard.com/f/1"
    assert item.labels == ("mobile", "field")
    assert "known by its title" in outcome.remarks[0]
    assert read(file, PRODUCTBOARD.replace("train", "plane")).items[0].id == item.id


@pytest.mark.parametrize(
    "content",
    [
        JIRA.encode("utf-8-sig"),
        JIRA.encode("utf-16"),
        JIRA.replace("\r\n", "\n").encode(),
        JIRA.replace("\r\n", "\r").encode(),
        gzip.compress(JIRA.encode()),
        b"\r\n" + JIRA.encode() + b"\r\n\r\n",
        b"sep=,\r\n" + JIRA.encode(),
    ],
    ids=["bom", "utf-16", "lf", "cr", "gzip", "blank-lines", "sep"],
)
def test_every_wrapping_gives_the_same_items(file: Path, content: bytes) -> None:
    outcome = read(file, content)
    assert outcome.bad == []
    assert keys(outcome) == ["ENG-7", "ENG-8"]


@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_other_separators(file: Path, separator: str) -> None:
    written = io.StringIO()
    csv.writer(written, delimiter=separator).writerows(
        [["key", "title"], ["A", "One, two; three"], ["B", "x\ty|z"]]
    )
    outcome = read(file, written.getvalue())
    assert [item.title for item in outcome.items] == ["One, two; three", "x y|z"]


def test_windows_text_is_read_and_said(file: Path) -> None:
    outcome = read(file, "key,title\nA,Umlaute prüfen – schön\n".encode("cp1252"))
    assert outcome.items[0].title == "Umlaute prüfen – schön"
    assert "Windows-1252" in outcome.remarks[0]


def test_one_bad_byte_costs_one_row_of_utf8(file: Path) -> None:
    rows = "key,title\nA,prüfen\nB,schön\nC,größer\nD,bro".encode() + b"\xffken\nE,last\n"
    outcome = read(file, rows)
    assert keys(outcome) == ["A", "B", "C", "E"]
    assert [(one.line, "bytes" in one.reason) for one in outcome.bad] == [(5, True)]


def test_named_encoding(file: Path) -> None:
    assert read(file, "key,title\nA,ещё\n".encode("cp1251"), encoding="cp1251").items[0].title == "ещё"
    with pytest.raises(BadInput, match="no encoding"):
        read(file, "key,title\n", encoding="klingon")


def test_a_broken_quote_costs_one_row(file: Path) -> None:
    rows = 'key,title,description\nA,"oops, it opens\nB,two,"fine"\nC,three,x\nD,"last one,open\n'
    outcome = read(file, rows)
    assert keys(outcome) == ["B", "C"]
    assert [one.line for one in outcome.bad] == [2, 5]
    assert all("quot" in one.reason for one in outcome.bad)


def test_lines_are_counted_through_cells_of_many_lines(file: Path) -> None:
    rows = 'key,title,description\nA,one,"1\n2\n3"\nB,,x\n,three,x\nC,four,x,y\nA,five,x\n'
    outcome = read(file, rows)
    assert keys(outcome) == ["A"]
    assert [(one.line, one.reason) for one in outcome.bad] == [
        (5, "“title” is empty"),
        (6, "“key” is empty"),
        (7, "4 cells where there are 3 columns: a separator or quotation mark is amiss"),
        (8, "A stands on line 2 already; the first one counts"),
    ]


def test_short_rows_are_taken_unless_quotes_were_broken(file: Path) -> None:
    assert keys(read(file, "key,title,description\nA,one\nB,two,x\n")) == ["A", "B"]
    outcome = read(file, 'key,title,description\nA,"one\nrest of it, you see\n')
    assert outcome.items == []
    assert [one.line for one in outcome.bad] == [2, 3]


def test_a_huge_cell_is_cut_and_said(file: Path) -> None:
    outcome = read(file, f'key,title,description\nA,one,"{"x" * 500_000}"\nB,two,y\n')
    assert keys(outcome) == ["A", "B"]
    assert len(outcome.items[0].description) == LONGEST_DESCRIPTION
    assert outcome.remarks == ["line 2: the description is longer than 100,000 characters; cut there."]


def test_missing_title_column_names_what_is_there(file: Path) -> None:
    with pytest.raises(BadInput, match=r"No column holds the title.*The columns are: Foo, Bar"):
        read(file, "Foo,Bar\n1,2\n")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"PK\x03\x04rest", "spreadsheet"),
        (b"<html><table>", "HTML"),
        (b"", "empty"),
        ("key,title\nA,b\n".encode("utf-16-le"), "UTF-8"),
        (b"\x1f\x8b\x08damaged", "damaged"),
    ],
)
def test_what_is_no_backlog_is_said(file: Path, content: bytes, told: str) -> None:
    with pytest.raises(BadInput, match=told):
        read(file, content)


def test_a_missing_file(file: Path) -> None:
    with pytest.raises(BadInput, match="cannot be opened"):
        list(read_backlog(file))


PLAIN = {"key": "K-1", "title": "One", "description": "Text", "labels": ["a", "b"], "url": "https://t.example/1"}


@pytest.mark.parametrize(
    "content",
    [
        json.dumps(PLAIN),
        json.dumps([PLAIN]),
        json.dumps({"items": [PLAIN]}, indent=2),
        json.dumps({"data": {"issues": {"nodes": [PLAIN]}}}),
        json.dumps({"data": {"issues": {"edges": [{"node": PLAIN}]}}}),
    ],
)
def test_json_in_every_wrapping(file: Path, content: str) -> None:
    outcome = read(file, content)
    assert outcome.bad == []
    assert [(i.id, i.title, i.description, i.labels) for i in outcome.items] == [
        ("file:K-1", "One", "Text", ("a", "b"))
    ]


def test_what_jira_answers(file: Path) -> None:
    document = {
        "type": "doc",
        "content": [
            {"type": "paragraph", "content": [{"type": "text", "text": "First"}]},
            {"type": "paragraph", "content": [{"type": "text", "text": "second"}]},
        ],
    }
    fields = {
        "summary": "Sync stops",
        "description": document,
        "issuetype": {"name": "Bug"},
        "status": {"name": "To Do"},
        "labels": ["crm"],
        "updated": "2026-01-05T09:14:00.000+0000",
    }
    (item,) = read(file, json.dumps({"issues": [{"key": "ENG-7", "id": "1", "fields": fields}]})).items
    assert (item.id, item.title, item.status, item.issue_type) == ("jira:ENG-7", "Sync stops", "To Do", "Bug")
    assert item.description == "First\nsecond"


def test_what_linear_answers(file: Path) -> None:
    issue = {
        "id": "9a1b",
        "identifier": "ENG-9",
        "title": "Dark mode",
        "state": {"name": "Backlog"},
        "labels": {"nodes": [{"name": "ui"}]},
    }
    (item,) = read(file, json.dumps(issue)).items
    assert (item.id, item.status, item.labels) == ("linear:ENG-9", "Backlog", ("ui",))


def test_the_guides_items(file: Path) -> None:
    jira: dict[str, Any] = {
        "project": "ENG",
        "issuetype": "Bug",
        "summary": "Contacts fail",
        "labels": ["crm"],
        "description": "x",
    }
    item: dict[str, Any] = {
        "title": "Contacts fail to load",
        "issue_type": "Bug",
        "labels": [],
        "customer_evidence": {},
    }
    first, second = read(file, "\n".join(map(json.dumps, (jira, item)))).items
    assert (first.title, first.issue_type, second.title) == ("Contacts fail", "Bug", "Contacts fail to load")
    assert first.id != second.id


def test_bad_json_is_named(file: Path) -> None:
    lines = ['{"key": "A", "title": "One"}', "{broken", '{"key": "B"}', '{"key": "A", "title": "Again"}', "[1]"]
    outcome = read(file, "\n".join(lines))
    assert keys(outcome) == ["A"]
    assert [one.line for one in outcome.bad] == [2, 3, 4, 5]


def test_hostile_values(file: Path) -> None:
    deep: dict[str, Any] = {"type": "text", "text": "bottom"}
    for _ in range(200):
        deep = {"type": "paragraph", "content": [deep]}
    items = [
        {"key": "A", "title": "\x1b[31mred\x1b[0m\u202e", "url": "javascript:alert(1)", "description": deep},
        {"key": "B\x1b[2J", "title": "x"},
        {"key": "C" * 500, "title": "x"},
        {"key": {"a": 1}, "title": ["x"]},
        {"key": "D", "title": "nul\x00", "labels": {"nodes": "x"}, "status": [1], "updated": 1e400},
    ]
    outcome = read(file, json.dumps(items))
    assert keys(outcome) == ["A", "D"]
    assert outcome.items[0].url is None
    assert outcome.items[0].title.isprintable()
    assert "\x00" not in outcome.items[1].title
    assert len(outcome.bad) == 3
    assert all(one.reason.isprintable() for one in outcome.bad)


def test_the_source_can_be_told(file: Path) -> None:
    assert read(file, LINEAR, source="jira").items[0].id == "jira:ENG-1"


CELL = st.text(alphabet=st.sampled_from('ab ,;"\n\r\t=äß'), min_size=1, max_size=12)


@given(rows=st.lists(st.tuples(CELL, CELL), max_size=12))
@settings(max_examples=200, deadline=None)
def test_what_a_csv_writer_writes_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]]
) -> None:
    written = io.StringIO(newline="")
    table = [(f"K{n}", f"t{title}", text) for n, (title, text) in enumerate(rows)]
    csv.writer(written).writerows([("key", "title", "description"), *table])
    outcome = read(tmp_path_factory.getbasetemp() / "written.csv", written.getvalue().encode())
    assert outcome.bad == []
    assert [(i.key, i.description) for i in outcome.items] == [(key, text.strip()) for key, _, text in table]


@given(content=st.binary(max_size=300), start=st.sampled_from([b"key,title\n", b"[", b"\x1f\x8b", b""]))
@settings(max_examples=300, deadline=None)
def test_any_bytes_are_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, start: bytes
) -> None:
    with suppress(BadInput):
        outcome = read(tmp_path_factory.getbasetemp() / "any-bytes", start + content)
        assert all(item.title and item.key for item in outcome.items)


def test_a_cut_archive_gives_what_it_holds(file: Path) -> None:
    rows = "key,title\n" + "".join(f"K{n},title number {n * 7919}\n" for n in range(20_000))
    outcome = read(file, gzip.compress(rows.encode())[:-20_000])
    assert len(outcome.items) > 1_000
    assert "missing" in outcome.bad[-1].reason
