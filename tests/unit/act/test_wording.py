"""What is said, in the guide's words; whatever stands in a variable, nothing but its text comes of it."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earshot.act.planning import push
from earshot.act.settings import ActSettings
from earshot.act.texts.compiling import compiled
from earshot.act.texts.variables import EXAMPLES, FIELDS, VARIABLES, Occasion
from earshot.act.wording import TITLE_LIMIT, load_words
from earshot.domain.action import INWARD, ActionKind
from earshot.domain.backlog import BacklogItem, Evidence, ItemText, ItemType, Link, Urgency
from earshot.domain.delivery import Dossier, Thing
from earshot.domain.document import Block, Bullets, Document, Quotation, Span
from earshot.domain.rice import Rice, RiceScore
from earshot.domain.theme import Quote
from earshot.errors import Misconfigured
from earshot.text.render.plain import to_plain

from .cases import (
    BOARD,
    JIRA,
    MAIL,
    NOW,
    PAGER,
    SLACK,
    TAG,
    TASK,
    WORDS,
    action,
    conversation,
    dossier,
    insight,
    quote,
    theme,
)

K = ActionKind
FOLDER = Path(__file__).parents[3] / "src/earshot/act/templates"
DOCS = Path(__file__).parents[3] / "docs/texts.md"


def test_the_churn_alert_is_the_guides() -> None:
    known = dossier(
        action(K.ALERT_CS_MANAGER, about="acme"),
        insight=insight(churn_risk="HIGH", sentiment="VERY_NEGATIVE", sentiment_score=-0.85),
    )
    said = WORDS.create(known, SLACK)
    assert said.title == "🚨 HIGH CHURN RISK: Acme"
    assert to_plain(said.body) == (
        "Conversation: conv_12345\n"
        "Issue: User unable to sync contacts with Salesforce CRM integration\n"
        "Sentiment: -0.85\n"
        "Customer: Enterprise ($4,200 MRR)\n\n"
        "View in Intercom (https://app.intercom.com/a/inbox/conv_12345)"
    )


def test_the_productboard_note_is_the_guides() -> None:
    known = dossier(
        action(K.CREATE_PRODUCTBOARD_NOTE), theme=theme(12), insight=insight(issue_type="FEATURE_REQUEST")
    )
    said = WORDS.create(known, BOARD)
    assert said.title == "User unable to sync contacts with Salesforce CRM integration"
    assert said.labels == ("customer-request", "integrations")
    assert to_plain(said.body).startswith(
        "Customer feedback from Intercom\n\n"
        "Category: FEATURE_REQUEST\nSentiment: NEGATIVE\nFrequency: 12 mentions\n\nConversation: conv_12345"
    )
    assert said.url == "https://app.intercom.com/a/inbox/conv_12345"


def test_the_urgent_ticket_is_the_guides() -> None:
    known = dossier(action(K.CREATE_JIRA_P0), insight=insight(priority="CRITICAL"))
    said = WORDS.create(known, JIRA)
    assert said.title == "P0: User unable to sync contacts with Salesforce CRM integration"
    assert (said.item_type, said.priority) == ("Bug", "P0")
    assert said.labels == ("p0", "customer-reported", "integrations")
    assert to_plain(said.body) == (
        "Critical bug reported via customer support\n\n"
        "Intercom conversation: conv_12345 (https://app.intercom.com/a/inbox/conv_12345)\n"
        "Priority: CRITICAL\nSentiment: NEGATIVE\n\n"
        "Customer Impact: User unable to sync contacts with Salesforce CRM integration"
    )


def sample_item() -> BacklogItem:
    """The guide's sample backlog item."""
    ids = ("conv_12345", "conv_12378", "conv_12401")
    url = "https://app.intercom.com/a/inbox/"
    return BacklogItem(
        id="i1",
        theme_id="t1",
        text=ItemText(
            title="Salesforce sync fails for contacts with custom fields",
            description="Enterprise customers unable to sync contacts when custom fields are present.",
            acceptance_criteria=("Contacts with custom fields are synced.",),
            labels=("customer-reported", "integrations", "salesforce", "enterprise"),
            components=("Integrations",),
            issue_type=ItemType.BUG,
            priority=Urgency.P1,
        ),
        rice=Rice(
            score=RiceScore(reach=64, impact=2.0, confidence=0.8, effort_weeks=1.2, rice_score=85.3, reasoning="r"),
            estimates=(),
        ),
        evidence=Evidence(
            conversations=12,
            customers=8,
            mrr=45_000.0,
            avg_sentiment=-0.68,
            segments={"enterprise": 8},
            first_seen=NOW.replace(month=1, day=1),
            last_seen=NOW.replace(month=1, day=8),
            links=tuple(Link(conversation_id=one, url=url + one) for one in ids),
            quotes=(Quote(text="We've been trying to sync for 3 days now.", conversation_id="conv_12345"),),
        ),
        created_at=NOW,
        updated_at=NOW,
    )


