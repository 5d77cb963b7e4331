"""A walk over every page: from link to link, a few addresses of each route, until nothing new is found."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from fastapi.routing import APIRoute

from earshot.web.pages.groups import ROUTERS
from tests.pages.reading_html import Document, faults_of_picture, formulas, markup
from tests.pages.sites import Open

LIKE = 2
"""Addresses of one route with the same names of parameters that are followed."""
MOST = 12
"""Addresses of one route that are followed."""
_ELSEWHERE = ("/static/", "/api", "/login")


def routes() -> list[APIRoute]:
    """The routes of all pages that are looked at."""
    every = [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]
    return [route for route in every if "GET" in (route.methods or ())]


def route_of(address: str) -> str | None:
    """The route that answers an address, None for one that is no page's."""
    path = urlsplit(address).path
    return next((route.path for route in routes() if route.path_regex.match(path)), None)


@dataclass
class Walk:
    """What a walk found: its faults, the words that it read, the addresses of each route, all links."""

    site: Open
    faults: list[str] = field(default_factory=list[str])
    words: list[str] = field(default_factory=list[str])
    files: list[str] = field(default_factory=list[str])
    visited: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    links: set[str] = field(default_factory=set[str])

    async def everywhere(self, begin: Iterable[str]) -> None:
        """Look at these addresses and at what they lead to."""
        todo, asked, like = list(dict.fromkeys(begin)), set[str](), Counter[tuple[str, frozenset[str]]]()
        chosen = set(todo)
        while todo:
            address = todo.pop(0)
            if address in asked:
                continue
            asked.add(address)
            for link in await self.look(address):
                route = route_of(link)
                if route is None:
                    if not link.startswith(_ELSEWHERE):
                        self.faults.append(f"{address}: leads to {link}, which is no page")
                    continue
                kind = (route, frozenset(parse_qs(urlsplit(link).query, keep_blank_values=True)))
                many = sum(n for (of, _), n in like.items() if of == route)
                if link not in chosen and like[kind] < LIKE and many < MOST:
                    like[kind] += 1
                    chosen.add(link)
                    todo.append(link)

    async def look(self, address: str) -> Sequence[str]:
        """One address: what is wrong with its answer is kept; where it leads."""
        answer = await self.site.http.get(address)
        self.visited.setdefault(route_of(address) or address, []).append(address)
        if answer.status_code == 303:
            return [answer.headers["location"]]
        if answer.status_code != 200:
            self.faults.append(f"{address}: {answer.status_code}")
            return []
        kind, text = answer.headers["content-type"].partition(";")[0], answer.text
        if kind == "text/html":
            return self.read(text, address)
        if kind == "image/svg+xml":
            self.faults += faults_of_picture(text, address)
        elif kind == "text/csv":
            self.files.append(text)
            self.faults += [f"{address}: the cell {cell[:60]!r}" for cell in formulas(text)]
        elif kind == "text/markdown":
            self.faults += [f"{address}: {found!r}" for found in markup(text)]
        return []

    def read(self, text: str, address: str) -> Sequence[str]:
        """A page's text: its faults and words are kept; where it leads."""
        page = Document(text, address, alone=route_of(address) == "/reports/{name}/file")
        self.faults += page.faults()
        self.words += page.words()
        self.links.update(page.links())
        return page.links()

    def missing(self) -> Iterator[str]:
        """Routes that the walk did not come to."""
        return (route.path for route in routes() if route.path not in self.visited)
