"""How values and templates become pages: texts are escaped and made visible, numbers and times said alike."""

from datetime import UTC, date, datetime
from functools import cache
from typing import Any, Final
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from earshot.text.escape import safe_url, visible
from earshot.web.pages.navigation import NAVIGATION

_LETTERS: Final = frozenset({"ux", "pm", "cs", "smb", "api"})
NOTHING: Final = "–"
"""What is shown where a value is not known."""


def _clean(value: object) -> object:
    """Every plain text on its way into a page; markup of ours passes, None is shown as not known."""
    if value is None:
        return NOTHING
    return visible(value) if type(value) is str else value


def number(value: float | None, digits: int = 0) -> str:
    """1234.5 as 1,235; not known as a dash."""
    return NOTHING if value is None else f"{value:,.{digits}f}"


def percent(share: float | None, digits: int = 0) -> str:
    """0.256 as 26%."""
    return NOTHING if share is None else f"{share * 100:.{digits}f}%"


def usd(value: float | None) -> str:
    """US dollars, small sums with more digits."""
    if value is None:
        return NOTHING
    return f"${value:,.2f}" if value >= 1 or value == 0 else f"${value:.4f}"


@pass_context
def money(context: Context, value: float | None) -> str:
    """A sum in the currency of the settings."""
    if value is None:
        return NOTHING
    currency = context["desk"].parts.report.currency
    return f"${value:,.0f}" if currency == "USD" else f"{value:,.0f} {currency}"


@pass_context
def moment(context: Context, at: datetime | None, form: str = "%Y-%m-%d %H:%M") -> object:
    """A time in the report's time zone, with the exact one in its element."""
    if at is None:
        return NOTHING
    local = at.astimezone(_zone(context["desk"].parts.report.timezone))
    return Markup('<time datetime="{}">{}</time>').format(at.isoformat(), local.strftime(form))


@pass_context
def day(context: Context, at: datetime | date | None) -> object:
    """A day in the report's time zone."""
    return moment(context, at, "%Y-%m-%d") if isinstance(at, datetime) else (at or NOTHING)


def words(name: object) -> str:
    """PRODUCT_BUG and very_negative as people say them."""
    text = str(getattr(name, "value", name) or "").replace("_", " ").strip().lower()
    text = " ".join(one.upper() if one in _LETTERS else one for one in text.split())
    return text[:1].upper() + text[1:] if text else NOTHING


@pass_context
def here(context: Context, **changes: object) -> str:
    """This page's address with some parameters set (None or "" drops one); always from its first page on."""
    given = context["desk"].request.query_params.multi_items()
    query = [(name, value) for name, value in given if name not in changes and name != "after"]
    query += [(name, str(value)) for name, value in changes.items() if value not in (None, "")]
    return f"{context['path']}?{urlencode(query)}" if query else str(context["path"])


def segment(text: object) -> str:
    """A text as one part of an address."""
    return quote(str(text), safe="")


def bar(share: float | None, label: str = "") -> Markup:
    """A small horizontal bar, 0 to 1, without inline styles; `label` is read aloud."""
    width = round(100 * min(1.0, max(0.0, share or 0.0)), 1)
    return Markup(
        '<svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" role="img" aria-label="{}">'
        '<rect class="track" width="100" height="8"/><rect class="fill" width="{}" height="8"/></svg>'
    ).format(label or f"{width:.0f}%", width)


def spark(values: Any, label: str = "") -> Markup:
    """A line of counts over equal spans, oldest first; `label` is read aloud."""
    counts = [float(value) for value in values]
    if len(counts) < 2:
        return Markup("")
    top, step = max(counts) or 1.0, 100 / (len(counts) - 1)
    points = " ".join(f"{index * step:.1f},{22 - 20 * count / top:.1f}" for index, count in enumerate(counts))
    told = label or "by week: " + ", ".join(f"{count:.0f}" for count in counts)
    return Markup(
        '<svg class="spark" viewBox="-2 0 104 24" preserveAspectRatio="none" role="img" aria-label="{}">'
        '<polyline points="{}"/></svg>'
    ).format(told, points)


@cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def told(value: float | None, figure: Any) -> str:
    """A value of a chart in words."""
    return figure.told(value)


def _bare(value: object) -> object:
    return "" if value is None else _clean(value)


def _exact(value: float | None, *_form: object) -> str:
    """A number without marks between thousands, a share as a fraction of 1; not known is empty."""
    if value is None:
        return ""
    return f"{value:.6f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def _instant(at: datetime | None, *_form: object) -> str:
    return "" if at is None else at.astimezone(UTC).isoformat(timespec="seconds")


def _undrawn(*_drawing: object) -> str:
    return ""


@cache
def templates(*, plain: bool = False) -> Environment:
    """The environment of all templates. `plain`: values stand as a file of a table has them."""
    environment = Environment(
        loader=PackageLoader("earshot.web.pages", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_bare if plain else _clean,
    )
    filters: dict[str, Any] = {
        "number": number, "percent": percent, "usd": usd, "money": money, "moment": moment, "day": day,
        "words": words, "segment": segment, "safe_url": safe_url, "told": told,
    }  # fmt: skip
    drawn: dict[str, Any] = {"bar": bar, "spark": spark}
    if plain:
        filters |= dict.fromkeys(("number", "percent", "usd", "money", "told"), _exact) | {"moment": _instant}
        drawn = dict.fromkeys(drawn, _undrawn)
    ours: Any = environment  # the library's dictionaries are untyped
    ours.filters.update(filters)
    ours.globals.update({"here": here, "navigation": NAVIGATION, **drawn})
    return environment


def render(template: str, *, plain: bool = False, **context: Any) -> str:
    """A template with its context; `plain` for taking a table out of it."""
    return templates(plain=plain).get_template(template).render(**context)
