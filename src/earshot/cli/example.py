"""The commented earshot.toml, written from the settings' own descriptions, so that it is never out of date."""

import json
import textwrap
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import Any, cast

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from earshot.connectors.webhook.settings import WebhookSettings
from earshot.decide.packs import PACKS, pack
from earshot.settings import Settings

HEADER = """\
# Settings of Earshot. Every key is shown with its default, commented out: remove the "# " to change one.
# EARSHOT_SECTION__KEY in the environment wins over this file (EARSHOT_INTERCOM__REGION=eu).
# Secrets never stand here. They come from the environment: INTERCOM_ACCESS_TOKEN, DATABASE_URL, …
"""


_WEBHOOK = {"name": "n8n", "url": "https://n8n.example.com/webhook/earshot"}
"""What the shown receiver is called; both have no default."""


def example(values: Mapping[str, Mapping[str, Any]] | None = None) -> str:
    """The whole file; `values` (by section and key) are written as set, everything else commented out."""
    chosen = values or {}
    parts = [HEADER]
    for name, field in Settings.model_fields.items():
        model = field.annotation
        if name == "webhooks":
            continue
        if isinstance(model, type) and issubclass(model, BaseModel):
            parts.append("\n".join(_section(name, model, chosen=chosen.get(name, {}))))
        else:
            parts.insert(1, "\n".join(_key(name, field, chosen={})))
    return "\n".join([*parts, _webhooks(), _rules()])


def _section(name: str, model: type[BaseModel], *, chosen: Mapping[str, Any]) -> list[str]:
    lines = ["", f"[{name}]"]
    nested: list[str] = []
    for key, field in model.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            nested += _section(f"{name}.{key}", inner, chosen={})
        else:
            lines += [] if name == "decide" and key == "rules" else _key(key, field, chosen=chosen)
    return [*lines, *nested]


def _key(key: str, field: FieldInfo, *, chosen: Mapping[str, Any]) -> list[str]:
    told = textwrap.wrap(field.description or "", 100, break_long_words=False)
    lines = [f"# {line}" for line in told]
    if key in chosen:
        return [*lines, f"{key} = {_toml(chosen[key])}"]
    default = None if field.is_required() else field.get_default(call_default_factory=True)
    if default is None:
        return [*lines, f"# {key} ="]
    return [*lines, f"# {key} = {_toml(default)}"]


def _toml(value: Any) -> str:
    if isinstance(value, Enum):
        return _toml(value.value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_toml(item) for item in cast("list[Any]", value)) + "]"
    if isinstance(value, BaseModel):
        return _toml(value.model_dump(exclude_none=True))
    if isinstance(value, dict):
        pairs = [f"{json.dumps(str(k))} = {_toml(v)}" for k, v in cast("dict[Any, Any]", value).items()]
        return "{ " + ", ".join(pairs) + " }" if pairs else "{}"
    return json.dumps(str(value) if isinstance(value, Path) else value, ensure_ascii=False)


def _webhooks() -> str:
    lines = ["", "# Receivers of signed events (n8n, Make, your own), one entry each.", "# [[webhooks]]"]
    for key, field in WebhookSettings.model_fields.items():
        shown = _key(key, field, chosen=_WEBHOOK)
        lines += [line if line.startswith("#") else f"# {line}" for line in shown]
    return "\n".join(lines)


def _rules() -> str:
    lines = [
        "",
        "# Your own rules. `when` is a CEL expression over insight, findings, customer, conversation and theme;",
        "# `earshot rules check` checks it. A rule with the name of a pack rule takes its place. The packs':",
    ]
    for rule in (rule for name in PACKS for rule in pack(name)):
        lines += ["#", "# [[decide.rules]]"]
        values = rule.model_dump(mode="json", exclude_defaults=True)
        lines += [f"# {key} = {_toml(value)}" for key, value in values.items()]
    return "\n".join(lines) + "\n"
