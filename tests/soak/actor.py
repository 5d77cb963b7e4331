"""The life of a simulated workspace: people write, agents answer; closing, redacting, merging, deleting."""

import asyncio
import html
import random
import re
from collections import Counter
from dataclasses import replace
from datetime import datetime

from earshot.sim.intercom import changes, shape
from earshot.sim.intercom.answers import Refusal
from earshot.sim.intercom.simulator import IntercomSim
from earshot.sim.sample import generate
from earshot.sim.workspace import Json, SimWorkspace

DAY = 86_400
MOST_PARTS = 60
_TAG = re.compile(r"<[^>]+>")
_AGENT = ("Thanks, we are looking into it.", "Could you send us a screenshot?", "This is fixed now, please try.")
_WEIGHTS: dict[str, int] = {
    "create": 30, "reply": 26, "answer": 14, "close": 7, "note": 4, "touch": 3, "tag": 3, "rate": 3, "redact": 3,
    "delete": 3, "bot": 2, "merge": 1, "forget": 1, "rename": 1,
}  # fmt: skip


def workspace(*, conversations: int, seed: int, now: datetime) -> tuple[SimWorkspace, list[str]]:
    """A sample workspace with this many conversations, each with words of its own, and texts for more."""
    sample = generate(conversations=600, seed=seed, now=now)
    texts = [plain(talk["source"]["body"]) for talk in sample.conversations if _is_from_customer(talk)]
    dice, stamp = random.Random(seed), int(now.timestamp())
    talks: list[Json] = []
    for number in range(conversations):
        at = stamp - dice.randrange(3_600, 25 * DAY)
        who = dice.choice(sample.contacts)
        talks.append(
            opened(str(1_000_000_000 + number), f"{dice.choice(texts)} Case {number}.", at=at, contact=who)
        )
    return replace(sample, conversations=talks, deleted={}, truths=[], matters=[]), texts


def plain(body: str) -> str:
    """The words of a body."""
    return " ".join(html.unescape(_TAG.sub(" ", body)).split())


def opened(conversation_id: str, text: str, *, at: int, contact: Json) -> Json:
    """A conversation that a customer begins."""
    author = shape.author_of(contact, "user")
    opening = shape.source(f"{conversation_id}0", "customer_initiated", author=author, said=shape.spoken(text))
    return shape.conversation(conversation_id, at, opening=opening, contact=contact)


def _is_from_customer(talk: Json) -> bool:
    return talk["source"]["author"]["type"] == "user" and bool(talk["source"]["body"])


class Actor:
    """Changes the workspace, which tells of it by webhook where Intercom does. `done` counts what it did."""

    def __init__(self, sim: IntercomSim, texts: list[str], *, seed: int) -> None:
        self.sim = sim
        self.done: Counter[str] = Counter()
        self._texts, self._dice, self._case = texts, random.Random(seed), 1_000_000
        self._names, self._chances = list(_WEIGHTS), list(_WEIGHTS.values())

    async def live(self, *, per_second: float, stop: asyncio.Event) -> None:
        """Change something again and again, in uneven bursts, until `stop`."""
        while not stop.is_set():
            for _ in range(self._dice.choice((1, 1, 1, 1, 2, 3, 8))):
                self.act()
            try:
                await asyncio.wait_for(stop.wait(), self._dice.expovariate(per_second / 2.4))
            except TimeoutError:
                continue

    def act(self, what: str | None = None) -> None:
        """One change, of a random kind unless told."""
        name = what or self._dice.choices(self._names, self._chances)[0]
        try:
            getattr(self, f"_{name}")()
        except Refusal:
            return  # what it is about went a moment ago
        self.done[name] += 1

    def create(self, text: str) -> str:
        """A new conversation with these words; its id."""
        return str(self.sim.begin(text, contact_id=self._contact())["id"])

    def _create(self) -> None:
        self.create(self._words())

    def _reply(self) -> None:
        self.sim.reply(self._any(), "customer", text=self._words())

    def _answer(self) -> None:
        self.sim.reply(self._any(), "agent", text=self._dice.choice(_AGENT))

    def _note(self) -> None:
        self.sim.reply(self._any(), "note", text="Seen before, see the handbook.")

    def _bot(self) -> None:
        self.sim.reply(self._any(), "bot", text="You will hear from us soon.")

    def _close(self) -> None:
        self.sim.set_state(self._any(), self._dice.choice(("close", "close", "open", "snoozed")))

    def _touch(self) -> None:
        self.sim.touch(self._any())

    def _tag(self) -> None:
        one, part, at = self._any(), self.sim.new_id(), self.sim.now()
        label, author = (
            self._dice.choice(self._tags()),
            shape.author_of(next(iter(self.sim.admins.values())), "admin"),
        )
        self.sim.change(one, lambda talk: changes.tag(talk, part, label=label, author=author, at=at))

    def _rate(self) -> None:
        self.sim.rate(self._any(), self._dice.randint(1, 5))

    def _redact(self) -> None:
        self.sim.redact(self._any())

    def _delete(self) -> None:
        self.sim.delete(self._any())

    def _merge(self) -> None:
        self.sim.merge_contact(self._contact(), self._contact())

    def _forget(self) -> None:
        targets = {self.sim.canonical(one) for one in self.sim.merged}
        self.sim.delete_contact(self._dice.choice(sorted(set(self.sim.contacts) - set(self.sim.merged) - targets)))

    def _rename(self) -> None:
        self.sim.update_contact(self._contact(), {"name": f"Renamed {self._dice.randrange(10_000)}"})

    def _words(self) -> str:
        self._case += 1
        return f"{self._dice.choice(self._texts)} Case {self._case}."

    def _contact(self) -> str:
        """A contact that was not merged into another."""
        return str(self._dice.choice(sorted(set(self.sim.contacts) - set(self.sim.merged))))

    def _any(self) -> str:
        """A conversation; new ones more often, as in life, and none that grows without end."""
        ids = self.sim.shelf.ids()
        for _ in range(20):
            place = int(len(ids) * (1 - self._dice.random() ** 2))
            one = ids[min(place, len(ids) - 1)]
            if self._parts(one) < MOST_PARTS:
                return one
        return self._dice.choice(ids)

    def _parts(self, conversation_id: str) -> int:
        talk = self.sim.shelf.open_up(self.sim.record(conversation_id))
        return len(talk["conversation_parts"]["conversation_parts"])

    def _tags(self) -> list[Json]:
        """Tags that do not keep a conversation from being read."""
        return [tag for tag in self.sim.tags.values() if tag["name"].casefold() not in {"spam", "test"}]
