"""What is wrong with the blocks of a Slack message, by the limits that Slack documents."""

from collections.abc import Callable, Mapping

from earshot.sim.intercom.peek import is_object, mapping, sequence
from earshot.sim.tools.shapes import is_text
from earshot.sim.tools.wire import Json

_BLOCKS = 50
_HEADER, _SECTION, _FIELD, _FIELDS, _ELEMENTS, _URL = 150, 3000, 2000, 10, 10, 3000
_RICH = ("rich_text_section", "rich_text_list", "rich_text_quote", "rich_text_preformatted")
_STYLES = frozenset({"bold", "italic", "strike", "code"})


def wrong_blocks(blocks: list[object]) -> str:
    """The first thing that is wrong, "" when nothing is."""
    if len(blocks) > _BLOCKS:
        return f"more than {_BLOCKS} blocks"
    return next((found for block in blocks if (found := _wrong_block(block))), "")


def _wrong_block(value: object) -> str:
    block = mapping(value)
    check = _CHECKS.get(str(block.get("type")))
    return check(block) if check else f"unknown block {block.get('type')}"


def _header(block: Json) -> str:
    return _wrong_text(block.get("text"), _HEADER, plain=True)


def _section(block: Json) -> str:
    fields = sequence(block.get("fields", []))
    if "text" not in block and not fields:
        return "a section needs text or fields"
    if fields is None or len(fields) > _FIELDS:
        return "too many fields"
    wrong = _wrong_text(block["text"], _SECTION) if "text" in block else ""
    return wrong or next((found for one in fields if (found := _wrong_text(one, _FIELD))), "")


def _context(block: Json) -> str:
    elements = sequence(block.get("elements")) or ()
    if not 1 <= len(elements) <= _ELEMENTS:
        return "a context has 1 to 10 elements"
    return next((found for one in elements if (found := _wrong_text(one, _SECTION))), "")


def _divider(_block: Json) -> str:
    return ""


def _rich_text(block: Json) -> str:
    elements = sequence(block.get("elements"))
    if not elements:
        return "rich text needs elements"
    return next((found for one in elements if (found := _wrong_rich(one))), "")


_CHECKS: Mapping[str, Callable[[Json], str]] = {
    "header": _header,
    "section": _section,
    "context": _context,
    "divider": _divider,
    "rich_text": _rich_text,
}


def _wrong_text(value: object, limit: int, *, plain: bool = False) -> str:
    text = mapping(value)
    if text.get("type") not in (("plain_text",) if plain else ("plain_text", "mrkdwn")):
        return f"unknown text {text.get('type')}"
    return "" if is_text(text.get("text"), 1, high=limit) else f"a text has 1 to {limit} characters"


def _wrong_rich(value: object) -> str:
    part = mapping(value)
    if part.get("type") not in _RICH:
        return f"unknown rich text {part.get('type')}"
    elements = sequence(part.get("elements"))
    if not elements:
        return "rich text is empty"
    if part["type"] == "rich_text_list":
        if part.get("style") not in ("bullet", "ordered"):
            return "a list has a style"
        return next((found for one in elements if (found := _wrong_rich(one))), "")
    return next((found for one in elements if (found := _wrong_run(one))), "")


def _wrong_run(value: object) -> str:
    run = mapping(value)
    if run.keys() - {"type", "text", "url", "style"}:
        return "a run has unknown keys"
    style = run.get("style", {})
    if not is_object(style) or mapping(style).keys() - _STYLES:
        return "unknown style"
    if run.get("type") == "text":
        return "" if is_text(run.get("text"), 1, high=_SECTION * 10) else "a text is empty"
    if run.get("type") == "link":
        url = run.get("url")
        return "" if is_text(url, 1, high=_URL) and str(url).startswith("http") else "a link needs a url"
    return f"unknown run {run.get('type')}"
