"""The sections that list things: themes, critical and high-churn conversations, actions."""

from collections import Counter

from earshot.domain.action import Action, ActionStatus, Subject
from earshot.domain.report import Highlight, Report
from earshot.domain.theme import Quote, Theme
from earshot.report import links, words
from earshot.report.change import comparable, span_before, theme_change
from earshot.report.news import folded_themes, fresh, fresh_themes
from earshot.report.views import (
    Bullets,
    Link,
    Paragraph,
    Said,
    Section,
    Task,
    Tasks,
    ThemeItem,
    Themes,
    Tone,
    Voice,
    Voices,
)
from earshot.text.escape import clip, one_line
from earshot.text.subjects import stand_in

QUOTES, LINKS = 3, 20
"""How many quotes a theme shows, and how many more conversations it links to."""
QUOTE_LIMIT, TITLE_LIMIT, REASON_LIMIT, FOLDED_TITLE = 320, 140, 300, 60
UNSURE = 0.5
NEGATIVE, POSITIVE = -0.2, 0.2


def themes(report: Report) -> Section:
    """The matters raised by most conversations."""
    if not report.themes:
        text = "No themes in this window yet. Themes appear when conversations have been read and grouped:"
        return _empty("themes", "Top themes", text=text, command="earshot run")
    most = max(max(t.conversations, _before(report, t)) for t in report.themes)
    whole = {theme.id for theme in fresh_themes(report)}
    ranked = [(rank, theme) for rank, theme in enumerate(report.themes, start=1) if theme.id in whole]
    items = tuple(_theme(report, theme, rank=rank, most=most) for rank, theme in ranked)
    lead = "Matters that several conversations raise, by number of different conversations in this window."
    if comparable(report):
        lead += f" The mark on a bar is {span_before(report)}."
    return Section(
        id="themes",
        title="Top themes",
        lead=lead,
        blocks=(*((Themes(items=items),) if items else ()), *_folded(report)),
        brief=True,
    )


def _folded(report: Report) -> tuple[Bullets, ...]:
    """One line about the themes that the last report showed and that did not change."""
    known = folded_themes(report)
    if not known:
        return ()
    named = "; ".join(f"{clip(t.title, FOLDED_TITLE)} ({words.number(t.conversations)})" for t in known)
    text = f"In the last report already, without a clear change: {named}."
    return (Bullets(items=(text,), hrefs=(links.themes(report),)),)


def criticals(report: Report) -> Section:
    """Conversations of critical priority."""
    if not report.criticals:
        text = "No conversation in this window was read as critical."
        return Section(id="critical", title="Critical conversations", blocks=(_fine(report, text),), brief=True)
    lead = _shown(len(report.criticals), report.totals.critical, noun="critical conversation")
    blocks = _voices(report, report.criticals, rows=links.conversations(report, priority="CRITICAL"))
    return Section(id="critical", title="Critical conversations", lead=lead, blocks=blocks, brief=True)


def high_churn(report: Report) -> Section:
    """Conversations whose customer may leave."""
    title = "Customers who may leave"
    if not report.high_churn:
        text = "No conversation in this window was read as high churn risk."
        return Section(id="churn", title=title, blocks=(_fine(report, text),))
    lead = _shown(
        len(report.high_churn),
        report.totals.high_churn,
        noun="conversation with high churn risk",
        many=("conversations with high churn risk"),
    )
    blocks = _voices(report, report.high_churn, rows=links.conversations(report, churn_risk="HIGH"))
    return Section(id="churn", title=title, lead=lead, blocks=blocks)


def _voices(report: Report, items: tuple[Highlight, ...], *, rows: str | None) -> tuple[Voices | Bullets, ...]:
    """Conversations that were not told before, and one line about those that were; where all of them are."""
    new = fresh(report, items)
    known = len(items) - len(new)
    blocks: list[Voices | Bullets] = [Voices(items=tuple(_voice(report, h) for h in new))] if new else []
    if known:
        text = f"In the last report already: {words.count(known, 'conversation')}."
        blocks.append(Bullets(items=(text,), hrefs=(rows,)))
    elif rows:
        blocks.append(Bullets(items=("All of them, with their words",), hrefs=(rows,)))
    return tuple(blocks)


