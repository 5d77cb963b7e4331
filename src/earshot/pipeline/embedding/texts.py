"""What is embedded: a finding's or an item's words."""

from dataclasses import dataclass

from earshot.domain.grouping import Mention


@dataclass(frozen=True, slots=True)
class Wanted:
    """A text that wants a vector, kept by `digest`. The conversation, where there is one, tells names to hide."""

    digest: str
    text: str
    conversation_id: str | None = None


CUSTOMER, AGENT = 600, 500
"""Characters of what the customer wrote and of what agents answered: small models read about 1,000 in all."""


def of_mention(mention: Mention) -> Wanted:
    """A finding: its summary, the customer's words, and what agents answered, which tells most of all."""
    told = (mention.summary, (mention.context or mention.quote or "")[:CUSTOMER], (mention.reply or "")[:AGENT])
    return Wanted(mention.digest, "\n".join(part for part in told if part), mention.conversation_id)
