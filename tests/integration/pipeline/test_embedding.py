"""Embedding over a real database and a simulated provider: made once, masked, booked, never in the way."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import SecretStr

from earshot.domain.call import Call, Outcome, Purpose
from earshot.domain.conversation import Author, Conversation, Customer, Message
from earshot.domain.grouping import Mention
from earshot.domain.reading import IssueType
from earshot.errors import EarshotError, Misconfigured, Rejected
from earshot.llm.embedding.settings import EmbeddingSettings
from earshot.llm.keys import LlmKeys
from earshot.llm.settings import LlmSettings
from earshot.pipeline.embedding.consent import ensure
from earshot.pipeline.embedding.embed import embed, embed_mentions, embed_missing
from earshot.pipeline.embedding.making import make_embedder
from earshot.pipeline.embedding.texts import Wanted, of_mention
from earshot.pipeline.parts import Parts
from earshot.pipeline.reading.ledger import Limits, StoreLedger
from earshot.ports.clock import SystemClock
from earshot.ports.embedder import Embedder
from earshot.ports.model import Unanswered
from earshot.ports.progress import Silent
from earshot.ports.store import Arrival
from earshot.sim.llm.server import running
from earshot.sim.llm.settings import Fault
from earshot.sim.llm.simulator import LlmSim
from earshot.store import PostgresStore

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
SAID = (
    "My name is Wilhelmina Kratzenstein, call me on +49 30 901820 or mail w.kratzenstein@example.com: export fails."
)


class Heard(Silent):
    """Keeps what was said."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def say(self, text: str) -> None:
        self.said.append(text)


def mention(number: int, summary: str = "", **more: Any) -> Mention:
    return Mention.model_validate(
        {
            "id": number,
            "conversation_id": f"c{number}",
            "issue_type": IssueType.PRODUCT_BUG,
            "summary": summary or f"The export of report number {number} fails.",
            "said_at": NOW,
            **more,
        }
    )


def parts_of(store: PostgresStore, embedder: Embedder | None) -> tuple[Parts, Heard]:
    heard = Heard()

    def never(*_: Any) -> Any:
        raise AssertionError("not for embedding")

    made = None if embedder is None else lambda: embedder
    parts = Parts(store, never, never, never, never, progress=heard, make_embedder=made)
    return parts, heard


@dataclass
class World:
    sim: LlmSim
    url: str
    store: PostgresStore
    closers: list[Any] = field(default_factory=list[Any])

    def parts(self, llm: dict[str, Any] | None = None, **settings: Any) -> tuple[Parts, Heard]:
        """Parts whose embedder is that of these settings, as the app makes it."""
        chosen = LlmSettings.model_validate({"requests_per_minute": None, "attempts": 2, **(llm or {})})
        limits = Limits(
            requests_per_minute=None, run_budget_usd=chosen.run_budget_usd, day_budget_usd=chosen.day_budget_usd
        )
        clock = SystemClock()
        key = SecretStr("sim-key")
        keys = LlmKeys(
            openai=key, google=key, compatible=key, openai_base_url=f"{self.url}/v1", google_base_url=self.url
        )
        made = make_embedder(
            EmbeddingSettings.model_validate({"provider": "openai", "batch": 10, "concurrency": 2, **settings}),
            chosen,
            keys=keys,
            ledger=StoreLedger(self.store, limits=limits, zone=UTC, clock=clock),
            clock=clock,
            closers=self.closers,
        )
        return parts_of(self.store, made)

    async def agree(self, *providers: str) -> None:
        async with self.store.unit() as unit:
            for provider in providers or ("openai", "google", "compatible"):
                await unit.calls.consent(provider, now=NOW)
            await unit.commit()

    async def calls(self) -> list[Call]:
        async with self.store.unit() as unit:
            return [call async for group in unit.calls.export() for call in group]

    @property
    def sent(self) -> str:
        return b"\n".join(one.body for one in self.sim.requests).decode()


@asynccontextmanager
async def world_of(store: PostgresStore) -> AsyncGenerator[World]:
    sim = LlmSim()
    async with running(sim) as url:
        world = World(sim, url, store)
        yield world
        for close in world.closers:
            await close()


@pytest.fixture
async def world(store: PostgresStore) -> AsyncGenerator[World]:
    async with world_of(store) as made:
        yield made


