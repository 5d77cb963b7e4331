"""The rules that hold: those of the chosen packs, with a user's own in their place or beside them."""

import tomllib
from importlib.resources import files

from earshot.decide.schema import nearest
from earshot.decide.settings import DecideSettings, RuleSettings
from earshot.errors import Misconfigured

PACKS = ("guide",)
"""The packs that ship with Earshot."""


def pack(name: str) -> list[RuleSettings]:
    """The rules of a pack."""
    if name not in PACKS:
        raise Misconfigured(f"there is no rule pack {name!r}{nearest(name, PACKS)}", hint="Correct [decide] packs.")
    text = files("earshot.decide").joinpath("packs", f"{name}.toml").read_text("utf-8")
    return [RuleSettings.model_validate(rule) for rule in tomllib.loads(text)["rules"]]


def chosen(settings: DecideSettings) -> list[RuleSettings]:
    """All rules in force, packs first; switched-off ones are there with `enabled` false."""
    own = {rule.name for rule in settings.rules}
    packed = [rule for name in settings.packs for rule in pack(name) if rule.name not in own]
    every = [*packed, *settings.rules]
    for name in settings.switched_off:
        if name not in {rule.name for rule in every}:
            known = tuple(rule.name for rule in every)
            raise Misconfigured(
                f"there is no rule {name!r} to switch off{nearest(name, known)}",
                hint="Correct [decide] switched_off.",
            )
    return [
        rule.model_copy(update={"enabled": False}) if rule.name in settings.switched_off else rule for rule in every
    ]
