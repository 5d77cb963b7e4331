"""Every table of every page is there as a file: the same columns, the same rows, exact and safe to open."""

import csv
import io
import re
from collections import Counter, deque
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from fastapi.routing import APIRoute
from starlette.routing import Match

from earshot.domain.job import Job, JobName, Lane, WorkerSign
from earshot.errors import NotFound
from earshot.pipeline.pages.overview.spans import spans
from earshot.pipeline.pages.overview.trends import drawn as charted
from earshot.store.jobs.adding import QUEUE
from earshot.web.pages import groups
from earshot.web.pages.extracts import extract
from tests.pages.acting import RULE, acting
from tests.pages.conftest import OpenSite
from tests.pages.sites import NOW, Open
from tests.pages.test_audit import drawn, labelled
from tests.pages.test_costs import spend

TEMPLATES = Path(groups.__file__).parent / "templates"
PAGES = [route for router in groups.ROUTERS for route in router.routes if isinstance(route, APIRoute)]
TOKENS = {"web_token": "admin-token-0123456789", "web_viewer_token": "viewer-token-0123456789"}
TYPES = {"Product bugs", "Account access", "Billing", "Feature requests", "UX friction", "Usage questions", "Other"}
EACH = 2
"""Pages of one kind that are looked at."""


@dataclass
class Shown:
    """A table as a page shows it, and the address of the file that stands below it."""

    heads: list[str] = field(default_factory=list[str])
    rows: int = 0
    file: str = ""