def actions(report: Report) -> Section:
    """What the rules decided, and that nothing was sent where it was not."""
    if not report.actions and not report.action_counts:
        text = "No rule decided anything in this window. See which rules are on:"
        return _empty("actions", "Actions", text=text, command="earshot rules list")
    urls, titles = _links(report), {t.id: t.title for t in report.themes}
    counts, hrefs = _action_counts(report)
    tasks = tuple(_task(report, action, urls=urls, titles=titles) for action in report.actions)
    blocks = (_dry_run(report.actions), Bullets(items=counts, hrefs=hrefs), Tasks(items=tasks))
    whole = max(len(tasks), sum(report.action_counts.values()))
    lead = f"Decided by rules about this window’s conversations, the most urgent first: {len(tasks)} of {whole}."
    if len(tasks) < whole:
        lead += " List all of them with earshot actions list."
    return Section(id="actions", title="Actions", lead=lead, blocks=blocks)


def _empty(name: str, title: str, *, text: str, command: str) -> Section:
    return Section(id=name, title=title, blocks=(Paragraph(text=text, command=command),), brief=name == "themes")


def _fine(report: Report, text: str) -> Paragraph:
    return Paragraph(text=text, tone=Tone.GOOD if report.totals.conversations else Tone.PLAIN)


def _shown(shown: int, whole: int, *, noun: str, many: str | None = None) -> str:
    if shown >= whole:
        return (
            f"All {words.count(whole, noun, many=many)} of this window."
            if whole > 1
            else f"{words.count(whole, noun, many=many)} in this window."
        )
    every = words.count(whole, noun, many=many)
    return f"{words.number(shown)} of {every}; how to list the others is said at the end."


def _before(report: Report, theme: Theme) -> int:
    return theme.previous_conversations if comparable(report) else 0


def _theme(report: Report, theme: Theme, *, rank: int, most: int) -> ThemeItem:
    change, tone = theme_change(report, theme)
    zone = report.window.timezone
    said, others = _distinct(tuple(_said(report, quote) for quote in theme.quotes))
    seen = f"first seen {_day(theme, zone)}"
    return ThemeItem(
        rank=rank,
        id=theme.id,
        title=clip(theme.title, TITLE_LIMIT),
        kind=words.issue_type(theme.issue_type),
        kind_key=theme.issue_type,
        area=one_line(theme.area) if theme.area else None,
        conversations=words.number(theme.conversations),
        change=change,
        change_tone=tone,
        customers=words.number(theme.customers),
        mrr=words.money(theme.mrr, report.currency),
        sentiment=words.score(theme.avg_sentiment),
        sentiment_tone=feeling(theme.avg_sentiment),
        segments=", ".join(words.plain(s) if s != "smb" else "SMB" for s in theme.segments),
        seen=seen,
        bar=theme.conversations / most if most else 0.0,
        bar_before=_before(report, theme) / most if most and comparable(report) else None,
        quotes=said,
        more=others,
        href=links.theme(report, theme.id),
        rows=links.conversations(report, theme=theme.id),
    )


def _distinct(said: tuple[Said, ...]) -> tuple[tuple[Said, ...], tuple[Link, ...]]:
    """The first few different quotes, and the conversations that are left."""
    different = {quote.text.casefold(): quote for quote in reversed(said)}
    shown = tuple(quote for quote in said if different[quote.text.casefold()] is quote)[:QUOTES]
    linked = {quote.link.text for quote in shown}
    others = {quote.link.text: quote.link for quote in said if quote.link.text not in linked}
    return shown, tuple(others.values())[:LINKS]


def _day(theme: Theme, zone: str) -> str:
    return words.moment(theme.first_seen, zone).split(",")[0]


def feeling(average: float | None) -> Tone:
    """Whether a score is a good or a bad sign."""
    if average is None:
        return Tone.PLAIN
    return Tone.BAD if average <= NEGATIVE else Tone.GOOD if average >= POSITIVE else Tone.PLAIN


def _said(report: Report, quote: Quote) -> Said:
    when = words.moment(quote.said_at, report.window.timezone) if quote.said_at else ""
    url = links.conversation(report, quote.conversation_id, source=quote.url)
    link = Link(text=one_line(quote.conversation_id), url=url)
    return Said(text=clip(quote.text, QUOTE_LIMIT), when=when, link=link)


