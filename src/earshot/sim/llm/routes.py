"""Which endpoint answers which request."""

from earshot.sim.llm import control, online
from earshot.sim.llm.anthropic_batches import AnthropicBatches
from earshot.sim.llm.door import Endpoint
from earshot.sim.llm.embeddings import embeddings
from earshot.sim.llm.files import Files
from earshot.sim.llm.jobs import Jobs
from earshot.sim.llm.openai_batches import OpenaiBatches
from earshot.sim.llm.wire import Call, Reply, encode
from earshot.sim.llm.world import World

Key = tuple[str, str, str]
"""Vendor ("" is the control plane), method, and path with `*` for each parameter."""

_FIXED: dict[Key, Endpoint] = {
    ("anthropic", "POST", "/v1/messages"): online.messages,
    ("anthropic", "POST", "/v1/messages/count_tokens"): online.count_tokens,
    ("anthropic", "GET", "/v1/models"): online.anthropic_models,
    ("anthropic", "GET", "/v1/models/*"): online.anthropic_model,
    ("openai", "POST", "/v1/responses"): online.responses,
    ("openai", "GET", "/v1/responses/*"): online.response_gone,
    ("openai", "POST", "/v1/chat/completions"): online.completions,
    ("openai", "POST", "/v1/decisions"): online.decisions,
    ("openai", "POST", "/v1/embeddings"): embeddings,
    ("openai", "GET", "/v1/models"): online.openai_models,
    ("openai", "GET", "/v1/models/*"): online.openai_model,
    ("google", "POST", "/v1beta/models/*"): online.generate,
    ("google", "GET", "/v1beta/models"): online.google_models,
    ("google", "GET", "/v1beta/models/*"): online.google_model,
    ("", "GET", "/_sim/stats"): control.stats,
    ("", "POST", "/_sim/stats/reset"): control.reset,
    ("", "POST", "/_sim/faults"): control.fault,
    ("", "POST", "/_sim/down"): control.down,
    ("", "POST", "/_sim/up"): control.up,
    ("", "GET", "/_sim/invoice"): control.invoice,
    ("", "GET", "/_sim/requests"): control.peek,
}


class Routes:
    """The endpoints of a simulator: the fixed ones, and those of its batches and files."""

    def __init__(self, sim: World) -> None:
        self.files = Files(sim)
        self.message_batches = AnthropicBatches(sim)
        self.batches = OpenaiBatches(sim, self.files)
        self._all: dict[Key, Endpoint] = {
            **_FIXED,
            **self._batching(),
            ("", "POST", "/_sim/batches/finish"): self._hurry,
        }

    @property
    def jobs(self) -> tuple[Jobs, Jobs]:
        """The batches of every vendor."""
        return self.message_batches.jobs, self.batches.jobs

    def find(self, vendor: str, method: str, *, url: str) -> tuple[Endpoint, tuple[str, ...]] | None:
        """The endpoint and the parameters in its path."""
        exact = self._all.get((vendor, method, url))
        if exact is not None:
            return exact, ()
        steps = url.split("/")
        for place in (-1, -2):
            if len(steps) < 4 or not steps[place]:
                continue
            pattern = "/".join("*" if i == len(steps) + place else step for i, step in enumerate(steps))
            found = self._all.get((vendor, method, pattern))
            if found is not None:
                return found, (steps[place],)
        return None

    def _batching(self) -> dict[Key, Endpoint]:
        theirs, ours, files = self.message_batches, self.batches, self.files
        return {
            ("anthropic", "POST", "/v1/messages/batches"): theirs.create,
            ("anthropic", "GET", "/v1/messages/batches"): theirs.listing,
            ("anthropic", "GET", "/v1/messages/batches/*"): theirs.retrieve,
            ("anthropic", "DELETE", "/v1/messages/batches/*"): theirs.delete,
            ("anthropic", "GET", "/v1/messages/batches/*/results"): theirs.results,
            ("anthropic", "POST", "/v1/messages/batches/*/cancel"): theirs.cancel,
            ("openai", "POST", "/v1/batches"): ours.create,
            ("openai", "GET", "/v1/batches"): ours.listing,
            ("openai", "GET", "/v1/batches/*"): ours.retrieve,
            ("openai", "POST", "/v1/batches/*/cancel"): ours.cancel,
            ("openai", "POST", "/v1/files"): files.create,
            ("openai", "GET", "/v1/files"): files.listing,
            ("openai", "GET", "/v1/files/*"): files.retrieve,
            ("openai", "DELETE", "/v1/files/*"): files.delete,
            ("openai", "GET", "/v1/files/*/content"): files.content,
        }

    async def _hurry(self, _sim: World, call: Call) -> Reply:
        for jobs in self.jobs:
            jobs.finish(call.query.get("id"))
        return Reply(200, encode({}))
