"""The list of sources."""

import importlib
import inspect

from earshot.connectors.registry import SOURCES, SourceEntry
from earshot.ports.source import Source


def members(entry: SourceEntry) -> type:
    module, _, name = entry.place.partition(":")
    found = getattr(importlib.import_module(module), name)
    assert inspect.isclass(found)
    return found


def test_names_and_secrets_are_unique() -> None:
    assert len({entry.name for entry in SOURCES}) == len(SOURCES)
    assert len({entry.secret for entry in SOURCES}) == len(SOURCES)


def test_every_source_stands_where_the_list_says_and_fits_the_socket() -> None:
    wanted = {name for name in vars(Source) if not name.startswith("_")}
    for entry in SOURCES:
        assert wanted <= set(dir(members(entry)))


def test_every_section_can_be_left_out_and_is_closed_to_unknown_keys() -> None:
    for entry in SOURCES:
        assert entry.settings().model_config.get("extra") == "forbid"
        assert all(field.description for field in entry.settings.model_fields.values())
