"""Prompt files: readable text in a package's folder `prompts`, each with its version in the first line."""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

_VERSION = "version "


@dataclass(frozen=True, slots=True)
class PromptFile:
    """A prompt file: its version and its text with `{name}` where settings speak."""

    version: str
    text: str

    def filled(self, **parts: str) -> str:
        """The text with every `{name}` replaced once; what is put in is never searched again."""
        first, *pieces = self.text.split("{")
        filled = [first]
        for piece in pieces:
            name, _, rest = piece.partition("}")
            filled += parts[name], rest
        return "".join(filled)


@cache
def prompt_file(package: str, name: str) -> PromptFile:
    """The prompt file of this name in a package."""
    text = (files(package) / "prompts" / f"{name}.txt").read_text(encoding="utf-8")
    first, _, rest = text.partition("\n")
    return PromptFile(version=first.removeprefix(_VERSION).strip(), text=rest.strip())
