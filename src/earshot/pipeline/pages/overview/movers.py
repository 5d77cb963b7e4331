"""Themes that rise and fall, which of these changes are real, and what lies behind a change of a figure."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from earshot.pipeline.pages.overview.keys import Tallies, sentiment_z
from earshot.pipeline.pages.overview.spans import Spans
from earshot.ports.pages.overview import Moved, Movements
from earshot.report import words
from earshot.report.change import CLEAR, NEUTRAL
from earshot.report.intervals import count_z
from earshot.report.rising import FALSE_SHARE, real
from earshot.report.views import Tone
from earshot.text.escape import clip

LEAST = 5
"""Conversations in both windows together with which a theme's change can show at all."""
SHOWN = 5
TITLE = 90


@dataclass(frozen=True, kw_only=True)
class Mover:
    """A theme that moved. `told` is the change in words; `new`: first heard of in this window."""

    title: str
    href: str
    kind: str
    now: int
    now_href: str
    before: int
    before_href: str
    told: str
    tone: Tone
    new: bool


@dataclass(frozen=True, kw_only=True)
class Movers:
    """What rises and what falls beyond chance, and how many themes were looked at for it."""

    rising: tuple[Mover, ...]
    falling: tuple[Mover, ...]
    looked: int
    false_share: float = FALSE_SHARE


@dataclass(frozen=True, kw_only=True)
class Reason:
    """What changed beyond chance, and what lies behind it: sentences, each with the address of its rows."""

    text: str
    href: str
    tone: Tone
    behind: tuple[tuple[str, str], ...] = ()


def movers(spans: Spans, movements: Movements) -> Movers:
    """The themes whose change is real, the surest first."""
    scores = [count_z(one.now, one.before) for one in movements.themes]
    kept = real(scores, looked=movements.looked)
    moved = [one for one, is_real in zip(movements.themes, kept, strict=True) if is_real]
    return Movers(
        rising=tuple(_mover(spans, one) for one in moved if one.now > one.before)[:SHOWN],
        falling=tuple(_mover(spans, one) for one in moved if one.now < one.before)[:SHOWN],
        looked=movements.looked,
    )


def reasons(spans: Spans, tallies: tuple[Tallies, Tallies], *, themes: Sequence[Moved]) -> tuple[Reason, ...]:
    """What changed beyond chance, issue types by how surely, then sentiment; with the themes behind it."""
    found = [_of_kind(spans, kind, tallies=tallies, themes=themes) for kind in _kinds(*tallies)]
    kept = sorted((pair for pair in found if pair is not None), key=lambda pair: -abs(pair[0]))
    tempers = _of_sentiment(spans, now=tallies[0], before=tallies[1])
    return (*(reason for _, reason in kept), *tempers)


def theme_href(theme_id: str) -> str:
    """The address of a theme."""
    return f"/themes/{quote(theme_id, safe='')}"


def _kinds(now: Tallies, before: Tallies) -> list[str]:
    return words.in_order({one.value for one in (*now.kinds, *before.kinds)})


def _of_kind(
    spans: Spans, kind: str, *, tallies: tuple[Tallies, Tallies], themes: Sequence[Moved]
) -> tuple[float, Reason] | None:
    counts = [found.n if (found := one.kind(kind)) else 0 for one in tallies]
    z = count_z(counts[0], counts[1])
    if abs(z) < CLEAR:
        return None
    verb = "rose" if z > 0 else "fell"
    text = f"{words.issue_types(kind)} {verb} from {words.number(counts[1])} to {words.number(counts[0])}"
    bad, good = (Tone.PLAIN, Tone.PLAIN) if kind in NEUTRAL else (Tone.BAD, Tone.GOOD)
    behind = _behind(kind, counts[0] - counts[1], themes=themes)
    href = spans.conversations(issue_type=kind)
    return z, Reason(text=text, href=href, tone=bad if z > 0 else good, behind=behind)


def _behind(kind: str, difference: int, *, themes: Sequence[Moved]) -> tuple[tuple[str, str], ...]:
    """The themes of the type that moved the same way, the largest part first."""
    same = [one for one in themes if one.issue_type == kind and (one.now - one.before) * difference > 0]
    same.sort(key=lambda one: -abs(one.now - one.before))
    return tuple(
        (f"{words.signed(one.now - one.before)}: {clip(one.title, TITLE)}", theme_href(one.theme_id))
        for one in same[:2]
        if abs(one.now - one.before) >= max(2, abs(difference) // 10)
    )


def _of_sentiment(spans: Spans, *, now: Tallies, before: Tallies) -> tuple[Reason, ...]:
    z = sentiment_z(now, before)
    if abs(z) < CLEAR or now.mean is None or before.mean is None:
        return ()
    verb, tone = ("rose", Tone.GOOD) if z > 0 else ("fell", Tone.BAD)
    text = f"Average sentiment {verb} from {words.score(before.mean)} to {words.score(now.mean)}"
    parts = [(_part(kind, now=now, before=before), kind) for kind in _kinds(now, before)]
    same = sorted((pair for pair in parts if pair[0] * z > 0), key=lambda pair: -abs(pair[0]))[:2]
    behind = tuple(
        (f"{words.signed(part, 2)} by {words.issue_types(kind).lower()}", spans.conversations(issue_type=kind))
        for part, kind in same
        if abs(part) >= 0.01
    )
    return (Reason(text=text, href="#sentiment", tone=tone, behind=behind),)


def _part(kind: str, *, now: Tallies, before: Tallies) -> float:
    """How much of the change of the average comes from one issue type: the parts of all types add up to it."""
    base = before.mean or 0.0

    def pulled(tallies: Tallies) -> float:
        found = tallies.kind(kind)
        return (found.score - found.n * base) / tallies.n if found and tallies.n else 0.0

    return pulled(now) - pulled(before)


def _mover(spans: Spans, one: Moved) -> Mover:
    new = one.before == 0 and one.first_seen is not None and one.first_seen >= spans.now.start
    neutral = one.issue_type in NEUTRAL
    tone = Tone.PLAIN if neutral else Tone.BAD if one.now > one.before else Tone.GOOD
    ratio = f" ({words.signed((one.now - one.before) / one.before * 100)}%)" if one.before >= 10 else ""
    return Mover(
        title=one.title,
        href=theme_href(one.theme_id),
        kind=one.issue_type,
        now=one.now,
        now_href=spans.conversations(theme=one.theme_id),
        before=one.before,
        before_href=spans.earlier(theme=one.theme_id),
        told="new" if new else f"{words.signed(one.now - one.before)}{ratio}",
        tone=tone,
        new=new,
    )
