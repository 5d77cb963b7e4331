"""How a mention is told to the likeness, and the term counts by which words are weighed."""

from collections.abc import Sequence

from earshot.domain.grouping import Mention
from earshot.domain.theme import Lexicon
from earshot.group.likeness.learned import learnt
from earshot.group.likeness.told import Told, counted
from earshot.group.rarity import Rarity, grown
from earshot.group.vocabulary import Vocabulary

_AGAIN = 2
"""Words are weighed anew when there are so many times more mentions than when they were last weighed."""

_FEW = 50
"""So few mentions more are never enough to weigh anew."""

_MOST = 20_000
"""So many mentions are enough to weigh words by."""


def told(mention: Mention) -> Told:
    """The mention as a text to compare."""
    return Told(
        title=mention.summary,
        body="\n".join(filter(None, (mention.quote, mention.context))),
        kind=mention.issue_type,
        area=mention.area,
        reply=mention.reply or "",
    )


def lexicon_of(mentions: Sequence[Mention], lexicon: Lexicon, *, words: Vocabulary, most: int) -> Lexicon:
    """The term counts to weigh by: the stored ones, until there are many more mentions; then counted afresh.

    Between two countings weights stand still, so that the same pair always gets the same probability.
    """
    if lexicon.documents and min(len(mentions), _MOST) < lexicon.documents * _AGAIN + _FEW:
        return lexicon
    return fresh_lexicon(mentions, words=words, most=most)


def fresh_lexicon(mentions: Sequence[Mention], *, words: Vocabulary, most: int) -> Lexicon:
    """The term counts of these mentions; of many, an even part of them is counted."""
    ordered = sorted(mentions, key=lambda mention: mention.rank)
    every = -(-len(ordered) // _MOST)
    return lexicon_from([told(mention) for mention in ordered[:: max(1, every)]], words=words, most=most)


def lexicon_from(texts: Sequence[Told], *, words: Vocabulary, most: int) -> Lexicon:
    """The term counts of these texts, and what their words mean beside each other."""
    parts = (counted(text, words) for text in texts)
    said = [(part.terms, part.reply) for part in parts]  # the rest takes much room
    lexicon = grown(Lexicon(), (reply | terms for terms, reply in said), most=most)
    rarity = Rarity(lexicon)
    meanings = learnt([rarity.unit(terms) for terms, _ in said])
    kept = {term: meaning for term, meaning in meanings.items() if term in lexicon.frequencies}
    return lexicon.model_copy(update={"meanings": kept})
