"""The prompt files: readable text, each with its version in the first line."""

import tomllib
from functools import cache
from importlib.resources import files

from earshot.text.asking.files import PromptFile
from earshot.text.asking.files import prompt_file as any_prompt_file

_FOLDER = files("earshot.classify.llm") / "prompts"


def prompt_file(name: str) -> PromptFile:
    """The prompt file of this name."""
    return any_prompt_file("earshot.classify.llm", name)


@cache
def shared(name: str) -> str:
    """A paragraph that several prompts share."""
    return _text(f"{name}.txt").strip()


@cache
def meanings(field: str) -> dict[str, str]:
    """What each option of a closed field means."""
    return dict(_meanings()[field])


@cache
def tie_breaks() -> tuple[str, ...]:
    """How to choose between two issue types that both seem to fit."""
    return tuple(_meanings()["ties"]["lines"])


@cache
def _meanings() -> dict[str, dict[str, str]]:
    return tomllib.loads(_text("meanings.toml"))


def _text(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")