@pytest.mark.parametrize(
    ("provider", "model"),
    [("openai", ""), ("google", ""), ("google", "gemini-embedding-2"), ("compatible", "nomic")],
)
async def test_every_text_is_embedded_once_and_paid_for_to_the_cent(
    world: World, provider: str, model: str
) -> None:
    await world.agree()
    price = {"compatible:nomic": {"input": 0, "output": 0}}
    parts, heard = world.parts({"prices": price}, provider=provider, model=model, base_url=f"{world.url}/v1")
    mentions = [mention(n) for n in range(25)]
    first = await embed_mentions(parts, [*mentions, *mentions[:5]])
    asked = len(world.sim.requests)
    assert set(first) == {one.digest for one in mentions}
    assert {len(vector) for vector in first.values()} == {384}
    assert all(sum(x * x for x in vector) == pytest.approx(1.0, abs=1e-3) for vector in first.values())
    assert await embed_mentions(parts, mentions) == first, "kept ones are exactly those that were made"
    assert len(world.sim.requests) == asked == 3
    calls = await world.calls()
    assert {(call.purpose, call.outcome) for call in calls} == {(Purpose.EMBED, Outcome.OK)}
    assert sum(call.cost_usd or 0.0 for call in calls) == pytest.approx(float(world.sim.invoice.total))
    assert not heard.said


async def test_only_what_is_new_is_sent(world: World) -> None:
    await world.agree()
    parts, _ = world.parts()
    await embed_mentions(parts, [mention(n) for n in range(5)])
    await embed_mentions(parts, [mention(n) for n in range(6)])
    assert world.sim.requests[-1].body.decode().count("report number") == 1


async def test_vectors_of_another_model_are_other_vectors(world: World) -> None:
    await world.agree()
    small, _ = world.parts()
    large, _ = world.parts(model="text-embedding-3-large")
    await embed_mentions(small, [mention(1)])
    await embed_mentions(large, [mention(1)])
    assert len(world.sim.requests) == 2


async def test_personal_data_stays_here(world: World) -> None:
    await world.agree()
    message = Message(id="m", author=Author.CUSTOMER, text=SAID, created_at=NOW)
    conversation = Conversation(
        source="intercom",
        external_id="c1",
        created_at=NOW,
        updated_at=NOW,
        messages=(message,),
        customer=Customer(id="u1", name="Wilhelmina Kratzenstein"),
    )
    async with world.store.unit() as unit:
        await unit.conversations.save([Arrival(conversation=conversation, raw=b"{}")], now=NOW)
        await unit.commit()
    told = mention(1, "Wilhelmina Kratzenstein cannot export", context=SAID)
    stranger = Wanted("0" * 32, "Please phone +49 30 901820 about the export")
    parts, _ = world.parts()
    await embed(parts, [of_mention(told), stranger])
    for secret in ("Kratzenstein", "901820", "example.com"):
        assert secret not in world.sent
    assert "export fails" in world.sent
    open_parts, _ = world.parts(mask_personal_data=False, dimensions=64)
    await embed(open_parts, [of_mention(told)])
    assert "Kratzenstein" in world.sent


async def test_nothing_is_sent_before_somebody_agreed(world: World) -> None:
    parts, heard = world.parts()
    assert await embed_mentions(parts, [mention(1)]) == {}
    assert not world.sim.requests
    assert len(heard.said) == 1
    assert "Nobody agreed" in heard.said[0]
    with pytest.raises(Misconfigured, match=r"about \$0\.\d+ for each thousand") as caught:
        await ensure(parts, yes=False, ask=None)
    assert "[embeddings]" in caught.value.hint
    with pytest.raises(Rejected):
        await ensure(parts, yes=False, ask=lambda _: False)
    assert not world.sim.requests
    shown: list[str] = []
    await ensure(parts, yes=False, ask=lambda text: bool(shown.append(text)) or True)
    assert "Customers' words go to openai" in shown[0]
    await ensure(parts, yes=False, ask=None)
    assert len(await embed_mentions(parts, [mention(1)])) == 1


async def test_yes_agrees_and_says_the_price(world: World) -> None:
    parts, heard = world.parts()
    await ensure(parts, yes=True, ask=None)
    assert "for each thousand" in heard.said[0]
    await ensure(parts_of(world.store, None)[0], yes=False, ask=None)


@pytest.mark.parametrize("way", [Fault.SERVER_ERROR, Fault.RESET, Fault.OVERLOADED])
async def test_a_provider_that_is_down_is_left_alone_and_said_once(world: World, way: Fault) -> None:
    await world.agree()
    parts, heard = world.parts({"breaker_failures": 2, "breaker_seconds": 600})
    world.sim.down(way=way)
    mentions = [mention(n) for n in range(40)]
    assert await embed_mentions(parts, mentions) == {}
    asked = len(world.sim.requests)
    assert await embed_mentions(parts, mentions) == {}
    assert len(world.sim.requests) == asked
    assert len(heard.said) == 1
    assert "40 findings stay without a vector" in heard.said[0]


