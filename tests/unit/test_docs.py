"""The documentation tells the truth: commands, settings, links, command lines and settings files in it."""

import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, cast

import pytest
import typer.main

from earshot.cli import main
from earshot.cli.example import example
from earshot.cli.registry import REGISTRY, build_app
from earshot.pipeline.exporting import SHAPES
from earshot.settings import Settings
from earshot.web.pages.groups import ROUTERS

ROOT = Path(__file__).parents[2]
DOCS = sorted((ROOT / "docs").glob("*.md"))
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
REFERENCE = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")
TABLES = (ROOT / "src/earshot/store/migrations/sql").glob("*.sql")

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_COMMAND = re.compile(r"(?:^|[\s/=])earshot(?:\s+(?P<rest>.+))?$")
_ENDS = {"|", "||", "&&", ";", ">", ">>", "<", "&"}
_NAMED = re.compile(r"`\[([\w.]+)\]\s(\w+)\b")
_ADDRESS = re.compile(r"`(/[a-z]*)(?:\?[^`]*)?`")
"""Addresses of pages; what has more than one part is an address of the API, or a file."""
_NO_PAGES = {"/api", "/healthz", "/readyz", "/metrics", "/invite"}
"""For machines; and Slack's command."""
_SETTING = re.compile(r"# ([a-z]\w*) =(.*)")


class Block(NamedTuple):
    """A fenced block of a page."""

    page: str
    language: str
    text: str


def blocks(*languages: str) -> list[Block]:
    """All fenced blocks in these languages."""
    found = [Block(p.name, m[1], m[2]) for p in PAGES for m in _FENCE.finditer(p.read_text(encoding="utf-8"))]
    return [block for block in found if block.language in languages]


def command_lines() -> Iterator[tuple[str, tuple[str, ...]]]:
    """Every `earshot …` in blocks a person would copy: the page and the arguments."""
    for block in blocks("sh", "ini", "crontab", "text"):
        for line in block.text.replace("\\\n", " ").splitlines():
            if block.language == "text" and not line.startswith("$ "):
                continue
            words = shlex.split(line.replace("…", "x"), comments=block.language in {"sh", "text"})
            for arguments in _calls(words):
                yield block.page, arguments


def _calls(words: list[str]) -> Iterator[tuple[str, ...]]:
    starts = [at for at, word in enumerate(words) if re.fullmatch(r"(?:ExecStart=)?(?:\S*/)?earshot", word)]
    for start in starts:
        rest = words[start + 1 :]
        end = next((at for at, word in enumerate(rest) if word in _ENDS or word.startswith("2>")), len(rest))
        if start == 0 or words[start - 1] not in {"cd", "git", "install"}:
            yield tuple(rest[:end])


def leaves() -> Iterator[tuple[str, Any]]:
    """Every command that does something, by its full name."""
    for entry in REGISTRY:
        root = cast("Any", typer.main.get_command(build_app(entry.name)))
        command = root.commands[entry.name]
        inner: dict[str, Any] = getattr(command, "commands", {})
        yield from ((f"{entry.name} {name}", one) for name, one in inner.items())
        if not inner:
            yield entry.name, command


def option_row(parameter: Any) -> str:
    """How reference.md shows an option or argument."""
    name = next((o for o in parameter.opts if o.startswith("--")), parameter.name.upper())
    told = f" {parameter.metavar}" if name.startswith("--") and parameter.metavar else ""
    default = parameter.default
    plain = default in {None, False, "", True} or callable(default)
    return f"| `{name}`{told} | {'' if plain else f'`{default}`'} | {parameter.help} |"


def setting_rows() -> Iterator[tuple[str, str]]:
    """Every key that `earshot init --print` shows: its section and its row in reference.md."""
    section, told = "", list[str]()
    for line in example().partition("# Your own rules")[0].splitlines():
        head, key = re.fullmatch(r"(?:# )?\[(.+)\]", line), _SETTING.fullmatch(line)
        if head:
            section, told = head[1], []
        elif key:
            default = f"`{key[2].strip()}`" if key[2].strip() else ""
            yield section, f"| `{key[1]}` | {default} | {' '.join(told)} |"
            told = []
        else:
            told = [*told, line[2:]] if line.startswith("# ") else []


