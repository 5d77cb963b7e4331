"""Decides what every sample conversation is about, who writes it, when, and how it ends: the planted truth."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import cycle
from random import Random

from earshot.sim.sample.dice import dice
from earshot.sim.sample.people import DAY, Cast
from earshot.sim.sample.personal import planted
from earshot.sim.sample.script import Library, Opening, Script
from earshot.sim.workspace import Truth

SPAN_DAYS = 90
SHARES = {"spam": 0.02, "own staff": 0.015, "unanswered outbound": 0.04}
TWINS, FOREIGN, ASIDES, INJECTIONS, PERSONAL = 0.025, 0.06, 0.075, 0.0135, 0.07
HABITS = ("tidy",) * 11 + ("lower",) * 4 + ("hasty",) * 2 + ("sloppy",) * 3 + ("loud",)
WEEKDAY_LOAD = (1.2, 1.15, 1.0, 1.0, 0.9, 0.35, 0.2)
HOUR_LOAD = (1, 1, 1, 1, 2, 5, 14, 26, 34, 34, 30, 26, 20, 24, 26, 26, 24, 18, 12, 9, 7, 5, 3, 2)
ENDINGS = {
    "NEUTRAL": (("none", 47), ("thanks", 31), ("delighted", 10), ("fed up", 8), ("threat", 3), ("furious", 1)),
    "NEGATIVE": (("none", 56), ("thanks", 19), ("fed up", 14), ("threat", 7), ("furious", 4)),
    "POSITIVE": (("none", 55), ("thanks", 30), ("delighted", 15)),
    "VERY_POSITIVE": (("none", 70), ("thanks", 30)),
    "VERY_NEGATIVE": (("none", 80), ("fed up", 20)),
}
CALM = {"none": 60, "thanks": 36, "delighted": 6}


@dataclass(slots=True)
class Plan:
    """One conversation before its words are rendered. `key` seeds the opening, so twins share theirs."""

    kind: str
    at: int
    contact: int
    key: int
    slug: str = ""
    opening: int = 0
    aside: str = ""
    language: str = "en"
    delivered_as: str = "customer_initiated"
    channel: str = "conversation"
    ending: str = "none"
    resolved: bool = False
    habit: str = "tidy"
    twin: bool = False
    marathon: bool = False
    injection: int = -1
    personal: tuple[str, ...] = ()


def shares(weights: list[int], total: int) -> list[int]:
    """`total` split in proportion to the weights, exactly (largest remainders)."""
    exact = [weight * total / sum(weights) for weight in weights]
    counts = [int(share) for share in exact]
    order = sorted(range(len(exact)), key=lambda place: counts[place] - exact[place])
    for place in order[: total - sum(counts)]:
        counts[place] += 1
    return counts


def _deck(places: list[int], rng: Random) -> Iterator[int]:
    while True:
        order = list(places)
        rng.shuffle(order)
        yield from order


class Planner:
    """Lays out a workspace; every choice comes from one seeded generator."""

    def __init__(self, library: Library, cast: Cast, *, seed: int, now: datetime) -> None:
        self._library = library
        self._cast = cast
        self._rng = dice(seed, "plan")
        self._now = int(now.timestamp())
        self._everybody = _deck(list(range(len(cast.contacts))), self._rng)
        self._big = _deck(cast.enterprise, self._rng)
        self._moments = self._days()

    def plans(self, conversations: int) -> list[Plan]:
        """All plans in order of time."""
        counts = {kind: round(share * conversations) for kind, share in SHARES.items()}
        plans = [self._apart(kind) for kind, count in counts.items() for _ in range(count)]
        twins = round(TWINS * conversations)
        scripts = list(self._library.scripts.values())
        foreign = self._foreign(scripts, round(FOREIGN * conversations))
        for script, count in zip(
            scripts, shares([s.count for s in scripts], conversations - len(plans) - twins), strict=True
        ):
            plans.extend(self._told(script, count, languages=foreign.get(script.slug, [])))
        plans.extend(self._twins(plans, twins))
        self._salt([plan for plan in plans if plan.kind == "matter" and not plan.twin], conversations)
        return sorted(plans, key=lambda plan: (plan.at, plan.key))

    def _days(self) -> list[float]:
        weekday = [(self._now - day * DAY) // DAY + 3 for day in range(SPAN_DAYS)]
        return [WEEKDAY_LOAD[number % 7] for number in weekday]

    def _moment(self) -> int:
        while True:
            day = self._rng.choices(range(SPAN_DAYS), self._moments)[0]
            hour = self._rng.choices(range(24), HOUR_LOAD)[0]
            at = self._midnight(day) + hour * 3_600 + self._rng.randrange(3_600)
            if self._now - SPAN_DAYS * DAY < at < self._now - 3_600:
                return at

    def _midnight(self, days_ago: int) -> int:
        return (self._now // DAY - days_ago) * DAY

    def _spiked(self, days_ago: int) -> int:
        hours = 8 + min(abs(self._rng.gauss(0, 2)), 9)
        return self._midnight(days_ago) + int(hours * 3_600)

    def _apart(self, kind: str) -> Plan:
        rng = self._rng
        pool = len(self._cast.staff) if kind == "own staff" else len(self._cast.contacts)
        plan = Plan(kind, self._moment(), rng.randrange(pool), rng.getrandbits(48))
        if kind == "unanswered outbound":
            plan.delivered_as = rng.choice(("admin_initiated", "campaigns_initiated", "automated"))
        elif kind == "spam":
            plan.channel = "email"
        return plan

    def _foreign(self, scripts: list[Script], total: int) -> dict[str, list[str]]:
        """Which languages besides English tell each matter: about as often as its size suggests."""
        pairs = [
            (script.slug, language)
            for script in scripts
            for language in sorted({opening.language for opening in script.openings} - {"en"})
        ]
        self._rng.shuffle(pairs)
        chosen: dict[str, list[str]] = {}
        for (slug, language), _ in zip(cycle(pairs), range(total if pairs else 0), strict=False):
            chosen.setdefault(slug, []).append(language)
        return chosen

    def _told(self, script: Script, count: int, *, languages: list[str]) -> Iterator[Plan]:
        tongues = languages[:count] + ["en"] * max(0, count - len(languages))
        decks = {language: _deck(script.spoken(language), self._rng) for language in set(tongues)}
        for number, language in enumerate(tongues):
            spiked = script.spike is not None and number % 4 != 3
            at = self._spiked(script.spike or 0) if spiked else self._moment()
            yield self._matter(script, next(decks[language]), language=language, at=at)

    def _matter(self, script: Script, place: int, *, language: str, at: int) -> Plan:
        rng, opening = self._rng, script.openings[place]
        plan = Plan(
            "matter",
            at,
            self._writer(opening, language),
            rng.getrandbits(48),
            slug=script.slug,
            opening=place,
            language=language,
            habit=rng.choice(HABITS) if language == "en" else "tidy",
            channel=rng.choices(("conversation", "email", "whatsapp"), (64, 31, 5))[0],
        )
        if rng.random() < 0.08:
            plan.delivered_as = rng.choice(("admin_initiated", "campaigns_initiated", "operator_initiated"))
            plan.channel = "conversation"
        self._finish(plan, script, opening=opening)
        return plan

    def _writer(self, opening: Opening, language: str) -> int:
        if language != "en":
            return self._rng.choice(self._cast.by_language.get(language) or [next(self._everybody)])
        if opening.priority == "CRITICAL" and self._rng.random() < 0.4:
            return next(self._big)
        return next(self._everybody)

    def _finish(self, plan: Plan, script: Script, *, opening: Opening) -> None:
        odds = dict(ENDINGS[opening.sentiment])
        if script.issue_type in {"USAGE_QUESTION", "OTHER"} and opening.sentiment == "NEUTRAL":
            odds = CALM
        if opening.leaving or script.issue_type == "OTHER" or plan.language != "en":
            odds = {"none": 70, "thanks": 0 if opening.leaving else 30}
        plan.ending = self._rng.choices(list(odds), list(odds.values()))[0]
        plan.resolved = plan.ending in {"thanks", "delighted"} or (
            plan.ending == "none" and self._rng.random() < 0.35
        )

    def _twins(self, plans: list[Plan], count: int) -> Iterator[Plan]:
        originals = [plan for plan in plans if plan.kind == "matter" and plan.language == "en"]
        for original in self._rng.sample(originals, min(count, len(originals))):
            later = min(original.at + self._rng.randrange(1_200, 2 * DAY), self._now - 1_800)
            yield Plan(
                "matter",
                max(later, original.at),
                original.contact,
                original.key,
                slug=original.slug,
                opening=original.opening,
                channel=original.channel,
                habit=original.habit,
                twin=True,
            )

    def _salt(self, plans: list[Plan], conversations: int) -> None:
        """Plant second matters, injections, personal data and one very long thread."""
        rng = self._rng
        english = [plan for plan in plans if plan.language == "en" and self._script(plan).issue_type != "OTHER"]
        tellers = [script for script in self._library.scripts.values() if script.asides]
        for plan in rng.sample(english, min(len(english), round(ASIDES * conversations))):
            other = rng.choices(tellers, [script.count for script in tellers])[0]
            if other.slug != plan.slug:
                plan.aside = other.slug
        for number, plan in enumerate(rng.sample(english, min(len(english), round(INJECTIONS * conversations)))):
            plan.injection = number
        for number, plan in enumerate(rng.sample(english, min(len(english), round(PERSONAL * conversations)))):
            script = self._script(plan)
            plan.personal = planted(number, rng, issue_type=script.issue_type, area=script.area)
        for plan in english[len(english) // 3 :][:1]:
            plan.marathon = True

    def _script(self, plan: Plan) -> Script:
        return self._library.scripts[plan.slug]


def truths(plans: Iterable[tuple[str, Plan]], library: Library) -> list[Truth]:
    """What is really the matter in each conversation, by its id."""
    return [_truth(name, plan, library=library) for name, plan in plans]


def _truth(name: str, plan: Plan, *, library: Library) -> Truth:
    if plan.kind != "matter":
        return Truth(name, "OTHER", "LOW", "NEUTRAL", "LOW", (), excluded=plan.kind)
    script = library.scripts[plan.slug]
    opening = script.openings[plan.opening]
    sentiment = felt(opening.sentiment, plan.ending)
    return Truth(
        name,
        script.issue_type,
        opening.priority,
        sentiment,
        churn(plan, opening, sentiment=sentiment, issue_type=script.issue_type),
        (plan.slug, plan.aside) if plan.aside else (plan.slug,),
        language=plan.language,
        injection=plan.injection >= 0,
        personal_data=plan.personal,
    )


def felt(opening: str, ending: str) -> str:
    """The feeling over a whole conversation, from how it began and how it ended."""
    if ending == "furious":
        return "VERY_NEGATIVE"
    if ending in {"fed up", "threat"}:
        return "VERY_NEGATIVE" if opening == "VERY_NEGATIVE" else "NEGATIVE"
    if ending == "delighted" and opening == "NEUTRAL":
        return "POSITIVE"
    return opening


def churn(plan: Plan, opening: Opening, *, sentiment: str, issue_type: str) -> str:
    """The risk that the words show: leaving is HIGH, anger or a grave open problem MEDIUM, else LOW."""
    if opening.leaving or plan.ending in {"threat", "furious"} or sentiment == "VERY_NEGATIVE":
        return "HIGH"
    grave = opening.priority in {"CRITICAL", "HIGH"} and issue_type in {"PRODUCT_BUG", "BILLING"}
    return "MEDIUM" if sentiment == "NEGATIVE" or (grave and not plan.resolved) else "LOW"
