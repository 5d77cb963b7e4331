"""A model that writes: a request out, an answer or a named error back."""

from pydantic_ai.messages import InstructionPart, ModelMessage, ModelRequest, ModelResponse, TextPart
from pydantic_ai.models import Model as AiModel
from pydantic_ai.models import ModelRequestParameters
from pydantic_ai.output import OutputObjectDefinition
from pydantic_ai.settings import ModelSettings

from earshot.llm.catalogue import thinking_tokens
from earshot.llm.problems import Asked
from earshot.llm.timing import Timed
from earshot.ports.clock import Clock
from earshot.ports.model import Answer, Finish, Request

CACHED = "5m"
"""The shortest retention, and of the instructions only: a write costs 1.25 times the input, a read a tenth.

A run asks often enough to keep it warm. The conversation is never written, nobody reads it again; at OpenAI that
must be said, or it writes (and charges for) the whole prompt. Below a model's floor nothing is written at all.
"""

_FINISH = {"length": Finish.LENGTH, "content_filter": Finish.REFUSAL}


class _Settings(ModelSettings, total=False):
    """The settings of every company, and one that OpenAI alone reads."""

    openai_store: bool


class AskingModel:
    """A model of a provider (ports.model.Model), over pydantic-ai's model without its outer layers."""

    def __init__(self, model: AiModel, *, asked: Asked, deadline: float, clock: Clock) -> None:
        self._model = model
        self._asked = asked
        self._thinks = thinking_tokens(f"{asked.provider}:{asked.model}")
        self._breaks_tokens = bool(model.profile.get("may_tokenize_special_tokens_in_content", False))
        self._timed = Timed(asked, deadline=deadline, clock=clock)

    @property
    def provider(self) -> str:
        """The provider's name."""
        return self._asked.provider

    @property
    def name(self) -> str:
        """The model's name at its provider."""
        return self._asked.model

    async def ask(self, request: Request) -> Answer:
        """One attempt within the deadline; see ports.model.Model for what it raises."""
        return await self._timed(lambda: self._send(request))

    async def _send(self, request: Request) -> Answer:
        parameters, messages = parameters_of(request), messages_of(request)
        if self._breaks_tokens:  # an open model's server may take <|im_start|> in a customer's text for a new turn
            messages = self._model.prepare_messages(messages, parameters)
        settings = settings_of(request, thinks=self._thinks)
        return answer_of(await self._model.request(messages, settings, parameters))


def messages_of(request: Request) -> list[ModelMessage]:
    """The data, as the user's turn."""
    return [ModelRequest.user_text_prompt(request.content, instructions=request.instructions or None)]


def parameters_of(request: Request) -> ModelRequestParameters:
    """Instructions apart from the data, and the strict form of the answer."""
    instructions = [InstructionPart(content=request.instructions)] if request.instructions else None
    if request.form is None:
        return ModelRequestParameters(output_mode="text", allow_text_output=True, instruction_parts=instructions)
    form = OutputObjectDefinition(json_schema=request.form.json_schema, name=request.form.name, strict=True)
    return ModelRequestParameters(
        output_mode="native", output_object=form, allow_text_output=True, instruction_parts=instructions
    )


def settings_of(request: Request, *, thinks: int) -> ModelSettings:
    """What is set on every call. Never a temperature: current models refuse it."""
    return _Settings(
        max_tokens=request.max_tokens + thinks,
        thinking=False,
        cache={"retention": CACHED, "messages": False},
        openai_store=False,
    )


def answer_of(response: ModelResponse) -> Answer:
    """The text and why it ended; usage is read elsewhere, from the raw answer. Half characters become a `?`."""
    text = "".join(part.content for part in response.parts if isinstance(part, TextPart))
    text = text.encode("utf-8", "replace").decode()
    finish = _FINISH.get(response.finish_reason or "", Finish.STOP)
    return Answer(text=text, finish=finish, model=response.model_name or "")
