"""Keys, tokens and passwords: by a known beginning, by what is said before, or because nobody could read them."""

import re
from collections.abc import Callable, Iterator

from earshot.text.personal.spans import BREAK, Kind, Searched, Span

_KNOWN = re.compile(
    r"(?<![A-Za-z0-9])(?:"
    r"(?:sk|pk|rk)[-_][A-Za-z0-9_-]{16,}|[A-Za-z]{2,6}_(?:live|test)_[A-Za-z0-9]{16,}"  # OpenAI, Anthropic, Stripe
    r"|(?:AKIA|ASIA|AROA|AIDA)[A-Z0-9]{16}(?![A-Za-z0-9])"  # AWS
    r"|gh[opsur]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}|glpat-[A-Za-z0-9_-]{16,}"
    r"|xox[a-z]-[A-Za-z0-9-]{10,}|xapp-[A-Za-z0-9-]{10,}"  # Slack
    r"|AIza[A-Za-z0-9_-]{30,}|ya29\.[A-Za-z0-9_-]{20,}|GOCSPX-[A-Za-z0-9_-]{20,}"  # Google
    r"|SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}|whsec_[A-Za-z0-9+/=]{16,}"
    r"|npm_[A-Za-z0-9]{30,}|pypi-[A-Za-z0-9_-]{30,}"
    r"|hf_[A-Za-z0-9]{20,}|lin_api_[A-Za-z0-9]{20,}|dop_v1_[a-f0-9]{30,}|shp[a-z]{2}_[A-Fa-f0-9]{20,}"
    r"|eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{4,}(?:\.[A-Za-z0-9_-]*)?"  # JSON web tokens
    r")"
)
_PEM = re.compile(r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_PEM_LONGEST = 16_000
_SHORTEST = 20
_WORD = re.compile(rf"[A-Za-z0-9_-]{{{_SHORTEST},}}")
_ALNUM = re.compile(r"[A-Za-z0-9]{16,}")
_DIGITS = re.compile(r"[0-9]+")
_HEX = re.compile(r"(?=.*[a-f])[0-9a-f]{20,}|(?=.*[A-F])[0-9A-F]{20,}")
_SWITCH = re.compile(r"[a-z](?=[A-Z0-9])|[A-Z](?=[a-z0-9])|[0-9](?=[A-Za-z])")
_BASE64 = re.compile(r"[A-Za-z0-9+/]{32,}={0,2}")
_CODE = r"await\b|env\b|os\.|process\.|get|new\b|null\b|none\b|undefined\b|true\b|false\b|function|\*+"
_PASSWORDS = (
    "password", "passwd", "passcode", "passphrase", "passwort", "pwd", "kennwort", "contraseña", "contrasena",
    "mot de passe", "senha", "wachtwoord", "hasło", "пароль", "パスワード", "密码",
)  # fmt: skip
_TOKENS = (
    "secret",
    "token",
    "key",
    "client id",
    "client_id",
    "session id",
    "session_id",
    "authorization",
    "credential",
)
_VALUE = re.compile(
    r"s?[\"'”’`]?[ ]{0,3}(?:(?P<sign>[:=]{1,2}>?)|(?:is|was|ist|es|est|è|é|to)\b)[ ]{0,3}[\"'“”‘’`]?"
    rf"(?!{_CODE})(?P<value>[^\s\"'“”‘’`<>,;{BREAK}]{{4,}})"
)
_BEARER = re.compile(r"\b(?:bearer|basic)[ ]{1,3}(?P<value>[A-Za-z0-9._~+/=-]{8,})")


def secrets(text: Searched) -> Iterator[Span]:
    """Keys, tokens and passwords."""
    if text.longest_word >= _SHORTEST:
        for found in _KNOWN.finditer(text.text):
            yield Span(*found.span(), Kind.KEY)
        yield from _unreadable(text.text)
    if "PRIVATE KEY" in text.text:
        yield from _pem(text.text)
    yield from _named(text)


def _pem(text: str) -> Iterator[Span]:
    """Private keys whole, or as far as they were pasted."""
    place = 0
    while found := _PEM.search(text, place):
        limit = min(found.end() + _PEM_LONGEST, len(text))
        message_end = text.find(BREAK, found.end(), limit)
        limit = limit if message_end < 0 else message_end
        footer = text.find("-----END", found.end(), limit)
        line_end = text.find("\n", footer, limit) if footer >= 0 else -1
        place = limit if line_end < 0 else line_end
        yield Span(found.start(), place, Kind.KEY)


def _unreadable(text: str) -> Iterator[Span]:
    for run in _BASE64.finditer(text):
        if _DIGITS.search(run[0]) and _mixed(run[0], share=0.33):
            yield Span(*run.span(), Kind.KEY)
    for word in _WORD.finditer(text):
        if any(_random(part) for part in _ALNUM.findall(word[0])) or _scattered(word[0]):
            yield Span(*word.span(), Kind.KEY)


def _random(part: str) -> bool:
    """Letters and digits mixed as nobody would write: in a name digits come at the end, capitals begin words."""
    if _HEX.fullmatch(part):
        return len(_DIGITS.findall(part)) >= 2
    if not _DIGITS.search(part):
        return len(part) >= 24 and _mixed(part, share=0.45)
    return len(_DIGITS.findall(part)) >= 3 and _mixed(part, share=0.25)


def _scattered(word: str) -> bool:
    """A long token whose dashes or underscores are part of its alphabet."""
    return len(word) >= 32 and len(_DIGITS.findall(word)) >= 4 and _mixed(word, share=0.35)


def _mixed(part: str, *, share: float) -> bool:
    return len(_SWITCH.findall(part)) >= share * len(part)


def _named(text: Searched) -> Iterator[Span]:
    """What follows a word for a secret."""
    for word in _PASSWORDS:
        yield from _after(text, word, is_secret=_is_password)
    for word in _TOKENS:
        yield from _after(text, word, is_secret=_is_token)
    if "bearer " in text.lower or "basic " in text.lower:
        for found in _BEARER.finditer(text.lower):
            if _DIGITS.search(found["value"]):
                yield Span(*found.span("value"), Kind.KEY)


def _after(text: Searched, word: str, *, is_secret: Callable[[str, str | None], bool]) -> Iterator[Span]:
    at = text.lower.find(word)
    while at >= 0:
        place = at + len(word)
        if found := _VALUE.match(text.lower, place):
            start, place = found.span("value")
            value = text.text[start:place].rstrip(".,;:!?)]}")
            if is_secret(value, found["sign"]):
                yield Span(start, start + len(value), Kind.KEY)
        at = text.lower.find(word, place)


def _is_password(value: str, sign: str | None) -> bool:
    """After `=` anything; after `:` anything of some length; after a verb what is no ordinary word."""
    odd = not value.isalpha() or not (value.islower() or value.istitle())
    return len(value) >= 4 and (odd or sign == "=" or (sign is not None and len(value) >= 6))


def _is_token(value: str, _sign: str | None) -> bool:
    """Something long with a digit in it."""
    return len(value) >= 8 and _DIGITS.search(value) is not None
