"""Looking into JSON whose shape is not certain."""

from typing import Any, cast

from earshot.sim.workspace import Json


def is_object(value: Any) -> bool:
    """Whether it is a JSON object."""
    return isinstance(value, dict)


def mapping(value: Any) -> Json:
    """The object itself, or an empty one where it is anything else."""
    return cast("Json", value) if isinstance(value, dict) else {}


def members(value: Any, key: str) -> list[Any]:
    """The list under a key of an object, or an empty one where there is none."""
    found: Any = mapping(value).get(key)
    return cast("list[Any]", found) if isinstance(found, list) else []


def sequence(value: Any) -> list[Any] | None:
    """The list itself, None where it is anything else."""
    return cast("list[Any]", value) if isinstance(value, list) else None
