"""Hostile words on every page: planted in every field, found as words, and nothing of them runs, loads or leads."""

import html
import re
from collections.abc import AsyncGenerator
from typing import Any
from urllib.parse import quote

import pytest
from fastapi.routing import APIRoute

from earshot.store.traces import TEXTS
from earshot.web.pages.navigation import NAVIGATION
from tests.pages.conftest import OpenSite, Tab
from tests.pages.hostile import MARKUP, NEEDS, inert, injections
from tests.pages.planting import ACCOUNT, BREAKS, CONVERSATION, NOT_SHOWN, Planted, planted
from tests.pages.reading_html import Document, faults_of_picture, formulas, markup
from tests.pages.sites import Open
from tests.pages.test_themes import hidden
from tests.pages.walking import Walk, route_of, routes

pytestmark = NEEDS
_FILES = frozenset({"/charts/{key}.svg", "/charts/{key}"})
PLAIN = tuple(entry.path for _, entries in NAVIGATION for entry in entries)
SECTIONS: dict[str, Any] = {"report": {"series": [{"name": "weekly", "mail": ["pm@example.com"]}]}}


@pytest.fixture
async def here(open_site: OpenSite) -> Open:
    return await open_site(**SECTIONS)


@pytest.fixture
async def full(here: Open) -> AsyncGenerator[Planted]:
    """A site in which everything is planted."""
    async with planted(here) as told:
        yield told


def names_of(route: APIRoute) -> list[str]:
    """The names of the parameters that a page takes."""
    given = route.dependant.query_params
    models = [getattr(one.field_info.annotation, "model_fields", {}) for one in given]
    return [*(one.alias for one in given), *(name for model in models for name in model)]


async def test_every_page_shows_hostile_words_as_words(here: Open, full: Planted) -> None:
    walk = Walk(here)
    await walk.everywhere(full.addresses)
    assert list(walk.missing()) == [], "pages that nothing leads to: link them, or name them in `Planted.addresses`"
    assert "\n".join(walk.faults) == ""
    words = "\x00".join(walk.words)
    assert " ".join(full.unseen(words)) == "", "fields that no page shows as they are; see planting.NOT_SHOWN"
    assert f"/accounts/{quote(ACCOUNT, safe='')}" in walk.links & set(walk.visited["/accounts/{account_id:path}"])
    assert CONVERSATION in words
    for text in MARKUP[:3]:
        assert text in words
    plain = [text for text in injections() if text.isascii() and text.isprintable()]
    assert len(plain) > 500
    said = "".join(walk.words)
    assert [text for text in plain if text not in said] == []
    assert len(walk.files) >= 10
    assert any(f"'={mark}" in text for mark in full.marks.values() for text in walk.files)


async def test_parameters_of_every_page_come_back_as_words(here: Open) -> None:
    echoed = 0
    for route in routes():
        names = names_of(route)
        for text in (BREAKS, f"javascript:window.pwned=1//{BREAKS}"):
            address = re.sub(r"\{[^}]+\}", quote(text, safe=""), route.path)
            for name in names or [""]:
                answer = await here.http.get(address, params={name: text} if name else None)
                assert answer.status_code in {200, 303, 404, 422}, f"{address} {name}: {answer.status_code}"
                if answer.headers["content-type"].startswith("text/html"):
                    page = Document(answer.text, address, alone=route.path.endswith("/file"))
                    assert page.faults() == []
                    echoed += any(BREAKS[:10] in words for words in page.words())
    assert echoed > 5, "fields of filters show what was asked for"


async def test_previews_of_changes_show_words(here: Open, full: Planted) -> None:
    walk = Walk(here)
    theme = f"/themes/{full.theme}"
    page = await here.page(theme)
    version = await hidden(page, "version")
    members = page.split('name="conversation" value="')[1:]
    one = html.unescape(members[0].split('"')[0])
    other = await here.value(
        "select id from theme where id <> $1 order by conversations desc, id limit 1", full.theme
    )
    for wish in (
        {"kind": "merge", "into": other},
        {"kind": "merge", "into": "pwned"},
        {"kind": "rename", "title": BREAKS, "description": MARKUP[0]},
        {"kind": "split", "conversation": one, "title": BREAKS},
        {"kind": "move", "conversation": one, "into": other},
    ):
        answer = await here.send(f"{theme}/preview", seen=theme, status=200, version=version, **wish)
        walk.read(answer.text, f"{theme}/preview {wish['kind']}")
    assert walk.faults == []
    words = "\x00".join(walk.words)
    assert f"{full.marks['theme.title']}{BREAKS[:10]}" in words
    assert BREAKS in words


@pytest.mark.parametrize(
    "text",
    [
        *(one for one in MARKUP if "<script" in one or "<img" in one or "<svg" in one or "<base" in one),
        "<a href='javascript:window.pwned=1'>x</a>",
        "<a href=' JaVaScript:window.pwned=1'>x</a>",
        "<a href='data:text/html,x'>x</a>",
        "<form action='https://evil.example/'></form>",
        "<button formaction='//evil.example/'></button>",
        "<img src='https://evil.example/x.png'>",
        "<iframe src='/'></iframe>",
        "<p style='position:fixed'>x</p>",
        "<link rel=stylesheet href='https://evil.example/x.css'>",
    ],
)
def test_what_is_looked_for_is_found(text: str) -> None:
    assert Document(f"<main>{text}</main>", "/").faults() != []
    assert Document(f"<main>{html.escape(text)}</main>", "/").faults() == []


def test_what_is_looked_for_is_found_in_files_and_pictures() -> None:
    assert formulas('a,=1+1,-5,"@x"\n') == ["=1+1", "@x"]
    assert formulas("a,'=1+1,-5,1.5\n") == []
    assert markup("see <b>x</b>") != []
    assert markup("see \\<b>x [y](<https://ours.example>)") == []
    assert faults_of_picture("<svg xmlns='http://www.w3.org/2000/svg'><g onload='x'><script/></g></svg>", "/") != []
    assert faults_of_picture("<svg xmlns='http://www.w3.org/2000/svg'><text>x</text></svg>", "/") == []


def test_no_column_is_named_that_is_no_more() -> None:
    columns = {f"{table}.{column}" for table, found in TEXTS.items() for column in found}
    assert set(NOT_SHOWN) <= columns


@pytest.mark.browser
async def test_nothing_of_it_runs_on_any_page(full: Planted, tab: Tab) -> None:
    account = f"/accounts/{quote(ACCOUNT, safe='')}"
    every = [path for path in (*PLAIN, *full.addresses, account) if "format=" not in path]
    conversations = [path for path in every if path.startswith("/conversations/")]
    addresses = [path for path in dict.fromkeys(every) if path not in conversations[2:]]
    reached = {route_of(address) for address in addresses}
    assert {route.path for route in routes()} - reached == _FILES, "a page that is not opened here"
    for address in addresses:
        await inert(tab, address)
    await tab.open(f"/themes/{full.theme}")
    await tab.page.get_by_role("link", name="Open chart").first.click()
    await tab.page.locator("#chart[data-drawn]").wait_for()
    await inert(tab, tab.page.url.removeprefix(tab.site.url))
