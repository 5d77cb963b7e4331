"""What every request of the API works with."""

from dataclasses import replace
from typing import Annotated

from fastapi import Depends, Request

from earshot.pipeline.parts import Parts
from earshot.settings import Settings
from earshot.web.api.guard import ACTOR
from earshot.web.api.running import Running


def parts_of(request: Request) -> Parts:
    """The parts, with the one who asks as the actor."""
    parts: Parts = request.app.state.parts
    return replace(parts, actor=str(request.scope.get(ACTOR, "api")))


def settings_of(request: Request) -> Settings:
    """The settings."""
    settings: Settings = request.app.state.settings
    return settings


def work_of(request: Request) -> Running:
    """The classifications under way, of this process."""
    running: Running = request.app.state.running
    return running


Session = Annotated[Parts, Depends(parts_of)]
Config = Annotated[Settings, Depends(settings_of)]
Work = Annotated[Running, Depends(work_of)]