def test_a_pushed_item_is_the_guides() -> None:
    known = dossier(action(K.CREATE_TICKET), item=sample_item(), theme=theme(99), conversations=40)
    said = push(known, None, route=JIRA, words=WORDS, now=NOW).deliveries[0].content
    assert said.title == "Salesforce sync fails for contacts with custom fields"
    assert (said.item_type, said.priority, said.components) == ("Bug", "P1", ("Integrations",))
    assert said.labels == ("customer-reported", "integrations", "salesforce", "enterprise")
    assert said.facts["rice_score"] == 85.3
    assert said.facts["customer_evidence_count"] == 12
    assert said.facts["first_reported"] == "2026-01-01"
    assert said.facts["estimated_mrr_impact"] == 45_000.0
    text = to_plain(said.body)
    assert text.startswith("Customer Impact\n\nEnterprise customers unable to sync")
    assert (
        "Evidence\n\n- Reported in 12 conversations over 7 days (2026-01-01 to 2026-01-08)\n"
        "- Average sentiment: -0.68 (highly negative)\n"
        "- Affects 8 customer accounts, 8 of them enterprise (est. $45,000 MRR)" in text
    )
    assert "- https://app.intercom.com/a/inbox/conv_12378\n- https://app.intercom.com/a/inbox/conv_12401" in text
    assert "Representative Quote\n\n> We've been trying to sync for 3 days now." in text


def test_a_page_names_gravity_matter_and_count() -> None:
    known = dossier(
        action(K.PAGE_ONCALL_ENGINEER), conversations=14, theme=theme(), insight=insight(priority="CRITICAL")
    )
    said = WORDS.create(known, PAGER)
    assert said.title == "[Critical] Salesforce sync fails for contacts with custom fields - 14 conversations"
    assert said.severity == "critical"


def test_an_event_is_thin_unless_asked_otherwise() -> None:
    known = dossier(action(K.SEND_WEBHOOK, about="conv_12345"), quotes=(quote(),))
    hook = TAG.model_copy(update={"thing": Thing.EVENT, "destination": "webhook:n8n"})
    thin = WORDS.create(known, hook)
    assert (thin.title, thin.body) == ("Signal: product bug, high", Document())
    full = load_words(ActSettings(customer_text=True)).create(known, hook)
    assert "vague error" in to_plain(full.body)


def test_updates_tell_counts_and_no_customers_words() -> None:
    known = dossier(action(), conversations=9, customers=4, quotes=(quote(),), theme=theme())
    for route in (JIRA, MAIL):
        text = to_plain(WORDS.update(known, route, occasion=Occasion(told=2)).body)
        assert "9" in text
        assert "vague error" not in text
        assert "Salesforce CRM" not in text


@pytest.mark.parametrize("kind", [kind for kind in ActionKind if kind not in INWARD])
@pytest.mark.parametrize("route", [JIRA, SLACK, MAIL, BOARD, TAG, TASK, PAGER])
def test_every_kind_has_words_everywhere(kind: ActionKind, route: object) -> None:
    bare = dossier(action(kind), conversation=conversation(company=None, url=None), mrr=None, companies=())
    for known in (bare, dossier(action(kind), theme=theme(), item=sample_item(), quotes=(quote(),))):
        assert WORDS.create(known, route).title.strip()  # type: ignore[arg-type]


# structure


def form(document: Document) -> list[object]:
    """A document without its texts: what it is made of, and which spans are strong or links."""
    return [_form(block) for block in document.blocks]


def _form(block: Block) -> object:
    if isinstance(block, Quotation):
        return ("quotation", block.href is not None)
    if isinstance(block, Bullets):
        return ("bullets", [[_mark(span) for span in item] for item in block.items])
    return (block.type, [_mark(span) for span in block.spans])


def _mark(span: Span) -> tuple[bool, bool]:
    return (span.strong, span.href is not None)


