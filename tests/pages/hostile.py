"""Hostile words in every field that a customer controls, and what a page must not make of them."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Dialog, Request

from tests.pages.conftest import Tab
from tests.pages.sites import Open

INJECTIONS = Path(__file__).parents[3] / "shared" / "data" / "injections.jsonl.gz"
NEEDS = [
    pytest.mark.shared,
    pytest.mark.skipif(not INJECTIONS.exists(), reason="needs the evaluation folder ../shared beside the checkout"),
]
"""Marks of tests that read the injections."""
MARKUP = (
    "<script>window.pwned=1</script>",
    "\"><img src=x onerror='window.pwned=1'>",
    "'><svg/onload=window.pwned=1>",
    "</title></textarea></option><script>window.pwned=1</script>",
    "{{ 7*7 }}{% raw %}${7*7}<%= 7*7 %>",
    "javascript:window.pwned=1//",
    "<a href='javascript:window.pwned=1'>x</a><style>*{display:none}</style>",
    "\u202egnp.exe \u200b\x1b[31m<iframe srcdoc='<script>parent.pwned=1</script>'>",
    "=cmd|' /C calc'!A0",
    "<meta http-equiv=refresh content='0;url=https://evil.example'><base href='https://evil.example/'>",
)
"""Strings that run, load or break out where they are not escaped."""
_PLANT = """
    update conversation set title = $2, url = $6, tags = array[$3, $4], customer_email = $3,
        customer = customer || jsonb_build_object('name', $3::text, 'email', $3::text, 'company', $4::text,
            'plan', $3::text),
        messages = (
            select jsonb_agg(m || jsonb_build_object(
                'text', (m->>'text') || E'\\n' || $5::text, 'author_name', $3::text))
            from jsonb_array_elements(messages) m
        )
    where id = $1
"""
_READ = """update conversation_insights set summary = left($2, 200), affected_feature = left($3, 100)
    where conversation_id = $1"""
_FIND = """update finding set summary = left($2, 200), affected_feature = left($3, 100), quote = $2
    where conversation_id = $1"""
_OTHERS = (
    "update theme set title = left($1, 100), description = $1, area = left($2, 100)",
    "update account set name = $1, plan = left($2, 40)",
    "update action set reason = $1",
    "update unread set reason = $1",
)
_DANGERS = """() => ({
    pwned: window.pwned ?? null,
    scripts: [...document.scripts].filter((s) => !s.src.startsWith(location.origin + '/')).length,
    handlers: [...document.querySelectorAll('*')].filter((e) => [...e.attributes].some(
        (a) => a.name.startsWith('on'))).length,
    links: [...document.querySelectorAll('[href], [src], [action]')].filter((e) => ['href', 'src', 'action'].some(
        (n) => /^\\s*(javascript|data|vbscript):/i.test(e.getAttribute(n) ?? ''))
        && !(e.localName === 'img' && e.src.startsWith('data:image/'))).length,
    foreign: document.querySelectorAll('iframe:not([src^="/reports/"]), object, embed, base, '
        + 'meta[http-equiv]:not([http-equiv="Content-Security-Policy"]), main style').length,
})"""


def injections() -> list[str]:
    """The texts of the evaluation folder."""
    with gzip.open(INJECTIONS, "rt", encoding="utf-8") as lines:
        return [json.loads(line)["text"].replace("\x00", "") for line in lines]


async def plant(site: Open, *, conversations: int = 20) -> list[str]:
    """Put hostile words everywhere a customer's words may stand; the conversations' ids."""
    ids = [row["conversation_id"] for row in await site.rows(
        "select conversation_id from finding group by 1 order by max(conversation_at) desc limit $1", conversations
    )]  # fmt: skip
    texts = injections()
    shares = [texts[start :: len(ids)] for start in range(len(ids))]
    for number, one in enumerate(ids):
        share = shares[number % len(shares)]
        markup = [MARKUP[(number + step) % len(MARKUP)] for step in range(3)]
        await site.rows(_PLANT, one, markup[0], markup[1], markup[2], "\n".join((*MARKUP, *share)), MARKUP[5])
        await site.rows(_READ, one, f"{markup[0]} {share[0]}", markup[1])
        await site.rows(_FIND, one, f"{markup[2]} {share[0]}", markup[1])
    for number, statement in enumerate(_OTHERS):
        both = "$2" in statement
        await site.rows(statement, MARKUP[number], *([MARKUP[number + 1]] if both else []))
    return ids


async def inert(tab: Tab, path: str) -> None:
    """Open a page: nothing of it runs, loads, or leads anywhere but to us and to plain web addresses."""
    asked: list[str] = []

    def loads(request: Request) -> None:
        asked.append(request.url)

    async def shown(dialog: Dialog) -> None:
        tab.complaints.append(f"dialog: {dialog.message}")
        await dialog.dismiss()

    tab.page.on("request", loads)
    tab.page.on("dialog", shown)
    await tab.open(path)
    found: dict[str, Any] = await tab.page.evaluate(_DANGERS)
    tab.page.remove_listener("request", loads)
    tab.page.remove_listener("dialog", shown)
    assert found == {"pwned": None, "scripts": 0, "handlers": 0, "links": 0, "foreign": 0}, f"{path}: {found}"
    assert [url for url in asked if not url.startswith((tab.site.url, "data:image/"))] == [], path
