"""The routers of all pages: a page is one module, and one line here."""

from typing import Final

from fastapi import APIRouter

from earshot.web.pages import (
    accounts,
    actions,
    audit,
    backlog,
    backlog_item,
    conversations,
    costs,
    drawing,
    health,
    impact,
    overview,
    people,
    privacy,
    queue,
    reports,
    rules,
    theme_edits,
    themes,
)

ROUTERS: Final[tuple[APIRouter, ...]] = (
    accounts.router,
    backlog.router,
    backlog_item.router,
    conversations.router,
    actions.router,
    audit.router,
    drawing.router,
    impact.router,
    overview.router,
    costs.router,
    health.router,
    people.router,
    queue.router,
    privacy.router,
    reports.router,
    rules.router,
    theme_edits.router,
    themes.router,
)
