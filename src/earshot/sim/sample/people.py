"""The sample's cast: the vendor's own teams and tags, its customer companies and the people who write in."""

from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Any

from earshot.sim.sample.dice import dice
from earshot.sim.sample.script import Library

Json = dict[str, Any]
APP_ID = "torv4n3x"
DOMAIN = "torvane.example"
DAY = 86_400
CULTURES = ("gb", "ie", "in", "ng", "pl", "de", "fr", "es", "pt", "cn", "ar", "it", "nl", "us")
PLANS = (
    ("free", 12),
    ("trial", 14),
    ("starter", 32),
    ("growth", 44),
    ("business", 32),
    ("enterprise", 13),
    ("", 3),
)
PRICES = {"free": (0, 0), "trial": (0, 0), "starter": (39, 149), "growth": (180, 690), "business": (720, 2400)}
COUNTRIES = {
    "gb": ("United Kingdom", "GB", "en", "£"),
    "ie": ("Ireland", "IE", "en", "€"),
    "us": ("United States", "US", "en", "$"),
    "de": ("Germany", "DE", "de", "€"),
    "fr": ("France", "FR", "fr", "€"),
    "es": ("Spain", "ES", "es", "€"),
    "pt": ("Portugal", "PT", "pt", "€"),
    "nl": ("Netherlands", "NL", "nl", "€"),
}


@dataclass
class Cast:
    """Everybody and everything a conversation can refer to, in Intercom's JSON."""

    app: Json
    admins: list[Json]
    teams: list[Json]
    tags: list[Json]
    companies: list[Json]
    contacts: list[Json]
    staff: list[Json]
    merged: dict[str, str] = field(default_factory=dict[str, str])
    company_of: dict[str, Json] = field(default_factory=dict[str, Json])
    by_language: dict[str, list[int]] = field(default_factory=dict[str, list[int]])
    enterprise: list[int] = field(default_factory=list[int])
    crews: dict[str, list[int]] = field(default_factory=dict[str, list[int]])
    renamed: dict[str, str] = field(default_factory=dict[str, str])

    def currency(self, contact: Json) -> str:
        """The sign of the money this contact pays in."""
        code = contact["location"]["country_code"]
        return next((sign for _, key, _, sign in COUNTRIES.values() if key == code), "£")

    def colleague(self, contact: Json) -> Json | None:
        """Somebody else of the same company, None where there is nobody."""
        company = self.company_of.get(contact["id"])
        crew = self.crews.get(company["id"], []) if company else []
        others = (self.contacts[place] for place in crew if self.contacts[place]["id"] != contact["id"])
        return next(others, None)

    def team(self, name: str) -> Json:
        """The team of this name."""
        return next(team for team in self.teams if team["name"] == name)

    def tag(self, name: str) -> Json:
        """The tag of this name."""
        return next(tag for tag in self.tags if tag["name"] == name)


def _hex(rng: Random, digits: int = 24) -> str:
    return f"{rng.getrandbits(4 * digits):0{digits}x}"


def _person(library: Library, rng: Random, *, culture: str) -> str:
    first = rng.choice(library.pools[f"name.{culture}.first"])
    return f"{first} {rng.choice(library.pools[f'name.{culture}.last'])}"


def _address(name: str) -> str:
    plain = name.lower().replace("'", "").replace("ß", "ss")
    table = str.maketrans("áàâãäåéèêëíìîïóòôõöøúùûüñçčćłńśżźęąğşý", "aaaaaaeeeeiiiiooooooouuuuncccllnszzeagsy"[:38])
    letters = plain.translate(table).replace(" ", ".")
    return "".join(char for char in letters if char.isascii() and (char.isalnum() or char == "."))


