"""The documentation site, built once: every page is found, every link leads, nothing comes from afar."""

import os
import re
import subprocess
import sys
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
ASSETS = {"link", "script", "img", "iframe", "source", "video", "audio", "object", "embed", "use"}
"""Elements that a browser fetches by itself; `a` waits for a click."""


class Parts(HTMLParser):
    """What a page refers to, and what it can be referred to by."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.page, self.links, self.fetched, self.ids = page, list[str](), list[str](), set[str]()
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take note of an element's id and addresses."""
        values = {name: value or "" for name, value in attrs}
        self.ids.update(value for name, value in values.items() if name in {"id", "name"})
        for name in ("href", "src", "srcset", "data"):
            if name in values and values.get("rel") != "canonical":
                (self.fetched if tag in ASSETS else self.links).append(values[name])


@cache
def parts(page: Path) -> Parts:
    """A page of the site, taken apart once."""
    return Parts(page)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built strictly: a warning is an error."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    return folder


def pages(site: Path) -> list[Path]:
    """The HTML pages of the site; 404.html knows its neighbours only by the site's own address."""
    return [page for page in sorted(site.rglob("*.html")) if page.name != "404.html"]


def test_every_page_of_the_documentation_is_in_the_navigation(site: Path) -> None:
    start = (site / "index.html").read_text(encoding="utf-8")
    (nav,) = re.findall(r'<nav class="md-nav md-nav--primary.*?\n</nav>', start, re.DOTALL)
    wanted = [page.relative_to(DOCS).with_suffix(".html").as_posix() for page in DOCS.rglob("*.md")]
    wanted += ["source/CHANGELOG.html", "source/CONTRIBUTING.html"]
    assert [page for page in wanted if f'href="{page}"' not in nav] == []


def test_nothing_is_fetched_from_another_host(site: Path) -> None:
    fetched = [(page.name, link) for page in pages(site) for link in parts(page).fetched]
    assert len(fetched) > 100
    assert [one for one in fetched if re.match(r"(?i)(?:[a-z]+:)?//", one[1])] == []
    styles = [style.read_text(encoding="utf-8") for style in site.rglob("*.css")]
    assert styles
    assert [
        found for style in styles for found in re.findall(r"(?i)url\(\s*[\"']?(?:https?:)?//[^)]*", style)
    ] == []


def test_every_link_within_the_site_leads_somewhere(site: Path) -> None:
    links = [(page, link) for page in pages(site) for link in {*parts(page).links, *parts(page).fetched}]
    assert len(links) > 1000
    assert [f"{page.relative_to(site)}: {link}" for page, link in links if not _leads(page, link)] == []


def _leads(page: Path, link: str) -> bool:
    told = urlsplit(link)
    if told.scheme or told.netloc or not link:
        return True
    target = (page.parent / unquote(told.path)).resolve() if told.path else page
    target = target / "index.html" if target.is_dir() else target
    if not target.is_file() or not told.fragment or target.suffix != ".html":
        return target.is_file()
    return unquote(told.fragment) in parts(target).ids


def test_files_beside_the_documentation_are_on_the_site_as_they_are(site: Path) -> None:
    links = parts(site / "deploy.html").links
    linked = {link for link in links if link.startswith("source/") and not link.endswith(".html")}
    assert "source/deploy/compose/compose.yaml" in linked
    for link in linked:
        assert (site / link).read_bytes() == (ROOT / link.removeprefix("source/")).read_bytes()


def test_pictures_are_small(site: Path) -> None:
    pictures = sorted((site / "pictures").glob("*.png"))
    assert len(pictures) >= 5
    assert [picture.name for picture in pictures if picture.stat().st_size > 200_000] == []


def test_a_link_to_nowhere_would_be_noticed(site: Path) -> None:
    page = site / "index.html"
    assert not _leads(page, "no-such-page.html")
    assert not _leads(page, "themes.html#no-such-heading")
    assert _leads(page, "themes.html#themes")
