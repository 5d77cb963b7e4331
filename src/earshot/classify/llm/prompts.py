"""The prompt files: readable text, each with its version in the first line."""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

_FOLDER = files("earshot.classify.llm") / "prompts"
_VERSION = "version "


@dataclass(frozen=True, slots=True)
class PromptFile:
    """A prompt file: its version and its text with `{name}` where settings speak."""

    version: str
    text: str

    def filled(self, parts: dict[str, str]) -> str:
        """The text with every `{name}` replaced once; what is put in is never searched again."""
        pieces = self.text.split("{")
        filled = [pieces[0]]
        for piece in pieces[1:]:
            name, _, rest = piece.partition("}")
            filled.append(parts[name] + rest)
        return "".join(filled)


@cache
def prompt_file(name: str) -> PromptFile:
    """The prompt file of this name."""
    first, _, text = _text(f"{name}.txt").partition("\n")
    return PromptFile(version=first.removeprefix(_VERSION).strip(), text=text.strip())


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
