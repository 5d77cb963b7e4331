"""Text as a label that every tracker takes."""

import unicodedata

from earshot.text.escape import one_line

LABEL_LIMIT = 50


def label(text: str) -> str:
    """Text as a label: lower case, letters and digits of any writing, single dashes between."""
    plain = unicodedata.normalize("NFKC", one_line(text)).casefold()
    kept = "".join(c if c.isalnum() or unicodedata.category(c) == "Mn" else " " for c in plain)
    return "-".join(kept.split())[:LABEL_LIMIT].strip("-")
