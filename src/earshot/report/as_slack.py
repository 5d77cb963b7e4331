"""The report as Slack blocks: the news, the numbers and the first of each list, well within Slack's limits."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from earshot.domain.report import Report
from earshot.report.sections import page
from earshot.report.subject import subject
from earshot.report.views import (
    Block,
    Bullets,
    Facts,
    KeyFigure,
    KeyFigures,
    Page,
    Paragraph,
    Section,
    Table,
    ThemeItem,
    Themes,
    Voice,
    Voices,
)
from earshot.text.escape import clip, one_line, safe_url
from earshot.text.render.mrkdwn import escape

Json = dict[str, Any]
MOST_BLOCKS: Final = 45
MOST_CHARACTERS: Final = 9_000
"""Over all blocks: Slack refuses above some 13,000, whatever its single limits say."""
_TEXT, _HEADER, _FALLBACK = 2_900, 148, 2_900
_THEMES, _VOICES, _ROWS, _LINES = 5, 4, 5, 8
_SHOWN: Final = frozenset(
    {"news", "numbers", "themes", "movers", "critical", "churn", "accounts", "done", "completeness"}
)


def to_slack(report: Report) -> tuple[Json, ...]:
    """The blocks of the message. Customers' words are text only: no mention, link or markup comes from them."""
    shown = page(report)
    blocks: list[Json] = []
    left = MOST_CHARACTERS
    foot = list(_foot(shown))
    for block in _blocks(report, shown):
        left -= _size(block)
        if left < 0 or len(blocks) + len(foot) >= MOST_BLOCKS:
            break
        blocks.append(block)
    return (*blocks, *foot)


def to_slack_text(report: Report) -> str:
    """What notifications show, and what is sent where blocks are refused."""
    shown = page(report)
    lines = [subject(report), *(f"• {text}" for text in shown.headline.also)]
    address = [f"<{shown.address}|Open the report>"] if shown.address else []
    return "\n".join([escape(clip(line, 300)) for line in lines] + address)[:_FALLBACK]


def _blocks(report: Report, shown: Page) -> Iterator[Json]:
    head = clip(subject(report), _HEADER)
    yield {"type": "header", "text": {"type": "plain_text", "text": head, "emoji": False}}
    yield _context(f"{escape(shown.workspace)} · {escape(shown.span)} · {escape(shown.timezone)}")
    yield _text(f"*{escape(clip(shown.headline.sentence, 300))}*")
    for warning in shown.warnings:
        yield _text(f"⚠ {escape(warning.text)}")
    for section in shown.sections:
        if section.id in _SHOWN:
            yield from _section(section)


def _section(section: Section) -> Iterator[Json]:
    told = [json for block in section.blocks if type(block) in _WRITERS for json in _WRITERS[type(block)](block)]
    if told:
        yield {"type": "divider"}
        yield _text(f"*{escape(section.title)}*")
        yield from told


def _paragraph(block: Paragraph) -> Iterator[Json]:
    yield _text(escape(clip(block.text, _TEXT // 2)))


def _bullets(block: Bullets) -> Iterator[Json]:
    lines = [f"• {_to(href, clip(text, 240))}" for text, href in block.linked[:_LINES]]
    yield _text(_fitting(lines))


def _figures(block: KeyFigures) -> Iterator[Json]:
    yield {"type": "section", "fields": [_mrkdwn(_figure(one)) for one in block.items[:10]]}


def _figure(one: KeyFigure) -> str:
    change = f"\n{escape(one.change)}" if one.change else ""
    return f"*{escape(one.label)}*\n{_to(one.href, one.value)}{change}\n_{escape(clip(one.certainty[0], 120))}_"


def _themes(block: Themes) -> Iterator[Json]:
    for one in block.items[:_THEMES]:
        yield _text(_theme(one))


def _theme(one: ThemeItem) -> str:
    change = f" ({escape(one.change)})" if one.change else ""
    count = _to(one.rows, one.counted)
    lines = [
        f"*{one.rank}. {_to(one.href, clip(one.title, 110))}*",
        f"{count}{change} · {one.raised_by} · MRR {escape(one.mrr)}",
        *(f">“{escape(clip(said.text, 200))}”" for said in one.quotes[:1]),
    ]
    return "\n".join(lines)


def _voices(block: Voices) -> Iterator[Json]:
    for one in block.items[:_VOICES]:
        yield _text(_voice(one))


def _voice(one: Voice) -> str:
    quote = f"\n>“{escape(clip(one.quote, 200))}”" if one.quote else ""
    return f"• {_to(one.link.url, clip(one.summary, 160))} ({escape(clip(one.who, 80))}){quote}"


def _table(block: Table) -> Iterator[Json]:
    if block.folded or not block.rows:
        return
    heads = [column.name for column in block.columns]
    lines = [
        "• "
        + " · ".join(
            f"{'' if at == 0 else escape(head) + ' '}{_to(cell.href, clip(cell.text, 110))}"
            for at, (head, cell) in enumerate(zip(heads, row, strict=True))
        )
        for row in block.rows[:_ROWS]
    ]
    more = len(block.rows) - _ROWS
    yield _text(_fitting([*lines, *([f"and {more} more"] if more > 0 else [])]))


def _facts(block: Facts) -> Iterator[Json]:
    yield _context(" · ".join(f"{escape(one.term)} {escape(one.value)}" for one in block.items[:6]))


def _foot(shown: Page) -> Iterator[Json]:
    if shown.address:
        yield _text(f"<{_address(shown.address)}|Open the whole report>")


def _to(href: str | None, text: str) -> str:
    """A text, as a link where it leads somewhere."""
    told = escape(one_line(text))
    safe = safe_url(href)
    return f"<{_address(safe)}|{told.replace('|', '¦')}>" if safe and told else told


def _address(href: str) -> str:
    """An address inside a link of Slack's; it stays the same address."""
    return href.replace("&", "&amp;").replace("<", "%3C").replace(">", "%3E").replace("|", "%7C")


def _fitting(lines: Sequence[str]) -> str:
    """As many whole lines as fit a text: no link or entity is cut through."""
    kept: list[str] = []
    left = _TEXT
    for line in lines:
        left -= len(line) + 1
        if left < 0:
            break
        kept.append(line)
    return "\n".join(kept) or "–"


def _text(text: str) -> Json:
    return {"type": "section", "text": _mrkdwn(text)}


def _context(text: str) -> Json:
    return {"type": "context", "elements": [_mrkdwn(text)]}


def _mrkdwn(text: str) -> Json:
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _size(block: Json) -> int:
    """Characters of all texts within."""
    texts = [block.get("text"), *block.get("fields", ()), *block.get("elements", ())]
    return sum(len(one["text"]) for one in texts if one)


_WRITERS: Final[dict[type[Block], Callable[[Any], Iterator[Json]]]] = {
    Paragraph: _paragraph,
    Bullets: _bullets,
    KeyFigures: _figures,
    Themes: _themes,
    Voices: _voices,
    Table: _table,
    Facts: _facts,
}
