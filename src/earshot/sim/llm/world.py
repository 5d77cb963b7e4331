"""The simulated providers' state and their one act: answering an ask, counting it, charging it."""

import inspect
import math
import random
from collections import Counter, deque
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar, cast

from earshot.ports.clock import Clock, SystemClock
from earshot.sim.chance import between
from earshot.sim.llm.answering import AnswerFunction, DecideFunction, Recorded, decide, fill
from earshot.sim.llm.asking import Ask, Finish, Written, content_hash
from earshot.sim.llm.cache import PromptCache
from earshot.sim.llm.catalogue import Mode, Tokens, catalogue
from earshot.sim.llm.corrupt import REFUSAL, spoil
from earshot.sim.llm.faults import Faults
from earshot.sim.llm.invoice import Invoice
from earshot.sim.llm.limits import Limits
from earshot.sim.llm.settings import CONTENT, Fault, Pace, SimLlmSettings
from earshot.sim.llm.tokens import count, count_static, cut
from earshot.sim.scripts import Script

T = TypeVar("T")
_MOST_KEPT = 500_000_000
_SLOW_END = 1.6448536269514722
"""The 95th percentile of the normal distribution."""
Choice = Mapping[str, float] | None
"""The chance of each option; None where a question is refused."""


@dataclass(frozen=True)
class Received:
    """A request as it came in, for tests to search; without its key."""

    method: str
    url: str
    body: bytes
    at: datetime