HOSTILE = st.text(min_size=1, max_size=60).filter(lambda text: bool(text.strip())) | st.sampled_from(
    [
        "# heading\n## another\n- bullet",
        "**bold** [link](https://evil.test) > quote",
        "{{ 7 * 7 }}{% for x in y %}",
        "\ue0000\ue001 \ue0001\ue001",
        "<!channel> <@U1> <https://evil.test|here>",
        "<img src=x onerror=alert(1)>",
        "](https://evil.test) [",
        "\n\n# P0: all is lost\n\n",
        "a\\",
    ]
)


def spoken(words: str) -> Dossier:
    return dossier(
        action(K.CREATE_TICKET),
        insight=insight(summary=(words[:190] or "x")),
        theme=theme(title=words),
        quotes=(quote(words),),
        conversation=conversation(company=words),
        companies=(words,),
    )


@given(HOSTILE)
@settings(max_examples=150, deadline=None)
def test_no_text_changes_what_a_document_is_made_of(words: str) -> None:
    for route in (JIRA, SLACK, MAIL, BOARD, PAGER):
        calm, hostile = (WORDS.create(spoken(text), route) for text in ("calm", words))
        assert form(hostile.body) == form(calm.body)
        assert "\n" not in hostile.title
        assert len(hostile.title) <= TITLE_LIMIT


def test_quotes_stay_byte_for_byte() -> None:
    words = "  It fails **every** time\n- see {{ this }}  "
    body = WORDS.create(dossier(action(), quotes=(quote(words),)), JIRA).body
    assert [block.text for block in body.blocks if isinstance(block, Quotation)] == [words]


# one's own texts


def own(folder: Path, name: str, text: str) -> ActSettings:
    (folder / name).write_text(text, "utf-8")
    return ActSettings(templates=folder)


def test_a_file_of_ones_own_takes_the_place(tmp_path: Path) -> None:
    words = load_words(
        own(tmp_path, "alert_cs_manager.message.md", "# {{ company }} may leave\n\n**{{ summary }}**\n")
    )
    said = words.create(dossier(action(K.ALERT_CS_MANAGER)), SLACK)
    assert said.title == "Acme may leave"
    assert form(said.body) == [("paragraph", [(True, False)])]


def test_a_text_for_any_kind_and_thing_may_be_added(tmp_path: Path) -> None:
    words = load_words(own(tmp_path, "create_ticket.page.md", "# Wake up: {{ title }}"))
    assert words.create(dossier(action()), PAGER).title.startswith("Wake up")
    assert WORDS.create(dossier(action()), PAGER).title.startswith("[High]")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("# a\n\n{{ sumary }}", ":3: there is no variable sumary; did you mean summary?"),
        ("# a\n{% if x %}", ":2:"),
        ("# a\n{{ item.titel }}", ":2: nothing has a field titel; did you mean title?"),
        ("# a\n{{ summary | uper }}", "uper"),
        ("# a\n{{ summary.__class__ }}", "__class__"),
        ("# a\n{{ ''.join(summary) }}", "call is not part of these templates"),
        ("# a\n{% include 'x' %}", "include is not part of these templates"),
        ("# a\n{{ 9 ** 9 }}", "pow is not part of these templates"),
        ("# a\n{% set x = 1 %}", "assign is not part of these templates"),
        ("# a\n\n**never closed", "** that is not closed"),
        ("# a\n\n[never](closed", "not closed"),
        ("# a\n\n{{ item.title }}", "title"),
        ("# a \ue000", "character"),
    ],
)
def test_mistakes_are_refused_with_their_place(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(Misconfigured) as refused:
        load_words(own(tmp_path, "note.md", text))
    assert "note.md" in str(refused.value)
    assert complaint in str(refused.value)


def test_a_misnamed_file_is_refused_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured) as refused:
        load_words(own(tmp_path, "alert_cs_manager.mesage.md", "# a"))
    assert refused.value.hint == "Did you mean alert_cs_manager.message.md?"


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="templates"):
        load_words(ActSettings(templates=tmp_path / "nowhere"))


def test_every_shipped_text_stands_both_examples() -> None:
    for path in FOLDER.glob("*.md"):
        template = compiled(path.read_text("utf-8"), place=path.name)
        for values in EXAMPLES:
            template.write(values)


def test_the_documentation_names_every_variable_field_and_file() -> None:
    text = DOCS.read_text("utf-8")
    missing = [
        name for name in (*VARIABLES, *FIELDS, *(p.name for p in FOLDER.glob("*.md"))) if f"`{name}`" not in text
    ]
    assert missing == []


def test_templates_are_compiled_once() -> None:
    """A worker that compiled them for each job left rings of references behind."""
    text, place = "A title\n\nA text", "anywhere.md"
    assert compiled(text, place=place) is compiled(text, place=place)
