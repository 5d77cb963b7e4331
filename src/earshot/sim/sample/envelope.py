"""Turns one plan and its dialogue into a conversation object as Intercom retrieves it (API 2.16)."""

import html
import re
from datetime import UTC, datetime

from earshot.sim.sample.dice import dice
from earshot.sim.sample.people import APP_ID, DOMAIN, Cast, Json
from earshot.sim.sample.plan import Plan
from earshot.sim.sample.script import Library
from earshot.sim.sample.turns import SILENT, Dialogue, Turn
from earshot.sim.sample.wording import Wording

LINK = re.compile(r"https?://[^\s<>()]+[^\s<>().,;!?]")
FILES = f"https://files.{DOMAIN}"
FIRST_ID = 215_470_000_000_000


def conversation_id(number: int) -> str:
    """The id of the n-th conversation: fifteen digits, rising with time, with gaps."""
    return str(FIRST_ID + number * 3_371 + number * number % 1_009)


def as_html(text: str) -> str:
    """The text as Intercom stores what people type: paragraphs, line breaks, lists, links, entities."""
    return "".join(_block(block) for block in text.split("\n\n") if block.strip())


def _block(block: str) -> str:
    lines = block.split("\n")
    bullets = [line[2:] for line in lines if line.startswith("- ")]
    if len(bullets) < 2:
        return f"<p>{'<br>'.join(_inline(line) for line in lines)}</p>"
    before = [line for line in lines[: lines.index(f"- {bullets[0]}")] if line]
    after = [line for line in lines[lines.index(f"- {bullets[-1]}") + 1 :] if line]
    items = "".join(f"<li>{_inline(item)}</li>" for item in bullets)
    return f"{_paragraph(before)}<ul>{items}</ul>{_paragraph(after)}"


def _paragraph(lines: list[str]) -> str:
    return f"<p>{'<br>'.join(_inline(line) for line in lines)}</p>" if lines else ""


def _inline(line: str) -> str:
    spots: list[str] = []
    at = 0
    for match in LINK.finditer(line):
        url = html.escape(match.group())
        spots += [
            _escaped(line[at : match.start()]),
            f'<a href="{url}" rel="nofollow noopener" target="_blank">{url}</a>',
        ]
        at = match.end()
    return "".join([*spots, _escaped(line[at:])])


def _escaped(text: str) -> str:
    return html.escape(text, quote=False).replace("  ", "&nbsp; ")


