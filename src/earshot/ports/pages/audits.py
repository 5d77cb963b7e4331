"""The store's side of audits: drawing from what was read, and keeping samples, labels and rulings."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from earshot.domain.label import Labelling, Member, Ruling, Sample, SampleKind
from earshot.domain.model import Noun


class Candidate(Noun):
    """A conversation that may be drawn: its stratum, its rank by chance there, and how many the stratum holds.

    Of `member`, place and probability are still to be filled in.
    """

    member: Member
    rank: int
    population: int


class Progress(Noun):
    """A sample and how far people are: members left (erased ones are gone), labelled by one, labelled by two."""

    sample: Sample
    members: int
    labelled: int
    twice: int
    skipped: int

    @property
    def finished(self) -> bool:
        """Whether somebody labelled or skipped each member."""
        return self.labelled + self.skipped >= self.members


class Audits(Protocol):
    """Samples and what people say of them."""

    async def candidates(
        self, since: datetime, until: datetime, *, seed: str, most: int, strata: Sequence[str], timeless: bool
    ) -> list[Candidate]:
        """The first `most` of each stratum in an order that `seed` alone decides. Examples are left out.

        `strata` names what parts the conversations: issue_type, urgency. `timeless`: also what came without times.
        """
        ...

    async def waiting(self, since: datetime, until: datetime, *, most: int) -> int:
        """Conversations of the window that are still to be read, counted up to `most`."""
        ...

    async def add(self, sample: Sample, members: Sequence[Member]) -> bool:
        """Keep a new sample; False, and nothing kept, where that week has one already."""
        ...

    async def weekly(self, since: datetime) -> Sample | None:
        """The sample of the week that begins then."""
        ...

    async def samples(self, *, kind: SampleKind | None = None, limit: int) -> list[Progress]:
        """Samples, the latest window first, each with how far people are."""
        ...

    async def sample(self, sample_id: str) -> Sample | None:
        """One sample."""
        ...

    async def members(self, sample_ids: Sequence[str]) -> list[Member]:
        """The members of samples in the order of labelling."""
        ...

    async def labellings(self, sample_ids: Sequence[str]) -> list[Labelling]:
        """What people said, oldest first."""
        ...

    async def rulings(self, sample_ids: Sequence[str]) -> list[Ruling]:
        """What counts as true of members."""
        ...

    async def label(self, one: Labelling) -> bool:
        """Keep what a person says, in place of what the same person said before; False: no such member."""
        ...

    async def rule(self, one: Ruling) -> bool:
        """Keep what counts as true, in place of an earlier ruling; False: no such member."""
        ...

    async def use(self, sample_id: str, conversation_id: str, *, at: datetime | None) -> bool:
        """Make a member a few-shot example, or (None) one no more; False: no such member."""
        ...

    async def examples(self) -> list[Member]:
        """All members that serve as examples, in the order in which they were chosen."""
        ...