def section(heading: str) -> str:
    """The text under a heading of reference.md, up to the next heading."""
    found = re.search(rf"^#+ {re.escape(heading)}\n(.*?)(?=^#+ |\Z)", REFERENCE, re.MULTILINE | re.DOTALL)
    return found[1] if found else ""


@pytest.mark.parametrize(("name", "command"), list(leaves()), ids=lambda value: str(value)[:40])
def test_reference_shows_every_command_with_its_options(name: str, command: Any) -> None:
    rows = [option_row(p) for p in command.params if "--help" not in p.opts and not getattr(p, "hidden", False)]
    told = section(f"`earshot {name}`")
    assert told, f"docs/reference.md has no heading “### `earshot {name}`”"
    assert [row for row in rows if row not in told] == []


def test_reference_shows_no_command_that_is_not_there() -> None:
    told = re.findall(r"^### `earshot ([^`]+)`", REFERENCE, re.MULTILINE)
    assert sorted(told) == sorted(name for name, _ in leaves())


def test_reference_shows_every_setting_with_its_default() -> None:
    rows = list(setting_rows())
    assert len(rows) > 40
    told = {name: section(f"`[{name}]`" if name else "At the top of the file") for name, _ in rows}
    assert [f"[{name}] {row}" for name, row in rows if row not in told[name]] == []


def test_reference_shows_no_setting_that_is_not_there() -> None:
    settings = REFERENCE.partition("## Settings")[2].partition("\n## ")[0]
    told = re.findall(r"^\| `\w+` \|.*\|$", settings, re.MULTILINE)
    assert sorted(told) == sorted(row for _, row in setting_rows())


def test_reference_names_every_table_and_every_exported_field() -> None:
    tables = [
        name for file in TABLES for name in re.findall(r"^create table (\w+)", file.read_text(), re.MULTILINE)
    ]
    assert len(tables) > 15
    fields = [name for row in SHAPES.values() for name in row.model_fields]
    assert [name for name in (*tables, *fields) if f"`{name}`" not in REFERENCE] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    text = _FENCE.sub("", page.read_text(encoding="utf-8"))
    local = [link for link in _LINK.findall(text) if not re.match(r"https?:|mailto:", link)]
    assert [link for link in local if not _leads_somewhere(page, link)] == []


def _leads_somewhere(page: Path, link: str) -> bool:
    path, _, anchor = link.partition("#")
    target = (page.parent / path).resolve() if path else page
    if not target.exists() or not anchor:
        return target.exists()
    heads = re.findall(r"^#+ (.+)$", target.read_text(encoding="utf-8"), re.MULTILINE)
    return anchor in {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize(("page", "arguments"), sorted(set(command_lines())), ids=str)
def test_command_lines_parse(
    page: str, arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for variable in ("EARSHOT_CONFIG", "EARSHOT_DATA_DIR"):
        monkeypatch.setenv(variable, "")  # put back afterwards, whatever the command line sets
    monkeypatch.delenv("EARSHOT_LOG", raising=False)
    assert main([*arguments, "--help"]) == 0, capsys.readouterr().err


def test_there_are_command_lines_on_every_page_for_users() -> None:
    pages = {page for page, _ in command_lines()}
    assert {"README.md", "quickstart.md", "operations.md"} <= pages


@pytest.mark.parametrize("block", blocks("toml"), ids=lambda block: block.page)
def test_settings_files_load(block: Block) -> None:
    values = tomllib.loads(block.text)
    assert values
    Settings.model_validate(values)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_settings_named_in_the_text_are_there(page: Path) -> None:
    there = {(name, row.split("`")[1]) for name, row in setting_rows()}
    assert [one for one in _NAMED.findall(page.read_text(encoding="utf-8")) if one not in there] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_addresses_named_in_the_text_are_there(page: Path) -> None:
    paths = [getattr(route, "path_regex", None) for router in ROUTERS for route in router.routes]
    named = {m[1] for m in _ADDRESS.finditer(page.read_text(encoding="utf-8"))} - _NO_PAGES
    assert [one for one in named if not any(path and path.fullmatch(one) for path in paths)] == []


def test_a_wrong_command_line_would_be_noticed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "--no-such-option", "--help"]) == 2
    assert main(["no-such-command", "--help"]) == 2
    assert "no-such" in capsys.readouterr().err