async def test_what_was_made_before_the_provider_failed_is_kept(world: World) -> None:
    await world.agree()
    parts, heard = world.parts({"attempts": 1}, concurrency=1)
    mentions = [mention(n) for n in range(30)]
    await embed_mentions(parts, mentions[:10])
    world.sim.down()
    assert len(await embed_mentions(parts, mentions)) == 10
    world.sim.up()
    assert len(await embed_mentions(parts, mentions)) == 30
    assert len(heard.said) == 1


async def test_too_few_vectors_are_asked_for_again(world: World) -> None:
    await world.agree()
    parts, heard = world.parts()
    world.sim.script(Fault.INVALID)
    assert len(await embed_mentions(parts, [mention(n) for n in range(3)])) == 3
    assert [call.outcome for call in await world.calls()] == [Outcome.INVALID, Outcome.OK]
    world.sim.script(Fault.INVALID, times=2)
    assert await embed_mentions(parts, [mention(9)]) == {}
    assert "cannot be used" in heard.said[0]


@pytest.mark.parametrize("which", ["day_budget_usd", "run_budget_usd"])
async def test_the_budget_holds(world: World, which: str) -> None:
    await world.agree()
    parts, heard = world.parts({which: 0.00003})
    made = await embed_mentions(parts, [mention(n) for n in range(100)])
    assert 0 < len(made) < 100
    assert float(world.sim.invoice.total) <= 0.00003
    assert len(heard.said) == 1
    assert "budget" in heard.said[0]


async def test_a_wrong_key_is_a_persons_matter(world: World) -> None:
    await world.agree()
    parts, _ = world.parts()
    world.sim.settings = world.sim.settings.model_copy(update={"keys": frozenset({"another"})})
    with pytest.raises(Misconfigured, match="401"):
        await embed_mentions(parts, [mention(1)])


class Picky:
    """Refuses some texts, fails at others; counts."""

    name = "local:picky"

    def __init__(self, *refused: str, error: EarshotError | None = None) -> None:
        self.refused = refused
        self.error = error
        self.got: list[Sequence[str]] = []

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        self.got.append(texts)
        if self.error and len(self.got) > 1:
            raise self.error
        if any(word in text for text in texts for word in self.refused):
            raise Rejected("refused")
        return [[0.6, 0.8] for _ in texts]


async def test_one_text_that_is_refused_costs_its_neighbours_nothing(store: PostgresStore) -> None:
    parts, heard = parts_of(store, Picky("number 3 "))
    made = await embed_mentions(parts, [mention(n) for n in range(20)])
    assert set(made) == {mention(n).digest for n in range(20) if n != 3}
    assert not heard.said


async def test_when_all_is_refused_it_ends_soon(store: PostgresStore) -> None:
    picky = Picky("report")
    parts, heard = parts_of(store, picky)
    assert await embed_mentions(parts, [mention(n) for n in range(1000)]) == {}
    assert len(picky.got) < 40
    assert "1,000 findings stay" in heard.said[0]


async def test_a_kill_costs_one_batch(store: PostgresStore) -> None:
    parts, _ = parts_of(store, Picky(error=Unanswered("gone", outcome=Outcome.ERROR)))
    mentions = [mention(n) for n in range(600)]
    assert len(await embed_mentions(parts, mentions)) == 256
    healed = replace(parts, make_embedder=Picky)
    assert len(await embed_mentions(healed, mentions)) == 600


async def test_a_fault_of_ours_is_not_hidden(store: PostgresStore) -> None:
    class Broken(Picky):
        async def embed(self, texts: Sequence[str]) -> list[list[float]]:
            raise KeyError("bug")

    parts, _ = parts_of(store, Broken())
    with pytest.raises(KeyError):
        await embed_mentions(parts, [mention(1)])


async def test_nothing_configured_or_nothing_to_say_is_no_work(store: PostgresStore) -> None:
    parts, _ = parts_of(store, None)
    assert await embed_mentions(parts, [mention(1)]) == {}
    picky = Picky()
    on, _ = parts_of(store, picky)
    assert await embed(on, [Wanted("1" * 32, "  \n")]) == {}
    assert await embed(on, []) == {}
    assert not picky.got


async def test_what_is_missing_is_made_without_being_held(store: PostgresStore) -> None:
    picky = Picky()
    parts, _ = parts_of(store, picky)
    mentions = [mention(n) for n in range(300)]
    await embed_mentions(parts, mentions[:10])
    await embed_missing(parts, mentions)
    await embed_missing(parts, mentions)
    assert sum(map(len, picky.got)) == 300
    assert len(await embed_mentions(parts, mentions)) == 300
    assert sum(map(len, picky.got)) == 300
    await embed_missing(parts_of(store, None)[0], mentions)
