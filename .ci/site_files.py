"""A hook of mkdocs.yml: pages link to files beside docs/ as in the repository; the site gets those files.

A link is written once, as it works for somebody who reads the repository. Here it is turned to where its file lies
on the site: pages of docs/ at the top, everything else under `source/`. Only what a page links to is put there.
"""

import posixpath
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files, InclusionLevel
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parent.parent
SHOWN = ("CHANGELOG.md", "CONTRIBUTING.md")
"""Files outside docs/ that are pages of the site, and in its navigation."""

_LINK = re.compile(r"(?<=\]\()(?![a-z]+:|#)([^)\s#]+)")
_FENCE = re.compile(r"(^```.*?^```)", re.MULTILINE | re.DOTALL)


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Add the pages of SHOWN and whatever file outside docs/ a page links to."""
    shown = {f"source/{name}": ROOT / name for name in SHOWN}
    pages = {file.src_uri: Path(file.abs_src_path or "") for file in files.documentation_pages()}
    wanted = {uri for at, path in {**pages, **shown}.items() for uri in _linked(at, path.read_text("utf-8"))}
    for uri in sorted(shown.keys() | (wanted - {file.src_uri for file in files})):
        path = ROOT / uri.removeprefix("source/")
        if uri.startswith("source/") and path.is_file():
            level = InclusionLevel.INCLUDED if uri in shown else InclusionLevel.NOT_IN_NAV
            files.append(File.generated(config, uri, abs_src_path=str(path), inclusion=level))
    return files


def on_page_markdown(markdown: str, *, page: Page, **_: object) -> str:
    """The page with its links turned to where their files lie on the site."""
    at = page.file.src_uri

    def turned(match: re.Match[str]) -> str:
        return posixpath.relpath(_on_site(at, match[1]), posixpath.dirname(at) or ".")

    parts = _FENCE.split(markdown)
    return "".join(part if part.startswith("```") else _LINK.sub(turned, part) for part in parts)


def _linked(at: str, markdown: str) -> set[str]:
    return {_on_site(at, link) for link in _LINK.findall(_FENCE.sub("", markdown))}


def _on_site(at: str, link: str) -> str:
    """Where the file lies on the site that a page at `at` (its place on the site) links to."""
    home = at.removeprefix("source/") if at.startswith("source/") else f"docs/{at}"
    target = posixpath.normpath(posixpath.join(posixpath.dirname(home), link))
    return target.removeprefix("docs/") if target.startswith("docs/") else f"source/{target}"