def _admins(library: Library) -> tuple[list[Json], list[Json]]:
    names = library.pools["staff.admins"]
    teams: list[Json] = [
        {
            "type": "team",
            "id": str(5_017_690 + place),
            "name": name,
            "admin_ids": [],
            "distribution_method": "round_robin",
        }
        for place, name in enumerate(("Support", "Finance", "Customer success", "Spam"))
    ]
    admins: list[Json] = []
    for place, name in enumerate(names):
        team = teams[1 if place in {5, 6} else 2 if place in {7, 8} else 0]
        number = 814_800 + place * 13
        team["admin_ids"].append(number)
        admins.append(
            {
                "type": "admin",
                "id": str(number),
                "name": name,
                "email": f"{_address(name)}@{DOMAIN}",
                "job_title": "Support specialist",
                "away_mode_enabled": place == 4,
                "away_mode_reassign": False,
                "has_inbox_seat": True,
                "team_ids": [int(team["id"])],
                "avatar": None,
            }
        )
    return admins, teams


def _company(place: int, library: Library, *, rng: Random, now: int) -> Json:
    stem, trade = rng.choice(library.pools["company.stem"]), rng.choice(library.pools["company.trade"])
    plan = rng.choices([name for name, _ in PLANS], [weight for _, weight in PLANS])[0]
    low, high = PRICES.get(plan, (2_600, 9_800))
    spend = 0 if plan == "" or rng.random() < 0.08 else rng.randint(low, high)
    age = rng.randint(3, 20) if plan == "trial" else rng.randint(40, 2_300)
    created = now - age * DAY - rng.randrange(DAY)
    website = "".join(char for char in f"{stem}{trade.split()[0]}".lower() if char.isascii() and char.isalnum())
    return {
        "type": "company",
        "id": _hex(rng),
        "company_id": f"acct_{4_000 + place}",
        "app_id": APP_ID,
        "name": f"{stem} {trade}",
        "plan": {"type": "plan", "id": str(269_310 + len(plan)), "name": plan} if plan else {},
        "monthly_spend": spend,
        "remote_created_at": created if rng.random() > 0.06 else None,
        "created_at": created + 3_600,
        "updated_at": now - rng.randrange(20 * DAY),
        "last_request_at": now - rng.randrange(3 * DAY),
        "size": rng.choice((4, 9, 15, 22, 40, 75, 160, 420)),
        "website": f"https://www.{website}.example",
        "industry": trade,
        "session_count": rng.randrange(20, 9_000),
        "user_count": rng.randrange(1, 60),
        "custom_attributes": _company_facts(plan, rng),
        "tags": {"type": "tag.list", "tags": []},
        "segments": {"type": "segment.list", "segments": []},
        "notes": {"type": "note.list", "notes": []},
    }


def _company_facts(plan: str, rng: Random) -> Json:
    facts: Json = {"technicians": rng.randrange(1, 140), "beta_features": rng.random() < 0.2}
    if plan == "enterprise":
        facts["csm"] = rng.choice(("Ines", "Bartholomew", "Noor"))
    if rng.random() < 0.5:
        facts["nps"] = rng.randrange(0, 11)
    return facts


