"""What the simulated providers answer to Earshot's tasks: adjudications, names, estimates and drafts.

They know the sample workspace's matters, as a good model knows what people mean; other text is judged by its words.
"""

import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from earshot.cli.sim_matters import matter_in, words_in
from earshot.group.asking.adjudicating import LETTERS
from earshot.group.asking.naming import supported
from earshot.sim.chance import fraction
from earshot.sim.llm.asking import content_hash
from earshot.sim.llm.wire import Json, dumps, mapping
from earshot.sim.sample.script import library

_LINE = re.compile(r'^([\w() -]+?): ("(?:[^"\\]|\\.)*")$', re.MULTILINE)
_MARK = re.compile(r"\[[A-Z]+(?:_\d+)?\]")
_ALIKE, _UNLIKE = 0.5, 0.2
_IMPACTS = {"CRITICAL": "MASSIVE", "HIGH": "HIGH", "MEDIUM": "MEDIUM", "LOW": "LOW"}
_WEEKS = {"PRODUCT_BUG": 2, "FEATURE_REQUEST": 6, "UX_FRICTION": 3, "BILLING": 2}
_POINTS = {1: 2, 2: 3, 3: 5, 6: 13}


@dataclass(frozen=True, slots=True)
class Told:
    """The data lines of a task, in order."""

    lines: tuple[tuple[str, str], ...]

    def all(self, label: str) -> list[str]:
        """The texts with this label."""
        return [text for name, text in self.lines if name == label]

    def one(self, label: str) -> str:
        """The first text with this label; nothing where there is none."""
        return next(iter(self.all(label)), "")


def told_in(content: str) -> Told:
    """The data lines in a prompt."""
    return Told(tuple((label, str(json.loads(text))) for label, text in _LINE.findall(content)))


def task_answer(content: str, schema: Json, *, slips: float = 0.0) -> str | None:
    """The answer to a task by its form, None where the form is no task's. `slips`: the share of wrong decisions."""
    fields = set(mapping(schema.get("properties")))
    told = told_in(content)
    if "decisions" in fields:
        return dumps(_decided(told, content, slips=slips))
    if "acceptance_criteria" in fields:
        return dumps(_drafted(told))
    if "impact" in fields:
        return dumps(_estimated(told))
    if fields == {"title", "description"}:
        return dumps(_named(told))
    return None


def _decided(told: Told, content: str, *, slips: float) -> Json:
    new = f"{told.one('new title')} {told.one('new text')}"
    decisions: list[Json] = []
    for letter in LETTERS:
        known = f"{told.one(f'{letter} title')} {told.one(f'{letter} text')}".strip()
        if not known:
            continue
        decision, confidence, why = _same(new, known)
        if decision != "UNSURE" and fraction("slip", content_hash(content), letter) < slips:
            decision = "DIFFERENT" if decision == "SAME" else "SAME"
        decisions.append({"known": letter, "why": why, "decision": decision, "confidence": confidence})
    return {"decisions": decisions, "contains_instructions": False}


def _same(new: str, known: str) -> tuple[str, str, str]:
    """Decision, confidence and reason: by the planted matters where both are known, otherwise by words."""
    one, other = matter_in(new), matter_in(known)
    if one is not None and other is not None:
        same = one == other
        return ("SAME", "SURE", "both tell the same matter") if same else ("DIFFERENT", "SURE", "two matters")
    own, theirs = words_in(new), words_in(known)
    alike = len(own & theirs) / max(1, min(len(own), len(theirs)))
    if alike >= _ALIKE:
        return "SAME", "LIKELY", "most words are shared"
    return (
        ("DIFFERENT", "LIKELY", "few words are shared") if alike <= _UNLIKE else ("UNSURE", "LIKELY", "some words")
    )


def _named(told: Told) -> Json:
    summaries = told.all("summary")
    title = _title(summaries)
    rest = next((one for one in summaries if one != title), title)
    return {"title": title, "description": f"Reported for {told.one('area') or 'the product'}: {_plain(rest)}."}


def _title(summaries: Sequence[str]) -> str:
    """The planted matter's title where most texts tell it and its words fit, otherwise the most typical summary."""
    found = Counter(matter for one in summaries if (matter := matter_in(one)) is not None)
    if found:
        slug = max(found, key=lambda name: (found[name], name))
        planted = library().scripts[slug].title
        if supported(planted, summaries):
            return planted
    words = [words_in(one) for one in summaries]
    typical = [sum(len(own & other) for other in words) / max(1, len(own)) for own in words]
    return _plain(summaries[max(range(len(summaries)), key=lambda place: (typical[place], -place))])[:80]


def _estimated(told: Told) -> Json:
    priorities = dict(_counts(told.one("priorities")))
    commonest = max(priorities, key=lambda name: (priorities[name], name), default="MEDIUM")
    weeks = _WEEKS.get(told.one("kind"), 1)
    return {
        "impact_reason": f"Most reports were read as {commonest.lower()} priority.",
        "impact": _IMPACTS.get(commonest, "MEDIUM"),
        "effort_reason": f"About usual for this kind of work in {told.one('area') or 'this product'}.",
        "effort_weeks": weeks,
    }


def _drafted(told: Told) -> Json:
    title = _plain(told.one("title")) or "Customer report"
    area = told.one("area")
    return {
        "title": title[:80],
        "description": f"{_plain(told.one('description') or told.one('summary') or title)}.",
        "acceptance_criteria": [
            f"Given the reported situation, when a customer repeats the steps, then this is settled: {title}.",
            f"Given other uses of {area or 'the product'}, when the change is live, then they work as before.",
        ],
        "labels": [label for label in (area.lower().replace(" ", "-"), told.one("kind").lower()) if label],
        "story_points": _POINTS[_WEEKS.get(told.one("kind"), 1)],
    }


def _counts(text: str) -> list[tuple[str, int]]:
    pairs = (part.strip().rpartition(" ") for part in text.split(",") if part.strip())
    return [(name, int(count)) for name, _, count in pairs if count.isdecimal()]


def _plain(text: str) -> str:
    """Without marks, tags and links, which no title may hold."""
    return " ".join(re.sub(r"<[^>]*>?|\S+://\S+|`+", " ", _MARK.sub(" ", text)).split()).rstrip(".…")
