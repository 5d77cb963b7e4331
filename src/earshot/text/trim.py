"""Where the words somebody wrote now end: before quoted mail and signatures.

Only an end is ever cut, so offsets into what is kept are offsets into the original.
"""

import re

_WROTE = (
    r"wrote|writes|schrieb(?:\s+\S[^\n]{0,80})?|a\s+écrit|escribió|escreveu|ha\s+scritto|schreef(?:\s+\S[^\n]{0,80})?"
    r"|napisał(?:\(a\)|a)?|skrev|написал(?:а|\(а\))?|yazdı|写道|のメール"
)
_ATTRIBUTION = re.compile(
    r"^[ \t>]*(?:on|am|le|el|em|il|op|dnia|w dniu|den|в|\d)[^\n]{0,200}(?:\n[^\n]{1,120})?"
    rf"(?:{_WROTE})\s*[:：]\s*$",
    re.IGNORECASE | re.MULTILINE,
)
_SEPARATOR = re.compile(
    r"^[ \t>]*(?:-{2,}\s*(?:original message|forwarded message|ursprüngliche nachricht|message d'origine|"
    r"mensaje original|mensagem original|messaggio originale|oorspronkelijk bericht)\s*-{2,}|_{20,})\s*$",
    re.IGNORECASE | re.MULTILINE,
)
_HEADERS = re.compile(
    r"^[ \t>*]*(?:from|von|de|da|van|från|od)\s*:\*?[^\n]{1,200}\n"
    r"[ \t>*]*(?:sent|date|to|subject|gesendet|datum|an|envoyé|à|enviado|fecha|para|inviato|verzonden|aan)\s*:",
    re.IGNORECASE | re.MULTILINE,
)
_QUOTED_TAIL = re.compile(r"^[ \t]*>", re.MULTILINE)
_SIGNATURE = re.compile(r"^--[ \t]*$", re.MULTILINE)
_DEVICE = re.compile(
    r"^[ \t]*(?:sent (?:from|via) (?:my |the )?\S[^\n]{0,60}|get outlook for \S+[^\n]{0,40}|"
    r"(?:von|gesendet von) meinem \S[^\n]{0,60}|envoyé (?:de|depuis) mon \S[^\n]{0,60}|"
    r"enviado (?:desde|do) (?:mi|meu) \S[^\n]{0,60}|inviato da(?:l mio)? \S[^\n]{0,60})\s*\Z",
    re.IGNORECASE | re.MULTILINE,
)
_QUOTES = (_ATTRIBUTION, _SEPARATOR, _HEADERS)
_LONGEST = 200_000


def own_words_end(text: str) -> int:
    """The length of the part that the writer wrote now; the whole length when nothing would be left."""
    if len(text) > _LONGEST:
        return len(text)
    end = min((found.start() for pattern in _QUOTES if (found := pattern.search(text))), default=len(text))
    end = _before_quoted_tail(text, end)
    end = min((found.start() for p in (_SIGNATURE, _DEVICE) if (found := p.search(text[:end]))), default=end)
    kept = text[:end].rstrip()
    return len(kept) if kept else len(text)


def own_words(text: str) -> str:
    """The text without quoted mail and signature at its end."""
    return text[: own_words_end(text)]


def _before_quoted_tail(text: str, end: int) -> int:
    """Move the end before a last block of `>` lines; quotes answered line by line are kept."""
    lines = text[:end].splitlines(keepends=True)
    while lines and (not lines[-1].strip() or _QUOTED_TAIL.match(lines[-1])):
        end -= len(lines.pop())
    return end
