"""What grouping works with: mentions of matters, where each was placed and why, people's edits, lineage."""

import hashlib
from datetime import datetime
from enum import StrEnum

from earshot.domain.model import Noun
from earshot.domain.reading import IssueType
from earshot.domain.theme import Lexicon

Rank = tuple[datetime, str, int]
"""The canonical order of mentions: when it was said, the conversation, the place in it. Never when it arrived."""


class Mention(Noun):
    """A stored finding as grouping sees it: one conversation mentions one matter.

    `context` is what the customer wrote in the conversation, from its beginning; `reply` what human agents answered
    (the same matter often gets the same answer). Both are cut at 1,200 characters and given only with a
    conversation's own (first) matter.
    """

    id: int
    conversation_id: str
    position: int = 0
    issue_type: IssueType
    area: str | None = None
    summary: str
    quote: str | None = None
    context: str | None = None
    reply: str | None = None
    said_at: datetime

    @property
    def rank(self) -> Rank:
        """Its place in the canonical order."""
        return self.said_at, self.conversation_id, self.position

    @property
    def digest(self) -> str:
        """32 hex digits over what is compared: equal text, equal digest, in whatever conversation."""
        told = (
            self.issue_type,
            self.area or "",
            self.summary,
            self.quote or "",
            self.context or "",
            self.reply or "",
        )
        return text_digest(*told)


def text_digest(*parts: str) -> str:
    """32 hex digits that stand for a text; verdicts are kept by it, so that they outlive rows."""
    return hashlib.sha256("\x1f".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]


class Decider(StrEnum):
    """Who decided that two texts tell the same matter, or not."""

    SCORE = "score"
    MODEL = "model"
    PERSON = "person"


class Placement(Noun):
    """Where a mention was put, how sure that is, and why. Probabilities are calibrated, 0 to 1.

    `probability` is None for the mention that founded its cell. `core` mentions make up a cell's centre; their
    `vector` (384 half floats, little-endian) is searched by the database; others carry none.
    """

    mention_id: int
    cell_id: str
    probability: float | None = None
    runner_up: str | None = None
    runner_up_probability: float | None = None
    decided_by: Decider = Decider.SCORE
    reason: str = ""
    core: bool = False
    vector: bytes | None = None


class ThemeHead(Noun):
    """What a theme is called. `named_by` says who named it: score means extracted from its summaries.

    `named_size` is how many mentions it had when it was named, so that a name is due only when it really changed;
    `asked_size` how many when a model was last asked for a name, whatever came of it (0: never).
    """

    id: str
    issue_type: IssueType
    area: str | None = None
    title: str
    description: str = ""
    named_by: Decider = Decider.SCORE
    named_size: int = 0
    asked_size: int = 0


class EditKind(StrEnum):
    """What a person can do to themes."""

    MERGE = "merge"
    SPLIT = "split"
    MOVE = "move"
    RENAME = "rename"


class Edit(Noun):
    """A person's change to the themes. It is data, obeyed by every later run, until it is undone.

    merge: theme `theme_id` goes into `into_id`. split and move: what the `conversations` mention of `theme_id`
    belongs to `into_id` (new in a split), and those two never join. rename: `theme_id` is called `title`.
    """

    id: str
    kind: EditKind
    theme_id: str
    into_id: str | None = None
    conversations: tuple[str, ...] = ()
    title: str | None = None
    description: str | None = None
    actor: str
    reason: str = ""
    made_at: datetime
    undone_at: datetime | None = None


class Change(StrEnum):
    """What can happen to a theme. JOINED: two turned out to be one by later evidence; MERGED: a person said so."""

    BORN = "born"
    JOINED = "joined"
    MERGED = "merged"
    SPLIT = "split"
    MOVED = "moved"
    RENAMED = "renamed"
    EMPTIED = "emptied"


class Lineage(Noun):
    """One event in a theme's life. `other_id` is the theme it went into, or came from."""

    theme_id: str
    change: Change
    other_id: str | None = None
    mentions: int = 0
    actor: str = "earshot"
    reason: str = ""
    at: datetime


class Verdict(Noun):
    """Whether two texts tell the same matter, said by a model or a person; by digests, so that it is remembered.

    `one` is a mention's digest or a theme's id, `other` the digest of a core mention or an existing item's id.
    """

    one: str
    other: str
    same: bool
    confidence: float | None = None
    reason: str = ""
    decided_by: Decider
    decided_as: str = ""
    decided_at: datetime


class Candidate(Noun):
    """What a doubtful text may be the same matter as: a cell (by its founder) or an existing item.

    `conversation_id` is the founder's: whose names are to be masked before a model sees the text.
    """

    id: str
    digest: str
    title: str
    text: str = ""
    probability: float
    conversation_id: str | None = None


class Doubt(Noun):
    """An uncertain pairing, put to the adjudicator or a person: is `text` the same matter as one of these?

    `digest` stands for the text in verdicts. It is about a mention or about a theme, whichever id is given.
    `asked_as` names the model and prompt that left it undecided: the same is not asked, and paid, again.
    """

    digest: str
    mention_id: int | None = None
    theme_id: str | None = None
    conversation_id: str | None = None
    title: str
    text: str = ""
    candidates: tuple[Candidate, ...]
    asked_as: str = ""


class Proposal(Noun):
    """Two themes that may be one matter; only proposed, never carried out by itself."""

    one_id: str
    other_id: str
    probability: float
    reason: str = ""
    proposed_at: datetime


class Partition(Noun):
    """The stored state that grouping starts from: placements by mention, the theme of each cell, names, edits.

    `conditions` is the fingerprint of what it was made with; empty where that is not known.
    """

    placements: dict[int, Placement] = {}
    cells: dict[str, str] = {}
    heads: dict[str, ThemeHead] = {}
    edits: tuple[Edit, ...] = ()
    lexicon: Lexicon = Lexicon()
    conditions: str = ""


class Regrouping(Noun):
    """The outcome of grouping: only what is new or changed.

    `cells` gives the theme of each new or moved cell, `gone` the cells that hold nothing any more. `mentions`
    gives the theme of each mention whose theme is new or changed. `lexicon` None and empty `conditions`: as before.
    """

    placements: tuple[Placement, ...] = ()
    mentions: dict[int, str] = {}
    cells: dict[str, str] = {}
    gone: tuple[str, ...] = ()
    heads: tuple[ThemeHead, ...] = ()
    lineage: tuple[Lineage, ...] = ()
    doubts: tuple[Doubt, ...] = ()
    lexicon: Lexicon | None = None
    conditions: str = ""
