"""Every SELECT, INSERT and UPDATE that the guide prints runs unchanged; only its placeholders are bound."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from store_samples import conversation, group, insight, keep, query, read, value

from earshot.store import PostgresStore

GUIDE = Path(__file__).parents[3].parent / "shared" / "reference" / "guide.md"
VALUES: dict[str, Sequence[Any]] = {
    "insert into conversation_insights": (
        "1000",
        "BILLING",
        "LOW",
        "NEUTRAL",
        0.05,
        "LOW",
        "Invoice question",
        datetime.now(UTC),
    ),
    "select frequency": ("dark mode please",),
    "select conversation_id": (["1000", "1001", "nope"],),
}
SHAPES = [
    """INSERT INTO conversation_insights
        (conversation_id, issue_type, priority, sentiment, sentiment_score, churn_risk, summary, created_at)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
    ON CONFLICT (conversation_id) DO UPDATE SET issue_type = EXCLUDED.issue_type, priority = EXCLUDED.priority,
        sentiment = EXCLUDED.sentiment, sentiment_score = EXCLUDED.sentiment_score,
        churn_risk = EXCLUDED.churn_risk, summary = EXCLUDED.summary""",
    """SELECT summary, issue_type, COUNT(*) as frequency FROM conversation_insights
    WHERE created_at >= NOW() - INTERVAL '7 days' GROUP BY summary, issue_type ORDER BY frequency DESC LIMIT 10""",
    "SELECT conversation_id FROM conversation_insights WHERE conversation_id = ANY(%s)",
    "SELECT frequency FROM feature_requests WHERE normalized_summary = %s",
    "SELECT AVG(input_tokens) as avg_input FROM llm_api_logs WHERE created_at >= NOW() - INTERVAL '7 days'",
]


def printed() -> list[str]:
    """The statements in the guide's code, as they stand there."""
    text = GUIDE.read_text()
    return [
        found[1].strip()
        for found in re.finditer(r'"""(.*?)"""', text, re.DOTALL)
        if re.match(r"\s*(SELECT|INSERT|UPDATE)\s", found[1])
    ]


async def run(store: PostgresStore, statement: str) -> list[Any]:
    """Bind the placeholders and execute as another program would: on a connection without our settings."""
    plain = " ".join(statement.split()).lower()
    values = next((found for start, found in VALUES.items() if plain.startswith(start)), ())
    numbered = re.sub(r"%s", lambda _: f"${next(numbers)}", statement) if (numbers := iter(range(1, 99))) else ""
    return await query(store, numbered, *values[: statement.count("%s")])


@pytest.fixture
async def filled(store: PostgresStore) -> PostgresStore:
    given = [conversation(n, "Dark mode, please!") for n in range(4)]
    await keep(store, *given)
    await read(store, *(insight(c, issue_type="FEATURE_REQUEST", classified_at=datetime.now(UTC)) for c in given))
    await group(store, {})
    async with store.unit() as unit:
        await unit.figures.refresh()
        await unit.commit()
    await query(
        store,
        "insert into llm_api_logs (model, input_tokens, output_tokens) values ('m', 500, 100), ('m', 300, 50)",
    )
    return store


@pytest.mark.parametrize("number", range(len(SHAPES)))
async def test_statements_of_the_guide_s_shapes_run(filled: PostgresStore, number: int) -> None:
    rows = await run(filled, SHAPES[number])
    expected = [[], [("Dark mode, please!", "FEATURE_REQUEST", 4)], [("1000",), ("1001",)], [(4,)], [(400,)]][
        number
    ]
    assert sorted([tuple(row.values()) for row in rows]) == expected


async def test_the_guide_s_upsert_reaches_the_figures(filled: PostgresStore) -> None:
    await run(filled, SHAPES[0])
    async with filled.unit() as unit:
        await unit.figures.refresh()
        await unit.commit()
    assert await value(filled, "select sum(n) from insight_hour where value = 'BILLING'") == 1
    assert (
        await value(filled, "select decided_at from conversation_insights where conversation_id = '1000'") is None
    )


@pytest.mark.shared
@pytest.mark.skipif(not GUIDE.exists(), reason="the guide is not there: ../shared/reference/guide.md")
async def test_every_printed_statement_runs_unchanged(filled: PostgresStore) -> None:
    statements = printed()
    assert len(statements) >= 6
    for statement in statements:
        rows = await run(filled, statement)
        assert rows or statement.startswith("INSERT"), f"no row from: {statement}"