class Envelope:
    """Renders one conversation; made anew for each, so that any one can be rendered alone."""

    def __init__(self, number: int, plan: Plan, *, library: Library, cast: Cast, seed: int, until: int) -> None:
        self._number = number
        self._plan = plan
        self._until = until
        self._library = library
        self._cast = cast
        self._rng = dice(seed, number)
        people = cast.staff if plan.kind == "own staff" else cast.contacts
        self._contact = people[plan.contact]
        self._colleague = cast.colleague(self._contact) or self._contact
        self._admin = self._rng.choice(cast.admins[:-1])
        self._said: list[tuple[int, str]] = []
        self._clock = plan.at

    def render(self) -> Json:
        """The whole conversation object."""
        plan = self._plan
        turns = Dialogue(plan, library=self._library, wording=self._wording(), rng=self._rng).turns()
        source = self._source(turns[0])
        parts: list[Json] = []
        at, pace = float(plan.at), self._pace(turns)
        for place, turn in enumerate(turns[1:], start=1):
            at += turn.gap * pace
            self._clock = int(at)
            parts.append(self._part(place, turn, at=int(at)))
        return self._top(turns, source, parts=parts)

    def _pace(self, turns: list[Turn]) -> float:
        """How much to hurry so that the last turn is said before now."""
        length = sum(turn.gap for turn in turns)
        return min(1.0, (self._until - self._plan.at - 60) / length) if length else 1.0

    def _wording(self) -> Wording:
        name = self._contact.get("name") or "Sam"
        company = self._cast.company_of.get(self._contact["id"], {})
        known = {
            "me": name.split()[0],
            "fullname": name,
            "agent": str(self._admin["name"]).split()[0],
            "us": str(company.get("name") or self._unregistered()),
            "language": self._plan.language,
            "sign": self._cast.currency(self._contact),
        }
        return Wording(self._library, self._rng, turn=self._number, said_at=self._plan.at, known=known)

    def _unregistered(self) -> str:
        pools = self._library.pools
        return f"{self._rng.choice(pools['company.stem'])} {self._rng.choice(pools['company.trade'])}"

    def _source(self, turn: Turn) -> Json:
        plan = self._plan
        email = plan.channel == "email"
        body = self._body(turn)
        return {
            "type": plan.channel,
            "id": str(self._number * 17 + 403_918_201),
            "delivered_as": plan.delivered_as,
            "subject": f"<p>{html.escape(turn.subject, quote=False)}</p>" if email and turn.subject else "",
            "body": body,
            "author": self._author(turn),
            "attachments": self._attachments(turn),
            "url": None
            if email
            else f"https://app.{DOMAIN}/{self._rng.choice(('board', 'jobs', 'settings', 'home'))}",
            "redacted": False,
            "recipients": [{"type": "to", "email": f"help@{DOMAIN}", "name": None}] if email else [],
            "reply_to": [],
            "email_message_metadata": self._mail(turn) if email else None,
        }

    def _mail(self, turn: Turn) -> Json:
        headers = [{"type": "from", "email_address": self._contact["email"], "name": self._contact["name"]}]
        return {
            "subject": turn.subject,
            "email_address_headers": headers,
            "message_id": f"<{self._number}@post.example>",
        }

    def _body(self, turn: Turn) -> str:
        text = turn.text or ""
        email = self._plan.channel == "email"
        quoted = ""
        if email and turn.who == "customer" and turn.text and self._plan.slug not in {"", *SILENT}:
            if self._rng.random() < 0.6:
                text += "\n\n" + self._wording().pool("signature")
            if self._said and self._rng.random() < 0.55:
                quoted = self._quoted()
        body = as_html(text)
        if turn.inline:
            picture = f"{FILES}/i/{self._number}/screen.png?expires=1&amp;sig=x"
            body += f'<div class="intercom-container"><img src="{picture}"></div>'
        if turn.text:
            self._said.append((self._clock, text))
        return body + quoted

    def _quoted(self) -> str:
        at, text = self._said[-1]
        when = datetime.fromtimestamp(at, UTC)
        who, reader = str(self._admin["name"]), self._contact["name"]
        lead = self._rng.choice(
            (
                f"On {when:%a, %d %b %Y} at {when:%H:%M}, {who} from Torvane wrote:",
                f"{when:%Y-%m-%d %H:%M} GMT, {who} &lt;help@{DOMAIN}&gt;:",
                f"-----Original Message-----<br>From: {who}<br>Sent: {when:%d %B %Y %H:%M}<br>To: {reader}",
            )
        )
        return f'<div class="gmail_quote"><p>{lead}</p><blockquote>{as_html(text)}</blockquote></div>'

    def _author(self, turn: Turn) -> Json:
        if turn.who in {"customer", "colleague"}:
            person = self._contact if turn.who == "customer" else self._colleague
            name = self._cast.renamed.get(person["id"], person["id"]) if self._number % 2 else person["id"]
            return {"type": person["role"], "id": name, "name": person["name"], "email": person["email"] or ""}
        if turn.who == "admin":
            admin = self._admin
            return {"type": "admin", "id": admin["id"], "name": admin["name"], "email": admin["email"]}
        name, number = ("Fin", "814799") if turn.who == "fin" else ("Operator", "814798")
        bot = {"type": "bot", "id": number, "name": name, "email": f"operator+{APP_ID}@intercom.io"}
        return bot | ({"from_ai_agent": True, "is_ai_answer": True} if turn.who == "fin" else {})

    def _attachments(self, turn: Turn) -> list[Json]:
        name = self._rng.choice(("IMG_4471.jpg", "screenshot.png", "invoice.pdf", "export.csv"))
        kinds = {"jpg": "image/jpeg", "png": "image/png", "pdf": "application/pdf", "csv": "text/csv"}
        picture = name.endswith(("jpg", "png"))
        row = {
            "type": "upload",
            "name": name,
            "url": f"{FILES}/a/{self._number}/{name}?expires=1767225600&signature=x",
        }
        row |= {"content_type": kinds[name[-3:]], "filesize": 48_211 + self._number}
        row |= {"width": 1_080 if picture else None, "height": 720 if picture else None}
        return [dict(row) for _ in range(turn.files)]

    def _part(self, place: int, turn: Turn, *, at: int) -> Json:
        number = FIRST_ID // 7 + self._number * 1_000 + place
        closing = turn.part_type == "close"
        body = None if turn.text is None else self._body(turn)
        if turn.redacted:
            body = "<p><i>This message was deleted</i></p>"
        return {
            "type": "conversation_part",
            "id": number if self._number % 29 == 0 else str(number),
            "part_type": turn.part_type,
            "body": body,
            "created_at": at,
            "updated_at": at,
            "notified_at": at,
            "assigned_to": self._assigned(turn),
            "author": self._author(turn),
            "attachments": self._attachments(turn),
            "external_id": None,
            "redacted": turn.redacted,
            "email_message_metadata": None,
            "metadata": None,
            "state": "closed" if closing else "snoozed" if turn.part_type == "snoozed" else "open",
            "tags": [],
            "event_details": self._event(turn),
            "app_package_code": None,
        }

    def _assigned(self, turn: Turn) -> Json | None:
        if "team" not in turn.extra:
            return None
        return {"type": "team", "id": self._cast.team(turn.extra["team"])["id"]}

    def _event(self, turn: Turn) -> Json | None:
        if "attribute" in turn.extra:
            return {"attribute": {"name": "Area"}, "value": {"name": turn.extra["attribute"]}}
        return turn.extra.get("event")

    def _top(self, turns: list[Turn], source: Json, *, parts: list[Json]) -> Json:
        plan = self._plan
        state = self._state(turns)
        last = parts[-1]["created_at"] if parts else plan.at
        team = next((t.extra["team"] for t in reversed(turns) if "team" in t.extra), None)
        answered = any(turn.who == "admin" and turn.text for turn in turns)
        return {
            "type": "conversation",
            "id": conversation_id(self._number),
            "title": html.escape(turns[0].subject, quote=False) or None,
            "created_at": plan.at,
            "updated_at": last,
            "waiting_since": None if answered or state == "closed" else plan.at,
            "snoozed_until": last + 90_000 if state == "snoozed" else None,
            "open": state == "open",
            "state": state,
            "read": answered,
            "priority": "high" if self._rng.random() < 0.05 else "none",
            "admin_assignee_id": int(self._admin["id"]) if answered else 0,
            "team_assignee_id": int(self._cast.team(team)["id"]) if team else 0,
            "company": self._cast.company_of.get(self._contact["id"]) if self._rng.random() < 0.8 else None,
            "tags": self._tags(),
            "conversation_rating": self._rating(turns, last),
            "source": source,
            "contacts": {"type": "contact.list", "contacts": self._contacts(turns)},
            "teammates": self._teammates(answered=answered),
            "custom_attributes": self._attributes(turns),
            "first_contact_reply": {"created_at": plan.at, "type": plan.channel, "url": None},
            "sla_applied": None,
            "statistics": self._statistics(turns, parts),
            "linked_objects": {"type": "list", "data": [], "total_count": 0, "has_more": False},
            **self._ai(turns),
            "sales_agent_participated": False,
            "sales_agent": None,
            "channel": {"initial": plan.channel, "current": plan.channel},
            "external_references": [],
            "topics": {},
            "ticket": None,
            "conversation_parts": {
                "type": "conversation_part.list",
                "conversation_parts": parts,
                "total_count": len(parts),
            },
        }

    def _state(self, turns: list[Turn]) -> str:
        for turn in reversed(turns):
            if turn.part_type in {"close", "snoozed", "open", "timer_unsnooze"}:
                return {"close": "closed", "snoozed": "snoozed"}.get(turn.part_type, "open")
        if self._plan.kind == "matter" and len(turns) > 2 and self._rng.random() < 0.08:
            return "snoozed"
        return "open"

    def _contacts(self, turns: list[Turn]) -> list[Json]:
        joined = self._colleague is not self._contact and any(turn.who == "colleague" for turn in turns)
        people = [self._contact, *([self._colleague] if joined else [])]
        names = [self._cast.renamed.get(p["id"], p["id"]) if self._number % 2 else p["id"] for p in people]
        return [
            {"type": "contact", "id": name, "external_id": person["external_id"]}
            for name, person in zip(names, people, strict=True)
        ]

    def _teammates(self, *, answered: bool) -> Json | None:
        if not answered and self._number % 3 == 0:
            return None
        rows = [{"type": "admin", "id": self._admin["id"]}] if answered else []
        return {"type": "admin.list", "admins": rows}

    def _tags(self) -> Json:
        names = {"spam": ["spam"], "own staff": ["internal test"]}.get(self._plan.kind, [])
        if not names and self._rng.random() < 0.12:
            names = [self._rng.choice(self._cast.tags[2:])["name"]]
        rows = [self._cast.tag(name) for name in names]
        by = {"type": "admin", "id": int(self._admin["id"])}
        applied = [
            tag | {"id": int(tag["id"]) if self._number % 5 == 0 else tag["id"], "applied_at": self._plan.at + 60}
            for tag in rows
        ]
        return {"type": "tag.list", "tags": [tag | {"applied_by": by} for tag in applied]}

    def _rating(self, turns: list[Turn], at: int) -> Json | None:
        score = next((t.extra["rating"] for t in turns if "rating" in t.extra), None)
        if score is None:
            return None
        contact = {"type": "contact", "id": self._contact["id"], "external_id": self._contact["external_id"]}
        row = {"rating": score, "remark": None, "created_at": at, "updated_at": at, "contact": contact}
        return row | {"teammate": {"type": "admin", "id": int(self._admin["id"])}}

    def _attributes(self, turns: list[Turn]) -> Json:
        area = next((t.extra["attribute"] for t in turns if "attribute" in t.extra), None)
        return ({"Area": area} if area else {}) | ({"CX Score rating": 3} if self._number % 11 == 0 else {})

    def _ai(self, turns: list[Turn]) -> Json:
        spoke = any(turn.who == "fin" for turn in turns)
        row: Json = {"ai_agent_participated": spoke, "ai_agent": None}
        if spoke:
            handed = sum(turn.who == "fin" for turn in turns) > 1
            row["ai_agent"] = {
                "source_type": "workflow",
                "source_title": "Front desk",
                "last_answer_type": "ai_answer",
                "resolution_state": "escalated" if handed else "assumed_resolution",
                "rating": None,
                "rating_remark": None,
                "created_at": self._plan.at + 5,
                "updated_at": self._plan.at + 9,
                "content_sources": {"type": "content_source.list", "content_sources": [], "total_count": 0},
            }
        return row

    def _statistics(self, turns: list[Turn], parts: list[Json]) -> Json:
        def times(*who: str) -> list[int]:
            rows = zip(turns[1:], parts, strict=True)
            return [part["created_at"] for turn, part in rows if turn.who in who and turn.text]

        closes = [part["created_at"] for part in parts if part["part_type"] == "close"]
        admin, customer = times("admin"), times("customer", "colleague")
        return {
            "type": "conversation_statistics",
            "time_to_assignment": None,
            "time_to_admin_reply": admin[0] - self._plan.at if admin else None,
            "time_to_first_close": closes[0] - self._plan.at if closes else None,
            "time_to_last_close": closes[-1] - self._plan.at if closes else None,
            "median_time_to_reply": None,
            "first_contact_reply_at": self._plan.at,
            "first_admin_reply_at": admin[0] if admin else None,
            "last_contact_reply_at": customer[-1] if customer else self._plan.at,
            "last_admin_reply_at": admin[-1] if admin else None,
            "first_close_at": closes[0] if closes else None,
            "last_close_at": closes[-1] if closes else None,
            "last_closed_by_id": int(self._admin["id"]) if closes else None,
            "count_reopens": 0,
            "count_assignments": sum("team" in turn.extra for turn in turns),
            "count_conversation_parts": len(parts),
        }
