"""Composes labelled conversations from the training text, by seed."""

import random
import re
from dataclasses import dataclass, field
from pathlib import Path

from earshot.classify.local.phrases import parse
from earshot.classify.local.zones import Zones

TEXT = Path(__file__).parent / "text"
SLOT = re.compile(r"\{(\w+)\}")
CLASSES = ("PRODUCT_BUG", "ACCOUNT_ACCESS", "BILLING", "FEATURE_REQUEST", "UX_FRICTION", "USAGE_QUESTION", "OTHER")
FILES = {
    "PRODUCT_BUG": "bug", "ACCOUNT_ACCESS": "access", "BILLING": "billing", "FEATURE_REQUEST": "feature",
    "UX_FRICTION": "ux", "USAGE_QUESTION": "usage", "OTHER": "other",
}  # fmt: skip
SHARE = {
    "PRODUCT_BUG": 0.26, "USAGE_QUESTION": 0.23, "FEATURE_REQUEST": 0.18, "ACCOUNT_ACCESS": 0.095,
    "BILLING": 0.095, "UX_FRICTION": 0.075, "OTHER": 0.065,
}  # fmt: skip
SEVERITY = {
    "PRODUCT_BUG": {"critical": 0.06, "high": 0.28, "medium": 0.58, "low": 0.08},
    "USAGE_QUESTION": {"low": 0.65, "medium": 0.35},
    "FEATURE_REQUEST": {"low": 0.5, "medium": 0.5},
    "ACCOUNT_ACCESS": {"critical": 0.05, "high": 0.5, "medium": 0.3, "low": 0.15},
    "BILLING": {"critical": 0.08, "high": 0.34, "medium": 0.42, "low": 0.16},
    "UX_FRICTION": {"medium": 0.25, "low": 0.75},
    "OTHER": {"high": 0.15, "medium": 0.35, "low": 0.5},
}
NEGATIVE = {
    "PRODUCT_BUG": 0.3, "USAGE_QUESTION": 0.08, "FEATURE_REQUEST": 0.3, "ACCOUNT_ACCESS": 0.25, "BILLING": 0.4,
    "UX_FRICTION": 0.45, "OTHER": 0.35,
}  # fmt: skip
POSITIVE = {
    "PRODUCT_BUG": 0.04, "USAGE_QUESTION": 0.08, "FEATURE_REQUEST": 0.10, "ACCOUNT_ACCESS": 0.03, "BILLING": 0.03,
    "UX_FRICTION": 0.05, "OTHER": 0.45,
}  # fmt: skip
LEVELS = ("LOW", "MEDIUM", "HIGH", "CRITICAL")


@dataclass
class Sample:
    """A composed conversation, as zones, with its labels."""

    zones: Zones
    issue_type: str
    priority: str
    sentiment: str
    churn_risk: str


@dataclass
class Draft:
    """What is being composed."""

    opening: list[str] = field(default_factory=list)
    later: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    agent: list[str] = field(default_factory=list)
    feeling: float = 0.0
    leaving: bool = False
    urgent: bool = False
    minor: bool = False
    solved: bool = False
    unresolved: bool = False
    language: str = ""


def _half(lines: list[str], part: int) -> list[str]:
    """Every second line, so that two halves share no wording; short banks are kept whole."""
    return lines if len(lines) < 6 else lines[part::2]


class Writer:
    """Picks lines from the banks and fills their slots."""

    def __init__(self, rng: random.Random, part: int | None = None) -> None:
        self.rng = rng
        self.banks: dict[str, dict[str, list[str]]] = {}
        for path in sorted(TEXT.glob("*.txt")):
            name = path.stem if path.stem.startswith("lang_") else path.stem.split("_")[0]
            bank = self.banks.setdefault(name, {})
            for section, lines in parse(path.read_text("utf-8")).items():
                bank.setdefault(section, []).extend(lines)
        self.slots = {**self.banks.pop("slots"), **self.banks["common"]}
        if part is not None:
            for bank in self.banks.values():
                for section, lines in bank.items():
                    bank[section] = _half(lines, part)
        self.languages = sorted(name for name in self.banks if name.startswith("lang_"))

    def line(self, bank: str, section: str) -> str:
        """One filled line."""
        return self.fill(self.rng.choice(self.banks[bank][section]))

    def some(self, bank: str, section: str, *, chance: float, most: int = 1) -> list[str]:
        """Up to `most` lines, each with a chance."""
        return [self.line(bank, section) for _ in range(most) if self.rng.random() < chance]

    def fill(self, text: str) -> str:
        """Replace slots, also those inside of slot values."""
        while SLOT.search(text):
            text = SLOT.sub(lambda m: self.rng.choice(self.slots[m[1]]), text)
        return text


