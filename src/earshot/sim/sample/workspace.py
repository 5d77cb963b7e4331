"""Puts the sample workspace together: cast, plans, truths, and conversations rendered when asked for."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from earshot.sim.sample.envelope import Envelope, conversation_id
from earshot.sim.sample.people import DAY, Cast, cast_for
from earshot.sim.sample.plan import Plan, Planner, truths
from earshot.sim.sample.script import Library, library
from earshot.sim.workspace import Json, Matter, SimWorkspace


@dataclass(frozen=True)
class SampleConversations:
    """The conversations in order of time; each walk renders them anew, so 100,000 need little memory."""

    plans: list[Plan]
    texts: Library
    cast: Cast
    seed: int
    until: int

    def __len__(self) -> int:
        return len(self.plans)

    def __iter__(self) -> Iterator[Json]:
        return (self[number] for number in range(len(self.plans)))

    def __getitem__(self, number: int) -> Json:
        """The conversation at one place, the same whenever it is asked for."""
        plan = self.plans[number]
        return Envelope(number, plan, library=self.texts, cast=self.cast, seed=self.seed, until=self.until).render()


def generate(*, conversations: int = 600, seed: int = 7, now: datetime) -> SimWorkspace:
    """A workspace of this many conversations over the ninety days before `now`; same seed and now, same result."""
    texts = library()
    cast = cast_for(texts, conversations=conversations, seed=seed, now=now)
    plans = Planner(texts, cast, seed=seed, now=now).plans(conversations)
    gone = range(conversations, conversations + max(3, conversations // 150))
    return SimWorkspace(
        app=cast.app,
        admins=cast.admins,
        teams=cast.teams,
        tags=cast.tags,
        contacts=[*cast.contacts, *cast.staff],
        companies=cast.companies,
        conversations=SampleConversations(plans, texts, cast, seed, int(now.timestamp())),
        deleted={conversation_id(number): int(now.timestamp()) - (number % 80) * DAY for number in gone},
        merged=cast.merged,
        truths=truths(((conversation_id(n), plan) for n, plan in enumerate(plans)), texts),
        matters=[Matter(s.slug, s.issue_type, s.area, s.title) for s in texts.scripts.values()],
    )