class World:
    """What all endpoints share. `script`, `down` and `up` make it misbehave; `invoice` says what was charged."""

    def __init__(
        self,
        answer: AnswerFunction | None = None,
        settings: SimLlmSettings | None = None,
        *,
        decisions: DecideFunction | None = None,
        recorded: Recorded | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.settings = settings or SimLlmSettings()
        self.clock: Clock = clock or SystemClock()
        self.answer: AnswerFunction = answer or fill
        self.decide: DecideFunction = decisions or decide
        self.recorded = recorded or Recorded()
        self.models = catalogue()
        self.faults = Faults(self.settings.faults)
        self.limits = Limits(self.settings)
        self.cache = PromptCache(self.settings.cache_floor)
        self.invoice = Invoice()
        self.requests: deque[Received] = deque()
        self.counts: Counter[str] = Counter()
        self.statuses: Counter[int] = Counter()
        self.stored: list[str] = []
        self._random = random.Random(self.settings.seed)  # noqa: S311 (speed and ids, no secrets)
        self._ids = 0
        self._kept_bytes = 0
        self._down_until = 0.0
        self.down_way = Fault.SERVER_ERROR

    def script(self, kind: Fault, *, times: int = 1, path: str = "/") -> None:
        """Make a fault certain for the next `times` chances on paths that begin with `path`."""
        self.faults.script(Script(kind, times, path))

    def down(self, seconds: float = math.inf, *, way: Fault = Fault.SERVER_ERROR) -> None:
        """Let nobody in for a while: 5xx (SERVER_ERROR), 529 (OVERLOADED) or a cut connection (RESET)."""
        self._down_until = self.clock.monotonic() + seconds
        self.down_way = way

    def up(self) -> None:
        """Let everybody in again."""
        self._down_until = 0.0

    @property
    def is_down(self) -> bool:
        """Whether nobody is let in."""
        return self.clock.monotonic() < self._down_until

    def keep(self, received: Received) -> None:
        """Keep a request for tests to search, while there is room."""
        if not self.settings.keep_requests:
            return
        if len(self.requests) == self.settings.keep_requests:
            self._kept_bytes -= len(self.requests.popleft().body)
        self.requests.append(received)
        self._kept_bytes += len(received.body)
        while self._kept_bytes > _MOST_KEPT and len(self.requests) > 1:
            self._kept_bytes -= len(self.requests.popleft().body)

    def new_id(self, prefix: str) -> str:
        """A fresh id in a vendor's style."""
        self._ids += 1
        return f"{prefix}{self._ids:08x}{self._random.getrandbits(64):016x}"

    def seconds(self, pace: Pace) -> float:
        """A drawn duration."""
        if not pace.median:
            return 0.0
        sigma = math.log(max(pace.p95, pace.median) / pace.median) / _SLOW_END
        return pace.median * math.exp(sigma * self._random.gauss(0.0, 1.0))

    def moment(self) -> float:
        """Now, as seconds since 1970."""
        return self.clock.now().timestamp()

    async def write(self, ask: Ask, mode: Mode, *, prefix: str, path: str, seconds: float = 0.0) -> Written:
        """Answer an ask and charge it; `seconds` is how long the answer will take."""
        content = content_hash(ask.content)
        prompt = self.prompt_tokens(ask, seconds=seconds)
        text = await self._text(ask)
        fault = self.faults.strike(CONTENT, content, path=path)
        finish, text, output = _finished(ask, text, fault=fault, key=content)
        thinking = min(ask.thinking, output)
        tokens = prompt.model_copy(update={"output": output, "thinking": thinking})
        written = Written(self.new_id(prefix), text, finish, tokens)
        self.charge(written.id, ask, mode=mode, tokens=tokens, content=content)
        return written

    async def judge(self, ask: Ask, *, prefix: str, path: str, seconds: float) -> tuple[list[Choice], Tokens]:
        """Answer closed questions and charge them; None where a question is refused."""
        content = content_hash(ask.content)
        tokens = self.prompt_tokens(ask, seconds=seconds)
        given: list[Choice] = list(await _awaited(self.decide(ask.content, ask.questions)))
        if self.faults.strike((Fault.REFUSAL, Fault.REFUSAL_TEXT), content, path=path) is not None:
            given[between(0, len(given) - 1, content, "refused")] = None
        self.charge(self.new_id(prefix), ask, mode="decisions", tokens=tokens, content=content)
        return given, tokens

    def count_parts(self, ask: Ask) -> list[int]:
        """The tokens of every part of a prompt."""
        return [count_static(part.text) if part.static else count(part.text) for part in ask.parts]

    def prompt_tokens(self, ask: Ask, *, seconds: float) -> Tokens:
        """The prompt's tokens by kind, after looking into the cache."""
        now = self.moment()
        return self.cache.take(ask, self.count_parts(ask), now=now, ready=now + seconds)

    def charge(self, line_id: str, ask: Ask, *, mode: Mode, tokens: Tokens, content: str) -> None:
        """Put an answer on the invoice."""
        self.invoice.charge(
            line_id,
            model=ask.model,
            mode=mode,
            tokens=tokens,
            at=self.clock.now(),
            content=content,
            custom_id=ask.custom_id,
        )

    async def _text(self, ask: Ask) -> str:
        known = self.recorded.find(ask.content, ask.custom_id)
        return (
            known
            if known is not None
            else await _awaited(self.answer(ask.instructions, ask.content, schema=ask.schema))
        )


async def _awaited(value: Awaitable[T] | T) -> T:
    return await cast("Awaitable[T]", value) if inspect.isawaitable(value) else cast("T", value)


def _finished(ask: Ask, text: str, *, fault: Fault | None, key: str) -> tuple[Finish, str, int]:
    """Why it ends, with which text, after how many tokens of output."""
    most = ask.max_tokens
    if fault in {Fault.REFUSAL, Fault.REFUSAL_TEXT}:
        return "refusal", REFUSAL if fault is Fault.REFUSAL_TEXT else "", ask.thinking + count(REFUSAL)
    if fault is Fault.TRUNCATED:
        half = cut(text, count(text) // 2)
        return "length", half, most if most is not None else ask.thinking + count(half)
    if fault is not None:
        text = spoil(fault, text, schema=ask.schema, key=key)
    output = ask.thinking + count(text)
    if most is not None and output > most:
        return "length", cut(text, max(0, most - ask.thinking)), most
    return "stop", text, output
