"""Who says what, in what order, in one sample conversation: turns before they become Intercom's JSON."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from random import Random

from earshot.sim.sample.dice import dice
from earshot.sim.sample.people import Json
from earshot.sim.sample.plan import Plan
from earshot.sim.sample.script import Library, Script
from earshot.sim.sample.wording import Wording, typed_by

WORDLESS = "∅"
GREETED = re.compile(r"(hi|hello|hey|hallo|dear|fwd|forwarding|good (day|evening|morning))\b", re.IGNORECASE)
SILENT = {"other-wordless", "other-empty"}
GAPS = {"customer": (120, 9_000), "colleague": (300, 20_000), "admin": (240, 30_000), "bot": (2, 9), "fin": (4, 20)}


@dataclass(slots=True)
class Turn:
    """One message or event. `who` is customer, colleague, admin, bot, fin or nobody; text None is an event."""

    who: str
    part_type: str
    text: str | None = None
    subject: str = ""
    files: int = 0
    inline: bool = False
    redacted: bool = False
    extra: Json = field(default_factory=dict[str, object])
    gap: int = 0


class Dialogue:
    """Writes the turns of one plan; the first is the opening message (Intercom's `source`)."""

    def __init__(self, plan: Plan, *, library: Library, wording: Wording, rng: Random) -> None:
        self._plan = plan
        self._library = library
        self._say = wording
        self._rng = rng
        self._suffix = "" if plan.language == "en" else f".{plan.language}"
        self._answered: set[str] = set()

    def turns(self) -> list[Turn]:
        """The whole conversation with the gaps between its turns."""
        writers = {
            "matter": self._matter,
            "spam": self._spam,
            "own staff": self._own_staff,
            "unanswered outbound": self._unanswered,
        }
        turns = list(writers[self._plan.kind]())
        for turn in turns[1:]:
            low, high = GAPS.get(turn.who, (1, 4))
            turn.gap = turn.gap or self._rng.randint(low, high)
        return turns

    def _spam(self) -> Iterator[Turn]:
        yield Turn("customer", "source", self._say.pool("spam"), subject=self._say.pool("spam.subject"))
        if self._rng.random() < 0.6:
            yield Turn("bot", "assignment", extra={"team": "Spam"})
            yield Turn("admin", "close")

    def _own_staff(self) -> Iterator[Turn]:
        yield Turn("customer", "source", self._say.pool("staff.test"))
        if self._rng.random() < 0.5:
            yield Turn("admin", "comment", self._say.pool("staff.test.answer"))
        yield Turn("admin", "close")

    def _unanswered(self) -> Iterator[Turn]:
        yield Turn("admin", "source", self._say.pool("outbound"))
        if self._rng.random() < 0.25:
            yield Turn("admin", "close")

    def _matter(self) -> Iterator[Turn]:
        plan, script = self._plan, self._library.scripts[self._plan.slug]
        opening = self._opening(script)
        if plan.delivered_as != "customer_initiated":
            bot = plan.delivered_as == "operator_initiated"
            yield Turn("bot" if bot else "admin", "source", self._say.pool("outbound" if not bot else "bot.invite"))
            opening = replace(opening, part_type="comment")
        yield opening
        if plan.marathon:
            yield from self._marathon()
        if script.slug in SILENT:
            return
        yield from self._reception(script)
        unheard = plan.ending == "none" and not plan.resolved and self._rng.random() < 0.16
        if plan.twin or unheard:
            return
        yield from self._service(script)

    def _opening(self, script: Script) -> Turn:
        raw = script.openings[self._plan.opening].text
        if raw == WORDLESS:
            return Turn("customer", "source", "", files=1)
        key = dice(self._plan.key)
        text = typed_by(self._say.fill(raw), self._plan.habit, rng=key)
        if script.slug not in SILENT:
            text = self._framed(text, key)
        subject = self._say.line(script.subjects) if script.subjects and not self._suffix else ""
        pictured = script.issue_type in {"PRODUCT_BUG", "UX_FRICTION"} and self._rng.random() < 0.14
        return Turn(
            "customer", "source", text, subject=subject, files=int(self._rng.random() < 0.07), inline=pictured
        )

    def _framed(self, text: str, key: Random) -> str:
        """Put what surrounds the matter round it: greeting, second matter, personal data, injection, close."""
        plan, say = self._plan, self._say
        blocks = [text]
        if key.random() < 0.5 and not GREETED.match(text):
            blocks[0] = f"{say.pool(f'hello{self._suffix}')}{key.choice((' ', chr(10), chr(10) * 2))}{text}"
        if plan.aside:
            blocks.append(f"{say.pool('also')} {say.line(self._library.scripts[plan.aside].asides)}")
        blocks += [self._private(item) for item in plan.personal]
        if plan.injection >= 0:
            lines = self._library.pools["injection"]
            blocks.append(say.fill(lines[plan.injection % len(lines)]))
        if plan.twin:
            blocks.append(say.pool("nudge"))
        elif key.random() < (0.35 if plan.channel == "conversation" else 0.75):
            blocks.append(say.pool(f"bye{self._suffix}"))
        return ("\n\n" if plan.channel == "email" or len(text) > 160 else "\n").join(blocks)

    def _private(self, item: str) -> str:
        kind, _, value = item.partition(":")
        return self._say.pool(f"personal.{kind}").replace("<>", value)

    def _reception(self, script: Script) -> Iterator[Turn]:
        """What machines do before a person reads: routing, detection, a bot's greeting, Fin's try."""
        rng = self._rng
        if rng.random() < 0.3:
            yield Turn("bot", "language_detection_details", extra={"event": {"detected": self._plan.language}})
        if rng.random() < 0.35:
            yield Turn("bot", "conversation_attribute_updated_by_workflow", extra={"attribute": script.area})
        if rng.random() < 0.04:
            yield Turn("bot", "copilot_hint_shown")
        if not self._suffix and rng.random() < 0.2:
            yield Turn("bot", "comment", self._say.pool("bot.hello"))
        if not self._suffix and script.issue_type != "OTHER" and rng.random() < 0.22:
            yield from self._fin(script)
        if rng.random() < 0.4:
            team = "Finance" if script.issue_type == "BILLING" else "Support"
            yield Turn("bot", "default_assignment" if rng.random() < 0.3 else "assignment", extra={"team": team})

    def _fin(self, script: Script) -> Iterator[Turn]:
        trouble = script.issue_type == "PRODUCT_BUG"
        answer = self._say.pool("fin.trouble") if trouble else self._new_answer(script)
        yield Turn("fin", "comment", self._say.pool("fin.frame").replace("<>", answer))
        if self._rng.random() < 0.6:
            yield Turn(
                "customer", "quick_reply" if self._rng.random() < 0.3 else "comment", self._say.pool("fin.human")
            )
            yield Turn("fin", "comment", self._say.pool("fin.handover"))

    def _service(self, script: Script) -> Iterator[Turn]:
        rng, plan = self._rng, self._plan
        if rng.random() < 0.22:
            yield Turn("admin", "note", self._say.pool("note"))
        yield from self._answer(script)
        if rng.random() < 0.1:
            yield Turn("admin", "snoozed")
            yield Turn("bot", "timer_unsnooze", gap=rng.randint(40_000, 90_000))
        if script.details and not self._suffix and rng.random() < 0.62:
            who = "colleague" if rng.random() < 0.12 else "customer"
            yield Turn(who, "comment", self._say.line(script.details), files=int(rng.random() < 0.12))
        if not self._suffix:
            yield from self._second(script)
        yield from self._ending(script)
        if plan.resolved or rng.random() < 0.15:
            yield from self._close()

    def _answer(self, script: Script) -> Iterator[Turn]:
        if self._suffix:
            yield Turn("admin", "comment", self._say.pool(f"reply{self._suffix}"))
            return
        parts = [self._say.pool("agent.hello"), self._new_answer(script)]
        trouble = script.issue_type in {"PRODUCT_BUG", "ACCOUNT_ACCESS", "UX_FRICTION"}
        if trouble and self._rng.random() < 0.4:
            parts.insert(1, self._say.pool("agent.sorry"))
        if script.issue_type == "PRODUCT_BUG" and self._rng.random() < 0.6:
            parts.append(self._say.pool("agent.ask"))
        if self._rng.random() < 0.6:
            parts.append(self._say.pool("agent.bye"))
        kind = "assignment" if self._rng.random() < 0.12 else "comment"
        extra = {"team": "Support"} if kind == "assignment" else {}
        yield Turn("admin", kind, self._joined(parts), extra=extra, redacted=self._rng.random() < 0.008)

    def _new_answer(self, script: Script) -> str:
        """An answer to this matter that was not given before in this conversation."""
        fresh = [line for line in script.answers if line not in self._answered]
        if not fresh:
            return self._say.pool("agent.look")
        line = self._say.chosen(fresh)
        self._answered.add(line)
        return self._say.fill(line)

    def _second(self, script: Script) -> Iterator[Turn]:
        if self._plan.ending in {"fed up", "threat", "furious"}:
            if script.issue_type in {"PRODUCT_BUG", "ACCOUNT_ACCESS", "BILLING"}:
                yield Turn("admin", "comment", self._say.pool("agent.wait"))
        elif self._plan.resolved:
            remedy = self._say.line(script.remedies or self._library.pools[f"final.{script.issue_type}"])
            yield Turn("admin", "comment", self._joined([remedy, self._say.pool("agent.bye")]))
        elif self._rng.random() < 0.5:
            yield Turn("admin", "note_and_reopen" if self._rng.random() < 0.2 else "note", self._say.pool("note"))

    def _joined(self, parts: list[str]) -> str:
        return self._rng.choice(("\n\n", " ", "\n")).join(parts)

    def _ending(self, script: Script) -> Iterator[Turn]:
        ending = self._plan.ending
        if ending == "none":
            return
        if self._suffix:
            yield Turn("customer", "comment", self._say.pool(f"thanks{self._suffix}"))
            return
        name = f"ending.{ending.replace(' ', '_')}"
        special = f"{name}.{script.issue_type}"
        yield Turn("customer", "comment", self._say.pool(special if special in self._library.pools else name))
        if ending in {"threat", "furious"} and self._rng.random() < 0.6:
            yield Turn(
                "admin", "assign_and_reopen", self._say.pool("agent.save"), extra={"team": "Customer success"}
            )

    def _close(self) -> Iterator[Turn]:
        with_words = not self._suffix and self._rng.random() < 0.2
        yield Turn("admin", "close", self._say.pool("agent.closing") if with_words else None)
        if self._rng.random() < 0.2:
            yield Turn("customer", "conversation_rating_changed", extra={"rating": self._score()})
        elif self._rng.random() < 0.05:
            yield Turn("customer", "open")

    def _score(self) -> int:
        return {"delighted": 5, "thanks": self._rng.choice((4, 5))}.get(self._plan.ending, self._rng.randint(2, 5))

    def _marathon(self) -> Iterator[Turn]:
        """A shared channel that never ends: more parts than the API returns."""
        for number in range(540):
            yield Turn("admin" if number % 4 == 3 else "customer", "comment", self._say.pool("chatter"), gap=90)