def _voice(report: Report, item: Highlight) -> Voice:
    zone = report.window.timezone
    who = ", ".join(one_line(part) for part in (item.customer, item.company) if part)
    facts = [words.moment(item.said_at, zone), f"sentiment {words.score(item.sentiment_score)}"]
    if item.plan:
        facts.append(f"plan {one_line(item.plan)}")
    facts.append(f"MRR {words.money(item.mrr, report.currency)}")
    summary, quote = _once(one_line(item.summary), clip(item.quote or "", QUOTE_LIMIT))
    return Voice(
        summary=summary,
        quote=quote,
        who=who or "Unknown customer",
        facts=tuple(facts),
        tags=_tags(item),
        link=Link(
            text=one_line(item.conversation_id),
            url=links.conversation(report, item.conversation_id, source=item.url),
        ),
    )


def _once(summary: str, quote: str) -> tuple[str, str | None]:
    """Summary and quote; where both are the same words, these stand once, as a quote."""
    if quote and summary.casefold() == quote.casefold():
        return f"“{quote}”", None
    return summary, quote or None


def _tags(item: Highlight) -> tuple[tuple[str, Tone], ...]:
    tags = [(words.issue_type(item.issue_type), Tone.PLAIN)]
    tone = Tone.BAD if item.priority == "CRITICAL" else Tone.WARN if item.priority == "HIGH" else Tone.PLAIN
    tags.append((f"{words.plain(item.priority)} priority", tone))
    if item.churn_risk == "HIGH":
        tags.append(("High churn risk", Tone.WARN))
    if item.confidence < UNSURE:
        tags.append((f"reader unsure ({item.confidence:.2f})", Tone.PLAIN))
    return tuple(tags)


def _links(report: Report) -> dict[str, str | None]:
    urls = {q.conversation_id: q.url for theme in report.themes for q in theme.quotes}
    return urls | {h.conversation_id: h.url for h in (*report.criticals, *report.high_churn)}


def _dry_run(decided: tuple[Action, ...]) -> Paragraph:
    dry = sum(action.dry_run for action in decided)
    if dry == len(decided):
        return Paragraph(
            text="Dry run: these actions were decided, none of those listed was carried out.", tone=Tone.WARN
        )
    if dry:
        text = f"Dry run: {dry} of the {len(decided)} actions below were decided but not carried out."
        return Paragraph(text=text, tone=Tone.WARN)
    return Paragraph(text="Actions marked done have been carried out.")


def _action_counts(report: Report) -> tuple[tuple[str, ...], tuple[str | None, ...]]:
    """How many of each kind, and where they are."""
    counts = report.action_counts or Counter(str(action.kind) for action in report.actions)
    named = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    told = tuple(f"{words.number(n)} × {_name(key)}" for key, n in named)
    return told, tuple(links.actions(report, kind=key) for key, _ in named)


def _name(key: str) -> str:
    if key in words.STATUSES:
        return words.STATUSES[key]
    return words.ACTIONS.get(key) or words.plain(key)


def _task(report: Report, action: Action, *, urls: dict[str, str | None], titles: dict[str, str]) -> Task:
    state, tone = _state(action)
    url = links.conversation(report, action.conversation_id, source=urls.get(action.conversation_id))
    link = Link(text=one_line(action.conversation_id), url=url)
    return Task(
        what=words.ACTIONS.get(action.kind) or words.plain(action.kind),
        why=clip(action.reason, REASON_LIMIT),
        about=_about(action, titles),
        state=state,
        state_tone=tone,
        rule=one_line(action.rule),
        when=words.moment(action.created_at, report.window.timezone),
        link=link,
        href=links.action(report, action.key),
    )


def _about(action: Action, titles: dict[str, str]) -> str:
    """Its subject in words; "" for the conversation, which is linked anyway."""
    if action.subject is Subject.CONVERSATION:
        return ""
    if action.subject is Subject.THEME and action.subject_id in titles:
        return f"theme “{clip(titles[action.subject_id], TITLE_LIMIT)}”"
    return one_line(stand_in(action.subject_id) or f"{action.subject} {action.subject_id}")


def _state(action: Action) -> tuple[str, Tone]:
    if action.dry_run:
        return "dry run, not sent", Tone.PLAIN
    tones = {ActionStatus.COMPLETED: Tone.GOOD, ActionStatus.FAILED: Tone.BAD, ActionStatus.PENDING: Tone.WARN}
    return words.STATUSES[action.status], tones.get(action.status, Tone.PLAIN)