def _contact(place: int, name: str, *, company: Json | None, country: str, rng: Random, now: int) -> Json:
    land, code, language, _ = COUNTRIES[country]
    signed_up = int((company or {}).get("created_at") or now - 40 * DAY) + rng.randrange(20 * DAY)
    signed_up = min(signed_up, now - 91 * DAY if rng.random() < 0.8 else now - 2 * DAY)
    domain = company["website"].removeprefix("https://www.") if company else "post.example"
    return {
        "type": "contact",
        "id": _hex(rng),
        "external_id": str(70_000 + place) if company else None,
        "workspace_id": APP_ID,
        "role": "user" if company else "lead",
        "email": f"{_address(name)}@{domain}" if company or rng.random() < 0.6 else None,
        "phone": None,
        "name": name if company or rng.random() < 0.7 else None,
        "owner_id": None,
        "has_hard_bounced": False,
        "marked_email_as_spam": False,
        "unsubscribed_from_emails": rng.random() < 0.1,
        "created_at": signed_up,
        "updated_at": now - rng.randrange(5 * DAY),
        "signed_up_at": signed_up if company else None,
        "last_seen_at": now - rng.randrange(9 * DAY),
        "last_replied_at": None,
        "last_contacted_at": None,
        "language_override": language if language != "en" and rng.random() < 0.5 else None,
        "browser_language": language,
        "browser": rng.choice(("chrome", "safari", "firefox", "edge")),
        "os": rng.choice(("Windows 11", "OS X 15.1", "Android 15", "iOS 19.1")),
        "custom_attributes": {"job": rng.choice(("owner", "dispatcher", "office manager", "technician", None))},
        "avatar": {"type": "avatar", "image_url": None},
        "tags": {"type": "list", "data": [], "url": "/contacts/tags", "total_count": 0, "has_more": False},
        "companies": _membership(company),
        "location": {"type": "location", "country": land, "country_code": code, "region": None, "city": None},
    }


def _membership(company: Json | None) -> Json:
    data = [{"type": "company", "id": company["id"], "url": f"/companies/{company['id']}"}] if company else []
    return {"type": "list", "data": data, "url": "/companies", "total_count": len(data), "has_more": False}


def _staff(library: Library, rng: Random, *, now: int) -> list[Json]:
    people: list[Json] = []
    for place, name in enumerate(library.pools["staff.testers"]):
        contact = _contact(900 + place, name, company=None, country="ie", rng=rng, now=now)
        contact |= {
            "role": "user",
            "name": name,
            "email": f"{_address(name)}@{DOMAIN}",
            "external_id": f"staff-{place}",
        }
        people.append(contact)
    return people


def _index(cast: Cast) -> None:
    companies = {company["id"]: company for company in cast.companies}
    for place, contact in enumerate(cast.contacts):
        rows = contact["companies"]["data"]
        if rows:
            company = companies[rows[0]["id"]]
            cast.company_of[contact["id"]] = company
            cast.crews.setdefault(company["id"], []).append(place)
            if company["plan"].get("name") == "enterprise":
                cast.enterprise.append(place)
        cast.by_language.setdefault(contact["browser_language"], []).append(place)


def cast_for(library: Library, *, conversations: int, seed: int, now: datetime) -> Cast:
    """The cast of a workspace of this size: about 150 companies at 600 conversations, more as it grows."""
    rng, moment = dice(seed, "cast"), int(now.timestamp())
    admins, teams = _admins(library)
    companies = [
        _company(place, library, rng=rng, now=moment) for place in range(max(150, min(2_000, conversations // 40)))
    ]
    countries = [rng.choices(list(COUNTRIES), (50, 8, 18, 9, 6, 5, 5, 4))[0] for _ in companies]
    contacts: list[Json] = []
    for place in range(max(340, min(20_000, conversations // 2))):
        at = place if place < len(companies) else int(len(companies) * rng.random() ** 1.7)
        culture = countries[at] if rng.random() < 0.62 else rng.choice(CULTURES)
        company = companies[at] if place % 17 != 16 else None
        person = _person(library, rng, culture=culture)
        contacts.append(_contact(place, person, company=company, country=countries[at], rng=rng, now=moment))
    tags = [
        {"type": "tag", "id": str(7_522_900 + place), "name": name}
        for place, name in enumerate(library.pools["staff.tags"])
    ]
    app = {"type": "app", "id_code": APP_ID, "name": "Torvane", "region": "EU", "timezone": "Europe/Dublin"}
    app |= {"created_at": moment - 2_600 * DAY, "secure": True, "identity_verification": True}
    cast = Cast(app, admins, teams, tags, companies, contacts, _staff(library, rng, now=moment))
    for contact in contacts[7::61]:
        old = _hex(rng)
        cast.merged[old] = contact["id"]
        cast.renamed[contact["id"]] = old
    _index(cast)
    return cast