def _matter(writer: Writer, draft: Draft, *, kind: str, severity: str) -> None:
    rng, bank = writer.rng, FILES[kind]
    draft.opening += writer.some("common", "context", chance=0.3)
    draft.opening.append(writer.line(bank, severity))
    draft.opening += writer.some(bank, "detail", chance=0.5, most=rng.choice((1, 2, 3, 4)))
    draft.opening += writer.some(bank, "ask", chance=0.5)
    if rng.random() < 0.12:
        draft.opening.append(writer.line(bank, severity))


def _foreign(writer: Writer, draft: Draft, *, kind: str, severity: str) -> str:
    """An opening in another language; returns the severity that was to be had."""
    rng = writer.rng
    bank = writer.banks[draft.language]
    if f"{kind}.{severity}" not in bank:
        severity = rng.choice([name.split(".")[1] for name in bank if name.startswith(kind)])
    draft.opening += [writer.line(draft.language, f"{kind}.{severity}") for _ in range(rng.choice((1, 1, 2)))]
    draft.opening += writer.some(draft.language, "closing", chance=0.4)
    return severity


def _feelings(writer: Writer, draft: Draft, kind: str) -> None:
    rng = writer.rng
    common = draft.language or "common"
    if rng.random() < NEGATIVE[kind]:
        place = draft.opening if rng.random() < 0.7 else draft.later
        place += [writer.line(common, "neg") for _ in range(rng.choice((1, 1, 2, 3)))]
        draft.feeling -= 1
        if rng.random() < 0.1:
            place += [writer.line("common", "vneg") for _ in range(rng.choice((1, 2)))]
            draft.feeling -= 2
        if rng.random() < 0.25:
            place.append(writer.line(common, "leave"))
            draft.leaving = True
    elif rng.random() < 0.04:
        draft.opening.append(writer.line(common, "leave"))
        draft.leaving = True
    elif rng.random() < POSITIVE[kind]:
        much = rng.random() < 0.2
        draft.opening += [writer.line(common, "pos") for _ in range(rng.choice((1, 1, 2)))]
        draft.opening += [writer.line("common", "vpos") for _ in range(rng.choice((1, 2)))] if much else []
        draft.feeling += 3 if much else 1.2
    _weight(writer, draft)


def _weight(writer: Writer, draft: Draft) -> None:
    """How pressing the customer says it is; sometimes the order of the opening is mixed."""
    rng = writer.rng
    if rng.random() < 0.08:
        draft.opening.append(writer.line("common", "urgent"))
        draft.urgent = True
    elif rng.random() < 0.07:
        draft.opening.append(writer.line("common", "minor"))
        draft.minor = True
    if rng.random() < 0.3:
        rng.shuffle(draft.opening)


def _exchange(writer: Writer, draft: Draft, kind: str) -> None:
    rng, bank = writer.rng, FILES[kind]
    if rng.random() < 0.8:
        draft.agent += writer.some("common", "agentopen", chance=0.4)
        draft.agent += [writer.line(bank, "agent") for _ in range(rng.choice((1, 1, 2, 3, 4)))]
        draft.agent += writer.some("common", "agentclose", chance=0.35)
        draft.agent += writer.some("common", "dm", chance=0.06)
        if rng.random() < 0.2:
            draft.agent.append(writer.line(FILES[rng.choice(CLASSES)], "agent"))
    draft.later += writer.some(bank, "followup", chance=0.5, most=rng.choice((1, 2, 4)))
    if rng.random() < (0.45 if kind == "FEATURE_REQUEST" else 0.2) and "other" in writer.banks[bank]:
        draft.others += [writer.line(bank, "other") for _ in range(rng.choice((1, 2, 3, 5)))]
        if rng.random() < 0.35:
            draft.others += [writer.line("common", "neg") for _ in range(rng.choice((1, 2)))]
            draft.feeling -= 0.8
        if rng.random() < 0.12:
            draft.others.append(writer.line("common", "leave"))
            draft.leaving = True
    _ending(writer, draft, kind)


def _ending(writer: Writer, draft: Draft, kind: str) -> None:
    rng = writer.rng
    roll = rng.random()
    if roll < 0.3:
        draft.later.append(writer.line("common", "solved"))
        draft.solved = True
    elif roll < 0.45 and kind != "FEATURE_REQUEST":
        draft.later += [writer.line("common", "unresolved") for _ in range(rng.choice((1, 2)))]
        draft.unresolved = True
        draft.feeling -= 0.35
    if rng.random() < (0.24 if draft.solved else 0.03):
        draft.later += [writer.line("common", "pos") for _ in range(rng.choice((1, 2)))]
        draft.feeling += 1.6
    if rng.random() < 0.012:
        draft.later.append(writer.line("common", "vpos"))
        draft.feeling += 3


