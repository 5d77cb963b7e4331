"""Tokens as the provider told them, read from the answer's own bytes, so that a refused or broken one counts too.

One normal form: `input_tokens` includes cached and cache-written tokens, `output_tokens` the thinking. Anthropic
counts the three kinds of input apart, OpenAI and Google count them together.
"""

import json
from collections.abc import Mapping

from earshot.domain.call import Usage
from earshot.llm.fields import fields


def usage_in(body: bytes | str) -> Usage | None:
    """The usage in an answer's JSON; None when it is no JSON or tells none."""
    try:
        return usage_of(json.loads(body))
    except (ValueError, RecursionError):
        return None


def usage_of(answer: object) -> Usage | None:
    """The usage in a decoded answer of Anthropic, OpenAI, Google or a server compatible with OpenAI."""
    whole = fields(answer)
    if google := fields(whole.get("usageMetadata")):
        return _generated(google)
    told = fields(whole.get("usage"))
    if "input_tokens" in told:
        return _messages(told)
    if "prompt_tokens" in told:
        return _chat(told)
    if "total_input_tokens" in told:
        return _usage(told, total="total_input_tokens", output="total_output_tokens")
    return None


def _messages(told: Mapping[str, object]) -> Usage:
    """Anthropic's messages and OpenAI's responses and decisions."""
    written, read = _count(told, "cache_creation_input_tokens"), _count(told, "cache_read_input_tokens")
    details, output = fields(told.get("input_tokens_details")), fields(told.get("output_tokens_details"))
    return Usage(
        input_tokens=_count(told, "input_tokens") + written + read,
        cached_tokens=read or _count(details, "cached_tokens"),
        cache_write_tokens=written or _count(details, "cache_write_tokens"),
        output_tokens=_count(told, "output_tokens"),
        reasoning_tokens=_count(output, "reasoning_tokens") or _count(output, "thinking_tokens"),
    )


def _chat(told: Mapping[str, object]) -> Usage:
    details, output = fields(told.get("prompt_tokens_details")), fields(told.get("completion_tokens_details"))
    return Usage(
        input_tokens=_count(told, "prompt_tokens"),
        cached_tokens=_count(details, "cached_tokens"),
        cache_write_tokens=_count(details, "cache_write_tokens"),
        output_tokens=_count(told, "completion_tokens"),
        reasoning_tokens=_count(output, "reasoning_tokens"),
    )


def _generated(told: Mapping[str, object]) -> Usage:
    """Google counts thinking beside the answer; it is paid as output."""
    thought = _count(told, "thoughtsTokenCount")
    return Usage(
        input_tokens=_count(told, "promptTokenCount") + _count(told, "toolUsePromptTokenCount"),
        cached_tokens=_count(told, "cachedContentTokenCount"),
        output_tokens=_count(told, "candidatesTokenCount") + thought,
        reasoning_tokens=thought,
    )


def _usage(told: Mapping[str, object], *, total: str, output: str) -> Usage:
    return Usage(input_tokens=_count(told, total), output_tokens=_count(told, output))


def _count(told: Mapping[str, object], name: str) -> int:
    value = told.get(name)
    return value if isinstance(value, int) and value > 0 else 0
