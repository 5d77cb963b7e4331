"""The rules that hold: those of the chosen packs, with a user's own in their place or beside them."""

import tomllib
from importlib.resources import files

from pydantic import ValidationError

from earshot.decide.schema import nearest
from earshot.decide.settings import DecideSettings, RuleSettings
from earshot.errors import Misconfigured

PACKS = ("guide", "realtime", "hybrid")
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


def read_rules(text: str, *, source: str) -> list[RuleSettings]:
    """The rules of a TOML text: `[[rules]]` or `[[decide.rules]]`. Misconfigured names the source and the place."""
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Misconfigured(f"{source} is not valid TOML: {error}.", hint="Correct that place.") from None
    found = values.get("rules") or values.get("decide", {}).get("rules")
    if not found:
        raise Misconfigured(f"{source} holds no rules.", hint="A rule begins with [[rules]] or [[decide.rules]].")
    try:
        return DecideSettings.model_validate({"rules": found}).rules
    except ValidationError as error:
        raise Misconfigured(f"{source}: {_mistakes(error)}", hint="Correct that place.") from None


def with_rules(rules: list[RuleSettings], own: list[RuleSettings]) -> list[RuleSettings]:
    """Rules with others in the place of those of the same name, or beside them."""
    names = {rule.name for rule in own}
    return [*(rule for rule in rules if rule.name not in names), *own]


def _mistakes(error: ValidationError) -> str:
    told = error.errors(include_input=False, include_url=False)
    return "; ".join(
        f"{'.'.join(map(str, one['loc']))}: {one['msg'].removeprefix('Value error, ')}" for one in told
    )
