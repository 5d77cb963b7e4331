"""Reads the sample workspace's text files: matters with their openings, and pools of loose lines.

A block begins with `== name`. In a pool, lines begin with `-`. In a block about a matter, `:key value` lines set
its facts and the other lines begin with a mark: `>` an opening, `~` the same matter as an aside, `+` what the
customer adds later, `<` what the team answers, `=` how it is put right, `@` an e-mail subject. After `>` may stand
a language and labels that differ from the matter's own: `>de:H-!` is German, HIGH, NEGATIVE, about to leave.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib import resources

PRIORITIES = {"C": "CRITICAL", "H": "HIGH", "M": "MEDIUM", "L": "LOW"}
SENTIMENTS = {"--": "VERY_NEGATIVE", "-": "NEGATIVE", "=": "NEUTRAL", "+": "POSITIVE", "++": "VERY_POSITIVE"}
OPENING = re.compile(r"^>(?:([a-z]{2}):)?([CHML]?)(--|-|=|\+\+|\+)?(!?) (.+)$")
FOLDER = "text"


@dataclass(frozen=True, slots=True)
class Opening:
    """One whole hand-written opening message, before its slots are filled; labels say what it carries."""

    text: str
    language: str
    priority: str
    sentiment: str
    leaving: bool


@dataclass
class Script:
    """Everything written for one matter."""

    slug: str
    issue_type: str
    area: str
    title: str
    count: int
    priority: str
    sentiment: str
    spike: int | None
    openings: list[Opening] = field(default_factory=list[Opening])
    asides: list[str] = field(default_factory=list[str])
    details: list[str] = field(default_factory=list[str])
    answers: list[str] = field(default_factory=list[str])
    remedies: list[str] = field(default_factory=list[str])
    subjects: list[str] = field(default_factory=list[str])

    def spoken(self, language: str) -> list[int]:
        """The places of the openings in one language."""
        return [place for place, opening in enumerate(self.openings) if opening.language == language]


@dataclass(frozen=True)
class Library:
    """All scripts by slug, in file order, and all pools by name."""

    scripts: dict[str, Script]
    pools: dict[str, tuple[str, ...]]


def _blocks(text: str) -> Iterator[tuple[str, list[str]]]:
    for block in re.split(r"^== ", text, flags=re.MULTILINE)[1:]:
        name, *lines = block.splitlines()
        yield name.strip(), [line.strip() for line in lines if line.strip()]


def _opening(line: str, script: Script) -> Opening:
    match = OPENING.match(line)
    if match is None:
        raise ValueError(f"not an opening: {line!r}")
    language, priority, sentiment, leaving, text = match.groups()
    return Opening(
        text=text,
        language=language or "en",
        priority=PRIORITIES.get(priority, script.priority),
        sentiment=SENTIMENTS.get(sentiment or "", script.sentiment),
        leaving=bool(leaving),
    )


def _facts(lines: list[str]) -> dict[str, str]:
    pairs = (line[1:].partition(" ") for line in lines if line.startswith(":"))
    return {key: value.strip() for key, _, value in pairs}


def _begin(slug: str, facts: dict[str, str]) -> Script:
    return Script(
        slug=slug,
        issue_type=facts["type"],
        area=facts["area"],
        title=facts["title"],
        count=int(facts["count"]),
        priority=PRIORITIES[facts["prio"]],
        sentiment=SENTIMENTS[facts.get("mood", "=")],
        spike=int(facts["spike"]) if "spike" in facts else None,
    )


def _extend(script: Script, lines: list[str]) -> None:
    lists = {
        "~": script.asides,
        "+": script.details,
        "<": script.answers,
        "=": script.remedies,
        "@": script.subjects,
    }
    for line in lines:
        if line.startswith(">"):
            script.openings.append(_opening(line, script))
        elif line[0] in lists:
            lists[line[0]].append(line[1:].strip())
        elif line[0] != ":":
            raise ValueError(f"unknown mark in {script.slug}: {line!r}")


def parse(texts: list[str]) -> Library:
    """The library written in these texts; a later block of a known slug adds to it."""
    scripts: dict[str, Script] = {}
    pools: dict[str, tuple[str, ...]] = {}
    for text in texts:
        for name, lines in _blocks(text):
            if lines and lines[0].startswith("- "):
                pools[name] = tuple(line[2:].strip() for line in lines)
                continue
            if name not in scripts:
                scripts[name] = _begin(name, _facts(lines))
            _extend(scripts[name], lines)
    return Library(scripts=scripts, pools=pools)


@cache
def library() -> Library:
    """The texts shipped with the package, matters before their additions in other languages."""
    folder = resources.files("earshot.sim.sample").joinpath(FOLDER)
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".txt"))
    return parse([folder.joinpath(name).read_text(encoding="utf-8") for name in names])
