"""The simulator's own tokenizer: deterministic, offline, and never more tokens than UTF-8 bytes.

A token is a run of up to six ASCII letters, digits or underscores, or any other single character that is not
space. English comes out near a vendor's figure; other scripts cost a token a character, as a cautious vendor's do.
"""

import re
from functools import lru_cache

_TOKEN = re.compile(r"[A-Za-z0-9_]{1,6}|[^\sA-Za-z0-9_]")


def count(text: str) -> int:
    """How many tokens a text has."""
    return len(_TOKEN.findall(text))


@lru_cache(maxsize=256)
def count_static(text: str) -> int:
    """The same for text that comes again with every request: instructions, schemas."""
    return count(text)


def cut(text: str, most: int) -> str:
    """The beginning of a text that has at most so many tokens."""
    for number, token in enumerate(_TOKEN.finditer(text)):
        if number == most:
            return text[: token.start()]
    return text
