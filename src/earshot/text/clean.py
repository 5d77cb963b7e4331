"""Text that PostgreSQL can hold and UTF-8 can carry."""


def storable(text: str) -> str:
    """The text with NUL characters and lone surrogates replaced by U+FFFD; anything else is left as it is."""
    if "\x00" in text:
        text = text.replace("\x00", "\ufffd")
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def one_line(text: str, *, limit: int) -> str:
    """Printable text on one line, at most `limit` characters: for names and reasons that outsiders chose."""
    shown = "".join(char if char.isprintable() else " " for char in text[: limit * 4])
    flat = " ".join(shown.split())
    return flat if len(flat) <= limit else flat[: limit - 1] + "…"