class Eye(HTMLParser):
    """Finds the tables, the files and the links of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tables: list[Shown] = []
        self.links: list[str] = []
        self._main = self._head = self._body = False
        self._text: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "a":
            self._link(given)
        if tag in {"main", "thead", "tbody"}:
            self._stand(tag, inside=True)
        elif tag == "table" and self._main:
            self.tables.append(Shown())
        elif tag == "tr" and self._body:
            self.tables[-1].rows += 1
        elif tag == "th" and self._head:
            self._text = []
        elif self._text is not None:
            self._text.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag in {"main", "thead", "tbody"}:
            self._stand(tag, inside=False)
        elif tag == "th" and self._text is not None:
            self.tables[-1].heads.append(" ".join("".join(self._text).split()))
            self._text = None

    def handle_data(self, data: str) -> None:
        if self._text is not None:
            self._text.append(data)

    def _stand(self, tag: str, *, inside: bool) -> None:
        if tag == "main":
            self._main = inside
        elif self._main:
            self._head, self._body = inside and tag == "thead", inside and tag == "tbody"

    def _link(self, given: dict[str, str | None]) -> None:
        href = given.get("href") or ""
        if "download" not in given:
            self.links.append(href)
        elif "format=csv" in href and self.tables and not self.tables[-1].file:
            self.tables[-1].file = href


@pytest.fixture
async def full(here: Open) -> AsyncGenerator[Open]:
    """A site on which nearly every table has something to show."""
    sample = await drawn(here)
    await labelled(here, sample)
    await labelled(here, sample, labeller="otto")
    await here.send("/audit/draw", seen="/audit", kind="weekly")
    week = await here.value("select id from audit_sample where kind = 'weekly'")
    await labelled(here, week, wrong=2)
    await spend(here)
    one = "select conversation_id from conversation_insights order by conversation_at desc limit 1"
    await here.rows(f"update llm_api_logs set conversation_id = ({one}) where conversation_id = '0'")
    await _work(here)
    await _product(here)
    async with acting(here, "slack"):
        await here.send("/actions/silences", seen="/actions/silences", rule=RULE, hours="4", reason="quiet")
        pick = re.findall(r'name="pick" value="([^"]+)"', await here.page("/actions?state=held"))[0]
        await here.send("/actions/approve", seen="/actions?state=held", pick=pick)
        await here.earshot.act()
        version = await _version(here)
        await here.send(
            "/rules/switch", seen=f"/rules/{RULE}", name=RULE, mode="dry-run", reason="a try", version=version
        )
        yield here


async def _version(here: Open) -> str:
    text = await here.page(f"/rules/{RULE}")
    return text.partition('name="version" value="')[2].partition('"')[0]


async def _work(here: Open) -> None:
    """A job that gave up, and a worker."""
    sign = WorkerSign(id="w", host="h", pid=1, lane=Lane.LIVE, version="1", started_at=NOW, seen_at=NOW)
    async with here.earshot.parts.store.unit() as unit:
        await unit.jobs.enqueue([Job(name=JobName.DELIVER, key="x")])
        await unit.jobs.sign(sign)
        await unit.commit()
    await here.rows(f"update {QUEUE} set status = 'failed'")
    gap = """jsonb_set(completeness::jsonb, '{gaps}', '[{"what": "conversation 7", "reason": "gone"}]')"""
    await here.rows(
        f"update run set completeness = {gap}::text::{await _type(here)} where completeness is not null"
    )


async def _type(here: Open) -> str:
    return await here.value(
        """select data_type from information_schema.columns
        where table_schema = 'earshot' and table_name = 'run' and column_name = 'completeness'"""
    )


async def _product(here: Open) -> None:
    """An item that was shipped, one that somebody edited, a theme renamed, adoption known, reports sent."""
    item = (await here.rows("select id, theme_id from backlog_item order by score desc nulls last, id limit 1"))[0]
    await here.rows(
        """insert into shipped (id, theme_id, item_id, shipped_at, actor, noted_at)
        values ('s1', $1, $2, now() - interval '20 days', 'pat', now())""", item["theme_id"], item["id"],
    )  # fmt: skip
    await here.rows(
        """insert into adoption (feature, born, adopters, audience, measured_on)
        values ('Dark mode', 'insight', 40, 100, '2026-11-01')"""
    )
    await here.rows(
        """insert into report_sent (series, period_start, period_end, destination, state, at)
        values ('weekly', now() - interval '7 days', now(), 'slack', 'done', now())"""
    )
    page = f"/backlog/{item['id']}"
    version = (await here.page(page)).partition('name="version" value="')[2].partition('"')[0]
    await here.send(f"{page}/set", seen=page, version=version, field="title", value="=1+1", do="set")
    theme = f"/themes/{item['theme_id']}"
    mark = (await here.page(theme)).partition('name="version" value="')[2].partition('"')[0]
    await here.send(f"{theme}/change", seen=theme, version=mark, kind="rename", title="@SUM(A1)", into="")


def _kind(path: str) -> str:
    """The page that answers an address, by its route."""
    scope: dict[str, Any] = {"type": "http", "method": "GET", "path": path, "headers": []}
    return next((one.path for one in PAGES if one.matches(scope)[0] is Match.FULL), "")


async def walked(site: Open) -> dict[str, Eye]:
    """Pages that links lead to from the first page on, a few of each kind."""
    found: dict[str, Eye] = {}
    read = await site.value("select conversation_id from llm_api_logs order by created_at desc limit 1")
    firsts = [
        "/",
        "/backlog/draft",
        f"/rules/{RULE}?days=90",
        f"/privacy?conversation={read}",
        f"/conversations/{read}",
    ]
    waiting, seen, kinds = deque(firsts), set[str](), Counter[str]()
    while waiting:
        address = waiting.popleft()
        kind = _kind(urlsplit(address).path)
        if not kind or address in seen or kinds[kind] >= EACH:
            continue
        seen.add(address)
        answer = await site.http.get(address)
        if answer.status_code == 200 and answer.headers["content-type"].startswith("text/html"):
            kinds[kind] += 1
            eye = found[address] = Eye()
            eye.feed(answer.text)
            waiting.extend(link for link in eye.links if link.startswith("/"))
    return found


def _code(template: Path) -> str:
    return re.sub(r"\{#.*?#\}", "", template.read_text(encoding="utf-8"), flags=re.DOTALL)


def test_no_table_is_forgotten_where_no_page_of_the_tests_shows_it() -> None:
    """A table has a name, or it is a list whose foot has the file. What erasing removed is shown once only."""
    for template in TEMPLATES.glob("*.j2"):
        text = _code(template)
        nameless = re.findall(r"<table(?![^>]*data-csv)[^>]*>(?:<caption[^>]*>(?:Keys|Rows removed))?", text)
        forgotten = [one for one in nameless if "Keys" not in one and "Rows removed" not in one]
        assert len(forgotten) <= text.count("parts.pager("), template.name


async def test_every_table_of_every_page_has_its_file(full: Open) -> None:
    found, names = await walked(full), set[str]()
    for address, eye in found.items():
        for table in eye.tables if not address.endswith("/file") else ():  # a report's own file is no page
            where = f"{address}: {table.heads}"
            assert table.file, f"{where} has no file"
            answer = await full.http.get(table.file)
            assert answer.status_code == 200, f"{where}: {table.file}"
            assert answer.headers["content-type"].startswith("text/csv"), where
            heads, *rows = list(csv.reader(io.StringIO(answer.text)))
            assert len(rows) >= table.rows > 0, where
            assert all(len(row) == len(heads) for row in rows), where
            if name := parse_qs(urlsplit(table.file).query).get("table"):
                names.update(name)
                assert heads == table.heads, where
            else:
                assert len(heads) >= len(table.heads), where
            assert not [cell for row in [heads, *rows] for cell in row if re.match(r"[=@\t\r]|[+-](?![\d.])", cell)]
    written = {
        name
        for one in TEMPLATES.glob("*.j2")
        for name in re.findall(r'<table[^>]* data-csv="([^"{]+)"', _code(one))
    }
    assert written - names == set(), "no page showed them"
    pages = {
        one.path
        for one in PAGES
        if "GET" in (one.methods or ()) and not re.search(r"(\.svg|/file|/push)$", one.path)
    }
    assert pages - {_kind(urlsplit(one).path) for one in found} == set(), "nobody looked at them"


async def read(site: Open, path: str, table: str) -> list[dict[str, str]]:
    """The file of a table of a page."""
    return list(
        csv.DictReader(io.StringIO(await site.page(f"{path}{'&' if '?' in path else '?'}format=csv&table={table}")))
    )


async def test_what_a_file_says_is_exact_and_what_the_database_says(here: Open) -> None:
    await spend(here)
    dearest = await read(here, "/costs", "dearest")
    wanted = await here.rows(
        """select conversation_id, sum(cost_usd)::float8 as usd from llm_api_logs
        where cost_usd is not null and created_at > now() - interval '7 days' group by 1"""
    )
    costs = {row["conversation_id"]: row["usd"] for row in wanted}
    assert len(dearest) == 10
    assert [float(row["Cost"]) for row in dearest] == pytest.approx([costs[row["Conversation"]] for row in dearest])
    theme = await here.value("select theme_id from finding group by 1 order by count(*) desc, 1 limit 1")
    customers = await read(here, f"/themes/{theme}", "customers")
    known = {row["name"]: row["mrr"] for row in await here.rows("select name, mrr from account where mrr >= 1000")}
    told = {row["Account"]: float(row["MRR"]) for row in customers if row["Account"] in known}
    assert told
    assert told == {name: float(known[name]) for name in told}
    numbers = re.findall(r"/charts/\w+\?format=csv&amp;table=numbers", await here.page("/?since=30d"))
    assert len(numbers) == 2
    days = list(csv.DictReader(io.StringIO(await here.page(unescape(numbers[0])))))
    zone = here.earshot.parts.report.timezone
    window, step = charted(spans("30d", "", now=datetime.now(UTC), zone=zone))
    assert step == "day"
    within = "select count(*) from conversation_insights where conversation_at >= $1"
    counted = sum(int(n or 0) for row in days for head, n in row.items() if head in TYPES)
    assert counted == await here.value(within, window.start) > 30


async def test_a_file_has_more_than_its_page_and_keeps_every_filter(here: Open) -> None:
    await here.rows(
        """insert into person_act (at, actor, role, act, subject, detail)
        select now() - n * interval '1 second', case n % 2 when 0 then 'ada' else 'bob' end, 'admin', 'test',
            n::text, '{}' from generate_series(1, 250) n"""
    )
    assert len(await read(here, "/trail", "acts")) == 250
    assert "actor=ada&amp;format=csv&amp;table=acts" in await here.page("/trail?actor=ada")
    rows = await read(here, "/trail?actor=ada", "acts")
    assert [row["Who"] for row in rows] == ["ada"] * 125
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", rows[0]["When"])
    page = await here.page("/themes?issue_type=BILLING&issue_type=PRODUCT_BUG")
    assert "issue_type=BILLING&amp;issue_type=PRODUCT_BUG&amp;format=csv" in page


async def test_every_quote_of_a_theme_is_in_its_file(here: Open) -> None:
    theme = await here.value("select theme_id from finding group by 1 order by count(*) desc, 1 limit 1")
    await here.rows("update finding set quote = '=HYPERLINK(1)' where theme_id = $1", theme)
    rows = await read(here, f"/themes/{theme}", "quotes")
    assert len(rows) == await here.value("select count(*) from finding where theme_id = $1", theme)
    assert {row["quote"] for row in rows} == {"'=HYPERLINK(1)"}


def test_what_only_looks_like_a_number_stays_as_it_is() -> None:
    page = '<table data-csv="t"><tr><th>Who</th><th class="num">Change</th></tr>'
    page += '<tr><td>+4915112345678901234</td><td class="num sure">+5.0</td></tr></table>'
    assert extract(page, "t") == (["Who", "Change"], [["+4915112345678901234", 5.0]])


async def test_a_table_that_is_not_there_is_said(here: Open) -> None:
    text = await here.page("/health?format=csv&table=nothing", status=404)
    assert "This page has no such table now" in text
    assert "schedules" in text
    assert (await here.http.get("/health?format=csv&table=%00")).status_code == 422


async def test_a_file_is_for_those_who_may_see_its_page(open_site: OpenSite) -> None:
    site = await open_site(tokens=TOKENS)
    path = "/health?format=csv&table=schedules"
    assert "text/csv" not in (await site.http.get(path)).headers.get("content-type", "")
    form = {"_seal": await site.seal("/login"), "name": "Vera", "token": TOKENS["web_viewer_token"], "next": "/"}
    await site.http.post("/login", data=form, headers={"Origin": site.url})
    assert "text/csv" in (await site.http.get(path)).headers["content-type"]
    assert (await site.http.get("/trail?format=csv&table=acts")).status_code == 403


def test_cells_are_texts_without_what_can_be_pressed() -> None:
    page = """<main><table data-csv="other"><tr><th>x</th></tr></table>
    <table data-csv="one"><caption>no</caption>
    <thead><tr><th>A<small>b</small></th><th>C</th><th>D</th></tr></thead>
    <tbody><tr><td>1 &lt;b&gt;<form><button>Press</button></form></td><td colspan="2">–</td></tr>
    <tr><td class="num">-0.5</td><td class="num">+3</td><td class="num">+x</td></tr></tbody></table></main>"""
    found = extract(page, "one")
    assert found.columns == ["A b", "C", "D"]
    assert found.rows == [["1 <b>", "", ""], [-0.5, 3.0, "+x"]]
    with pytest.raises(NotFound, match="no such table"):
        extract(page, "two")
