"""A backlog item as Markdown, in the guide's shape: customer impact, evidence, conversations, quotes."""

from collections.abc import Iterator

from earshot.domain.backlog import BacklogItem, Evidence, Link
from earshot.domain.customer import Segment
from earshot.domain.theme import Quote
from earshot.text.escape import for_markdown as md
from earshot.text.escape import safe_url, visible
from earshot.text.wording import counted, money, mood, number, weeks


def render_markdown(item: BacklogItem, *, currency: str = "USD", heading: bool = False) -> str:
    """The item for people and trackers; every customer's word shows as itself. `heading` puts the title on top."""
    parts = [f"# {md(item.text.title)}"] if heading else []
    parts += [
        _part("Customer Impact", _paragraphs(item.text.description)),
        _part("Evidence", _evidence(item.evidence, currency)),
        _part("Conversations", _conversations(item.evidence)),
        _part("Representative Quotes", _quotes(item.evidence.quotes)),
        _part("Acceptance Criteria", (f"- {md(text)}" for text in item.text.acceptance_criteria)),
        _part("RICE", _rice(item)),
    ]
    return "\n\n".join(filter(None, parts)) + "\n"


def _part(title: str, lines: Iterator[str]) -> str:
    body = "\n".join(lines)
    return f"**{title}**\n{body}" if body else ""


def _paragraphs(text: str) -> Iterator[str]:
    return (md(line) for line in visible(text).split("\n"))


def _evidence(evidence: Evidence, currency: str) -> Iterator[str]:
    conversations, days = counted(evidence.conversations, "conversation"), counted(evidence.days, "day")
    first, last = evidence.first_seen, evidence.last_seen
    yield f"- Reported in {conversations} over {days} ({first:%Y-%m-%d} to {last:%Y-%m-%d})"
    if evidence.avg_sentiment is not None:
        yield f"- Average sentiment: {evidence.avg_sentiment:.2f} ({mood(evidence.avg_sentiment)})"
    enterprise = evidence.segments.get(Segment.ENTERPRISE, 0)
    among = f", {enterprise:,} of them enterprise" if enterprise else ""
    revenue = f" (est. {md(money(evidence.mrr, currency))} MRR)" if evidence.mrr is not None else ""
    yield f"- Affects {counted(evidence.customers, 'customer account')}{among}{revenue}"


def _conversations(evidence: Evidence) -> Iterator[str]:
    for link in evidence.links:
        yield f"- {_link(link)}"
    more = evidence.conversations - len(evidence.links)
    if evidence.links and more > 0:
        yield f"- and {more:,} more"


def _link(link: Link | Quote) -> str:
    url = safe_url(link.url)
    return f"<{url}>" if url else md(link.conversation_id)


def _quotes(quotes: tuple[Quote, ...]) -> Iterator[str]:
    for at, quote in enumerate(quotes):
        if at:
            yield ""
        *first, last = visible(quote.text).split("\n")
        yield from (f"> {line}" for line in (*map(md, first), f"{md(last)}  "))
        yield f"> — {_link(quote)}"


def _rice(item: BacklogItem) -> Iterator[str]:
    if item.rice is None:
        return
    score = item.rice.score
    yield (
        f"Score {score.rice_score:,.2f} (reach {number(score.reach)}, impact {number(score.impact)}, confidence "
        f"{number(score.confidence)}, effort {weeks(score.effort_weeks)})"
    )
    yield ""
    yield from (f"- {md(line)}" for line in item.rice.lines)
