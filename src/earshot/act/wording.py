"""The words of everything that goes out: which template speaks when, and the content that comes of it."""

import difflib
from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from earshot.act.content import values_of
from earshot.act.routing import Route
from earshot.act.settings import ActSettings
from earshot.act.texts.compiling import Compiled, compiled
from earshot.act.texts.variables import BARE, Occasion, variables_of
from earshot.domain.action import INWARD, ActionKind
from earshot.domain.delivery import Content, Delivery, Dossier, Link, Thing
from earshot.errors import Misconfigured
from earshot.text.escape import one_line
from earshot.text.render.tidy import shorten

TITLE_LIMIT = 250
"""Characters of a title at most; every tracker takes them."""
FRESH = Occasion()
"""Nothing was told before."""

COUNTS_ONLY = frozenset({Thing.TICKET, Thing.MAIL})
"""Things whose updates tell counts alone; everything else is written anew in its place."""

_SUFFIX = ".md"


class Words:
    """All templates, read and checked once."""

    def __init__(self, templates: Mapping[str, Compiled], settings: ActSettings) -> None:
        self._templates, self._settings = templates, settings

    def create(self, dossier: Dossier, route: Route, *, occasion: Occasion = FRESH) -> Content:
        """What the new thing says."""
        return self._content(self._name(dossier.action.kind, route.thing), dossier, route=route, occasion=occasion)

    def update(self, dossier: Dossier, route: Route, *, occasion: Occasion) -> Content:
        """What an update says: counts alone for tickets and mail; what stands in place is written anew."""
        name = f"update.{route.thing}" if route.thing in COUNTS_ONLY else None
        return self._content(
            name or self._name(dossier.action.kind, route.thing), dossier, route=route, occasion=occasion
        )

    def reopen(self, dossier: Dossier, route: Route, *, occasion: Occasion) -> Content:
        """What is said when a closed matter returns; a page rings with its own words."""
        name = self._name(dossier.action.kind, route.thing) if route.thing is Thing.PAGE else "reopen"
        return self._content(name, dossier, route=route, occasion=occasion)

    def resolve(self, link: Link, *, hours: float) -> Content:
        """What is said when nobody has reported a matter for so many hours."""
        return self._plain("resolve", {"told": link.told, "days": max(1, round(hours / 24))})

    def page_failed(self, page: Delivery) -> Content:
        """What people are told when a page did not go out."""
        content = page.content
        said = {"title": content.title, "conversation": content.conversation, "conversations": page.told}
        plain = self._plain("page_failed", {**said, "conversation_url": content.url or ""})
        return content.model_copy(update={"title": plain.title, "body": plain.body})

    def suppressed(self, destination: str, count: int) -> Content:
        """What people are told of new things that were held back."""
        return self._plain("suppressed", {"title": destination, "told": count})

    def _content(self, name: str, dossier: Dossier, *, route: Route, occasion: Occasion) -> Content:
        values = variables_of(dossier, occasion, currency=self._settings.currency)
        return _titled(self._templates[name], values, **values_of(dossier, route.thing))

    def _plain(self, name: str, values: Mapping[str, Any]) -> Content:
        return _titled(self._templates[name], {**BARE, **values})

    def _name(self, kind: ActionKind, thing: Thing) -> str:
        return next(name for name in _names(kind, thing, settings=self._settings) if name in self._templates)


def load_words(settings: ActSettings) -> Words:
    """The shipped templates, with those of the user's folder in their places. Misconfigured names what is wrong."""
    sources = dict(_shipped())
    sources |= _own(settings.templates, known=tuple(sources))
    return Words({name: compiled(text, place=place) for name, (place, text) in sources.items()}, settings)


def _titled(template: Compiled, values: Mapping[str, Any], **rest: Any) -> Content:
    written = template.write(values)
    return Content(title=shorten(one_line(written.title), TITLE_LIMIT), body=written.body, **rest)


def _names(kind: ActionKind, thing: Thing, *, settings: ActSettings) -> Iterator[str]:
    """The templates that may speak, the most special one first."""
    if thing is Thing.EVENT:
        yield "event_with_text" if settings.customer_text else "event"
    for form in (thing, Thing.MESSAGE) if thing is Thing.MAIL else (thing,):
        yield f"{kind.lower()}.{form}"
        yield str(form)


def _shipped() -> Iterator[tuple[str, tuple[str, str]]]:
    for file in files("earshot.act").joinpath("templates").iterdir():
        if file.name.endswith(_SUFFIX):
            yield file.name.removesuffix(_SUFFIX), (file.name, file.read_text("utf-8"))


def _own(folder: Path | None, *, known: tuple[str, ...]) -> dict[str, tuple[str, str]]:
    if folder is None:
        return {}
    possible = {
        *known,
        *(f"{kind.lower()}.{thing}" for kind in ActionKind if kind not in INWARD for thing in Thing),
    }
    try:
        paths = sorted(path for path in folder.iterdir() if path.suffix == _SUFFIX)
        texts = [(path, path.read_text("utf-8")) for path in paths]
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured(f"[act] templates: cannot read {folder}: {error}.", hint="Name a folder.") from None
    for path, _ in texts:
        if path.stem not in possible:
            close = difflib.get_close_matches(path.stem, sorted(possible), n=1)
            hint = f"Did you mean {close[0]}{_SUFFIX}?" if close else "docs/texts.md names every file."
            raise Misconfigured(f"{path} is not the name of a text.", hint=hint)
    return {path.stem: (str(path), text) for path, text in texts}
