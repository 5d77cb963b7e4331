"""What reading the real conversations costs at list price, per tier's model and mode.

Tokens are estimated the same way for all models (`estimate_tokens`). The answer is the local model's reading of the
same conversation written in template 3's form, so that its length is realistic. Prints shares of instructions
(schema included), conversation and output, and the ratio to the target of $0.00013 in batch and $0.00025 online.
"""

import argparse
import gzip
import json
import statistics
import sys
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from datetime import UTC, datetime

from genai_prices import Usage, calc_price

from earshot.classify.llm.prompter import Prompter
from earshot.classify.llm.schema import Certainty
from earshot.classify.llm.settings import ClassifySettings, TaxonomySettings
from earshot.classify.local.reader import read_one
from earshot.domain.conversation import Conversation
from earshot.domain.reading import Finding, Reading
from earshot.errors import EarshotError
from earshot.text.tokens import estimate_tokens
from local_model import DATA, conversation

NOW = datetime(2026, 11, 24, tzinfo=UTC)
MODELS = (
    ("cheap", "anthropic", "claude-haiku-5-5"),
    ("cheap", "openai", "gpt-6-luna"),
    ("medium", "openai", "gpt-6.1-terra"),
    ("strong", "anthropic", "claude-sonnet-5-5"),
)
TARGETS = {"batch": 0.00013, "online": 0.00025}


@dataclass(frozen=True, slots=True)
class Sizes:
    """Tokens of one conversation's call."""

    fixed: int
    conversation: int
    output: int


def written(reading: Reading, conversation: Conversation) -> str:
    """The reading as a model would write it in template 3's form."""
    numbers = {message.id: number for number, message in enumerate(conversation.messages, start=1)}

    def finding(found: Finding) -> dict[str, object]:
        return {
            "summary": found.summary,
            "issue_type": found.issue_type,
            "affected_feature": found.affected_feature,
            "quote": found.quote and found.quote[:200],
            "message": numbers.get(found.message_id or ""),
        }

    form = {
        "findings": [finding(found) for found in reading.findings],
        "priority": reading.priority,
        "sentiment": reading.sentiment,
        "sentiment_score": reading.sentiment_score,
        "churn_risk": reading.churn_risk,
        "recommended_action": reading.recommended_action,
        "confidence": Certainty.LIKELY,
        "contains_instructions": False,
    }
    return json.dumps(form, ensure_ascii=False, separators=(",", ":"))


def measured(prompter: Prompter, conversations: Sequence[Conversation]) -> list[Sizes]:
    """The sizes of every conversation that has customer text."""
    sizes: list[Sizes] = []
    for one in conversations:
        try:
            prepared = prompter.prepare(one)
            answer = written(read_one(one), one)
        except EarshotError:
            continue
        content = estimate_tokens(prepared.request.content)
        sizes.append(Sizes(prepared.tokens - content, content, estimate_tokens(answer)))
    return sizes


def price(provider: str, model: str, *, mean: Sizes, batch: bool, cached: bool = False) -> tuple[float, str]:
    """The list price of the average call, and which part of it is instructions, conversation and output."""
    usage = Usage(
        input_tokens=mean.fixed + mean.conversation,
        cache_read_tokens=mean.fixed if cached else 0,
        output_tokens=mean.output,
    )
    total = _total(provider, model, usage=usage, batch=batch)
    said = _total(provider, model, usage=Usage(input_tokens=mean.conversation), batch=batch)
    output = _total(provider, model, usage=Usage(output_tokens=mean.output), batch=batch)
    shares = ("instructions", total - said - output), ("conversation", said), ("output", output)
    return total, " ".join(f"{name} {part / total:.0%}" for name, part in shares)


def _total(provider: str, model: str, *, usage: Usage, batch: bool) -> float:
    context = {"processing": "batch"} if batch else {}
    found = calc_price(
        usage, model_ref=model, provider_id=provider, genai_request_timestamp=NOW, price_context=context
    )
    return float(found.total_price)


def report(mean: Sizes) -> None:
    """One line per model and mode. A cached line counts reads only: the prefix must be long enough, and be hit."""
    for tier, provider, model in MODELS:
        for mode in ("batch", "online"):
            for cached in (False, True):
                cost, parts = price(provider, model, mean=mean, batch=mode == "batch", cached=cached)
                against = f"  {cost / TARGETS[mode]:.2f} of target" if tier == "cheap" else ""
                name = f"{mode}, instructions cached" if cached else mode
                print(f"{tier:7} {model:18} {name:28} ${cost:.6f}  {parts}{against}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=1, help="take every n-th conversation")
    parser.add_argument("--most-tokens", type=int, default=ClassifySettings().most_tokens)
    chosen = parser.parse_args()
    path = DATA / "conversations.jsonl.gz"
    if not path.is_file():
        sys.exit(f"the evaluation folder is not there: {path}")
    with gzip.open(path, "rt") as lines:
        conversations = [conversation(json.loads(line)) for line in lines][:: chosen.every]
    settings = ClassifySettings(most_tokens=chosen.most_tokens)
    sizes = measured(Prompter(settings, TaxonomySettings(), now=lambda: NOW), conversations)
    mean = Sizes(*(round(statistics.mean(part)) for part in zip(*map(astuple, sizes), strict=True)))
    longest = max(s.fixed + s.conversation for s in sizes)
    print(
        f"{len(sizes)} conversations; mean tokens: instructions and schema {mean.fixed}, conversation "
        f"{mean.conversation}, output {mean.output}; longest prompt {longest}"
    )
    report(mean)


if __name__ == "__main__":
    main()
