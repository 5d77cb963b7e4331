"""Reach: distinct customers of the window, scaled to a quarter, enterprise accounts weighed."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction

from earshot.domain.backlog import Evidence
from earshot.domain.customer import Segment
from earshot.prioritise.settings import PrioritiseSettings
from earshot.text.wording import counted, number

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Reach:
    """Accounts per quarter with the enterprise weight and without it, and how they were reckoned, in words."""

    weighed: int
    plain: int
    told: str


def reach(evidence: Evidence, settings: PrioritiseSettings, *, now: datetime) -> Reach:
    """What the evidence of the window makes in a quarter. Customers without identity count as one."""
    if evidence.conversations == 0 or evidence.last_seen < now - settings.window_days * _DAY:
        return Reach(0, 0, f"no customer raised it in the last {settings.window_days} days.")
    customers = max(1, evidence.customers)
    enterprise = min(customers, max(0, evidence.segments.get(Segment.ENTERPRISE, 0)))
    days = _days(evidence, now)
    scale = Fraction(settings.quarter_days, max(days, settings.least_days))
    weight = Fraction(str(settings.enterprise_weight))
    weighed = customers + enterprise * (weight - 1)
    most = settings.total_active_users
    quarter = f"{settings.quarter_days} / {max(days, settings.least_days)}"
    told = _scaled(customers, days, scale=scale, settings=settings)
    if enterprise and weight > 1:
        total = f"{number(weighed * scale, 1)}"
        told += f" {_weighing(customers - enterprise, enterprise, weight=weight)} × {quarter} = {total}."
    if most is not None and round(weighed * scale) > most:
        told += f" No more than {number(most)} accounts use the product, so {number(most)}."
    return Reach(_whole(weighed * scale, most), _whole(customers * scale, most), told)


def _days(evidence: Evidence, now: datetime) -> int:
    """Days begun from the first mention until now."""
    return max(1, -((evidence.first_seen - max(now, evidence.last_seen)) // _DAY))


def _whole(accounts: Fraction, most: int | None) -> int:
    """Whole accounts: at least the one who spoke, at most all there are."""
    whole = max(1, round(accounts))
    return whole if most is None else min(whole, most)


def _scaled(customers: int, days: int, *, scale: Fraction, settings: PrioritiseSettings) -> str:
    quarter, least = settings.quarter_days, settings.least_days
    told = f"{counted(customers, 'customer')} in {counted(days, 'day')}"
    if days < least:
        told += f", scaled as if in {least} because so few days say little"
    sum_ = f"{customers} × {quarter} / {max(days, least)}"
    return f"{told}: {sum_} = {number(customers * scale, 1)} a quarter."


def _weighing(others: int, enterprise: int, *, weight: Fraction) -> str:
    times = number(weight)
    return (
        f"{counted(enterprise, 'of them is enterprise and counts', many='of them are enterprise and count')} "
        f"×{times}: ({others} + {enterprise} × {times})"
    )