def _sentiment(draft: Draft) -> str:
    if draft.feeling <= -2.5:
        return "VERY_NEGATIVE"
    if draft.feeling <= -0.7:
        return "NEGATIVE"
    if draft.feeling >= 2.9:
        return "VERY_POSITIVE"
    return "POSITIVE" if draft.feeling >= 0.6 else "NEUTRAL"


def _priority(draft: Draft, kind: str, severity: str) -> str:
    level = LEVELS.index(severity.upper())
    if kind == "FEATURE_REQUEST" and (draft.others or draft.feeling <= -0.7):
        level = max(level, 1)
    if kind == "USAGE_QUESTION" and draft.feeling >= 0.6:
        level = 0
    if draft.urgent:
        level = max(level, 2)
    if draft.minor:
        level = max(0, min(level, 3) - 1)
    return LEVELS[level]


def _churn(draft: Draft, priority: str) -> str:
    if draft.leaving or draft.feeling <= -2.5:
        return "HIGH"
    if draft.feeling <= -0.7:
        return "LOW" if priority == "LOW" else "MEDIUM"
    pressing = priority in {"CRITICAL", "HIGH"}
    return "MEDIUM" if pressing and not draft.solved and (draft.unresolved or not draft.agent) else "LOW"


def _typos(rng: random.Random, text: str, rate: float) -> str:
    letters = list(text)
    for place in range(len(letters) - 1):
        if letters[place].isalpha() and rng.random() < rate:
            choice = rng.random()
            if choice < 0.4:
                letters[place], letters[place + 1] = letters[place + 1], letters[place]
            elif choice < 0.7:
                letters[place] = ""
            else:
                letters[place] *= 2
    return "".join(letters)


def _zones(writer: Writer, draft: Draft, kind: str) -> Zones:
    rng = writer.rng
    style = rng.choices(("forum", "mail", "chat", "tweet"), (0.45, 0.2, 0.2, 0.15))[0]
    titled = style in {"forum", "mail"} and not draft.language and rng.random() < 0.9
    title = writer.line(FILES[kind], "title") if titled else ""
    if style in {"forum", "mail"}:
        opening = [*writer.some("common", "greeting", chance=0.5), *draft.opening]
        opening += writer.some("common", "closing", chance=0.5)
        joined = rng.choice((" ", " ", "\n", "\n\n")).join(opening)
    elif style == "tweet":
        kept = draft.opening[:3]
        if writer.rng.random() < 0.8:
            kept[0] = writer.fill("{brand} ") + kept[0]
        joined, draft.later = " ".join(kept), [*draft.opening[3:], *draft.later]
    else:
        joined = "\n".join([*writer.some("common", "greeting", chance=0.4), *draft.opening])
    if rng.random() < 0.25:
        joined = joined.lower()
    if rng.random() < 0.2:
        joined = _typos(rng, joined, 0.015)
    return Zones(
        title=title, opening=joined, later="\n".join(draft.later), others="\n".join(draft.others),
        agent="\n".join(draft.agent), last=draft.later[-1] if draft.later else "",
        own_messages=1 + len(draft.later), other_messages=len(draft.others), agent_messages=(len(draft.agent) + 1) // 2,
        answered_last=rng.random() < 0.5,
    )  # fmt: skip


def compose(count: int, seed: int, part: int | None = None) -> list[Sample]:
    """That many labelled conversations; the same seed gives the same ones.

    `part` 0 or 1 uses only one half of the lines: what one half teaches can be tested on the other's wording.
    """
    rng = random.Random(seed)
    writer = Writer(rng, part)
    return [_sample(writer) for _ in range(count)]


def _sample(writer: Writer) -> Sample:
    rng = writer.rng
    kind = rng.choices(list(SHARE), list(SHARE.values()))[0]
    severity = rng.choices(list(SEVERITY[kind]), list(SEVERITY[kind].values()))[0]
    draft = Draft(language=rng.choice(writer.languages) if rng.random() < 0.1 else "")
    if draft.language:
        severity = _foreign(writer, draft, kind=kind, severity=severity)
    else:
        _matter(writer, draft, kind=kind, severity=severity)
    _feelings(writer, draft, kind)
    if rng.random() < 0.65:
        _exchange(writer, draft, kind)
    priority = _priority(draft, kind, severity)
    labels = (priority, _sentiment(draft), _churn(draft, priority))
    return Sample(_zones(writer, draft, kind), kind, *labels)
