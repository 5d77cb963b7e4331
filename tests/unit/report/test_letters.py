"""Reports as mail, plain text and Slack blocks: whole, within limits, and inert whatever customers write."""

import gzip
import json
import re
from pathlib import Path
from typing import Any

import pytest
from selectolax.lexbor import LexborHTMLParser
from slack_sdk.models.blocks import Block

from earshot.domain.report import Mover, Report, Shown
from earshot.report import pictures, to_html, to_mail, to_markdown, to_plain, to_slack, to_slack_text
from earshot.report.as_mail import MOST_BYTES
from earshot.report.as_slack import MOST_BLOCKS
from earshot.report.news import shown_by
from earshot.report.sections import SECTIONS, page
from earshot.report.settings import SECTION_NAMES
from earshot.report.subject import subject
from earshot.sim.tools.slack_blocks import wrong_blocks

from . import sample

REPORTS = {
    "full": sample.edition(sample.report()),
    "empty": sample.edition(sample.empty()),
    "hostile": sample.edition(sample.hostile(), shown=Shown()),
    "unlinked": sample.report(),
}
ALLOWED = {
    "html", "head", "meta", "title", "style", "body", "table", "tbody", "tr", "td", "th", "p", "h1", "h2", "a",
    "br",
    "strong", "span", "ul", "li", "div", "img", "code",
}  # fmt: skip
INJECTIONS = Path(__file__).parents[4] / "shared" / "data" / "injections.jsonl.gz"
MOVERS = tuple(
    Mover(theme_id=f"t{n}", title=f"Theme {n}", issue_type="BILLING", conversations=a, previous_conversations=b)
    for n, (a, b) in enumerate(((40, 2), (3, 44), (5, 6)))
)


@pytest.fixture(params=REPORTS)
def report(request: pytest.FixtureRequest) -> Report:
    return REPORTS[request.param]


def test_settings_name_every_section() -> None:
    assert tuple(SECTIONS) == SECTION_NAMES


def test_the_mail_holds_harmless_elements_and_leads_to_the_app_only(report: Report) -> None:
    parsed = LexborHTMLParser(to_mail(report))
    assert parsed.root is not None
    found = [node for node in parsed.root.traverse() if node.tag and not node.tag.startswith(("-", "!", "_"))]
    assert {node.tag for node in found} <= ALLOWED
    for node in found:
        assert not any(name.startswith("on") for name in node.attributes)
        assert str(node.attributes.get("src", "cid:")).startswith("cid:")
        href = node.attributes.get("href")
        if href and report.edition.app_url:
            assert href.startswith(f"{sample.APP}/")


def test_a_mail_that_is_too_long_gets_shorter_lists() -> None:
    long = tuple(sample.highlight(n, quote="word " * 400, summary="long " * 400) for n in range(20))
    whole = sample.edition(sample.report(criticals=long, high_churn=long))
    assert len(to_mail(whole).encode()) <= MOST_BYTES


def test_pictures_are_what_the_mail_names() -> None:
    whole = REPORTS["full"]
    named = re.findall(r'src="cid:([^"]+)"', to_mail(whole))
    drawn = pictures(whole)
    assert named == [picture.name for picture in drawn]
    assert all(picture.body.startswith(b"\x89PNG") and picture.label for picture in drawn)
    assert 'src="cid:' not in to_mail(whole, charts=False)


def test_slack_takes_the_blocks(report: Report) -> None:
    blocks = list(to_slack(report))
    assert wrong_blocks([*blocks]) == ""
    assert len(blocks) <= MOST_BLOCKS
    library: Any = Block
    for block in library.parse_all(blocks):
        block.validate_json()
    texts = "\n".join(_texts(blocks)) + to_slack_text(report)
    assert not re.search(r"<[!@#]", texts)
    for address in re.findall(r"<(http[^|>]*)", texts):
        assert address.startswith(f"{sample.APP}/") or not report.edition.app_url


def _texts(value: object) -> list[str]:
    """Every text within."""
    if isinstance(value, str):
        return [value]
    inner: Any = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
    return [text for item in inner for text in _texts(item)]


@pytest.mark.shared
@pytest.mark.skipif(not INJECTIONS.exists(), reason="needs the evaluation folder ../shared beside the checkout")
def test_real_attacks_are_inert_in_every_form() -> None:
    with gzip.open(INJECTIONS, "rt", encoding="utf-8") as file:
        texts = [str(json.loads(line)["text"]) for line in file]
    assert len(texts) > 20
    for start in range(0, len(texts), 20):
        voices = tuple(
            sample.highlight(n, summary=text, quote=text[::-1] + text, customer=text, company=text, plan=text)
            for n, text in enumerate(texts[start : start + 20])
        )
        hostile = sample.edition(sample.hostile().model_copy(update={"criticals": voices, "high_churn": voices}))
        test_the_mail_holds_harmless_elements_and_leads_to_the_app_only(hostile)
        test_slack_takes_the_blocks(hostile)
        test_plain_text_has_no_control_characters(hostile)


def test_plain_text_has_no_control_characters(report: Report) -> None:
    text = to_plain(report)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)


def test_subjects_say_the_news_in_no_customers_words() -> None:
    assert re.fullmatch(r"\d+ critical, .+: .*Oct.*2026", subject(REPORTS["full"]))
    assert "<" not in subject(REPORTS["hostile"])
    assert subject(REPORTS["empty"]).startswith("no conversations: ")


def test_what_was_shown_and_did_not_change_is_folded() -> None:
    whole = sample.report()
    first = sample.edition(whole)
    second = sample.edition(whole, shown=shown_by(whole))
    assert "news" not in [section.id for section in page(first).sections]
    assert page(second).sections[0].id == "news"
    told = to_markdown(second)
    assert "In the last report already, without a clear change" in told
    assert told.count("### ") < to_markdown(first).count("### ")
    assert f"In the last report already: {len(whole.criticals)} conversations" in told


def test_only_clear_movers_are_told_rising_ones_first() -> None:
    text = to_markdown(sample.edition(sample.report(movers=MOVERS)))
    assert text.index("Theme 0") < text.index("Theme 1")
    assert "Theme 2" not in text


def test_looking_at_many_themes_invents_no_movers() -> None:
    mover = Mover(theme_id="t", title="Theme 9", issue_type="BILLING", conversations=20, previous_conversations=7)
    few, many = (mover.model_copy(update={"looked": looked}) for looked in (2, 400))
    assert "Theme 9" in to_markdown(sample.edition(sample.report(movers=(few,))))
    assert "Theme 9" not in to_markdown(sample.edition(sample.report(movers=(many,))))


def test_chosen_sections_stand_in_their_order() -> None:
    whole = sample.report()
    chosen = whole.model_copy(
        update={"edition": whole.edition.model_copy(update={"sections": ("cost", "numbers")})}
    )
    assert [section.id for section in page(chosen).sections] == ["cost", "numbers"]


def test_every_figure_leads_into_the_app() -> None:
    parsed = LexborHTMLParser(to_html(REPORTS["full"]))
    for value in parsed.css(".figures .value, .measures dd strong"):
        link = value.css_first("a")
        assert link is not None
        assert str(link.attributes["href"]).startswith(f"{sample.APP}/conversations?since=")
