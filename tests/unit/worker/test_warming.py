"""What a worker loads before it says that it is ready."""

import logging
import threading
from collections.abc import Sequence
from typing import Any, cast

import pytest

from earshot.domain.conversation import Conversation
from earshot.pipeline.parts import Parts
from earshot.worker.warming import warm


class Seen:
    """Remembers what was made, and in which thread."""

    def __init__(self) -> None:
        self.made: list[str] = []
        self.threads: set[int] = set()
        self.texts: list[str] = []

    def rules(self) -> Any:
        self.made.append("rules")
        self.threads.add(threading.get_ident())

    def reader(self, name: str) -> "Seen":
        self.made.append(name)
        return self

    async def read(self, conversations: Sequence[Conversation]) -> list[Any]:
        self.threads.add(threading.get_ident())
        self.texts.extend(message.text for one in conversations for message in one.messages)
        return []


def _none(*_: Any) -> Any:
    raise AssertionError("nothing else is needed")


def parts(**more: Any) -> Parts:
    given: dict[str, Any] = {
        "make_source": _none,
        "make_reader": _none,
        "make_rules": _none,
        "read_file": _none,
        **more,
    }
    return Parts(store=cast("Any", None), **given)


async def test_rules_and_local_model_are_loaded_and_used_once_beside_the_loop() -> None:
    seen = Seen()
    await warm(parts(make_rules=seen.rules, make_reader=seen.reader))
    assert seen.made == ["rules", "local"]
    assert len(seen.texts) == 1
    assert threading.get_ident() not in seen.threads


async def test_what_cannot_be_loaded_does_not_hinder_the_worker(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    await warm(parts())
    assert caplog.messages == ["Not everything could be loaded beforehand (AssertionError)."]
