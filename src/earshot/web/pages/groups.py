"""The routers of all pages: a page is one module, and one line here."""

from typing import Final

from fastapi import APIRouter

from earshot.web.pages import people, privacy

ROUTERS: Final[tuple[APIRouter, ...]] = (
    people.router,
    privacy.router,
)
