import json
from typing import Any

import pytest

from earshot.domain.call import Usage
from earshot.llm.usage import usage_in
from tests.unit.llm.wire import completion, decided, generated, message, response


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (
            message(output_tokens_details={"thinking_tokens": 9}),
            Usage(
                input_tokens=2040,
                cached_tokens=500,
                cache_write_tokens=1500,
                output_tokens=30,
                reasoning_tokens=9,
            ),
        ),
        (
            response(),
            Usage(
                input_tokens=2040,
                cached_tokens=500,
                cache_write_tokens=1500,
                output_tokens=30,
                reasoning_tokens=5,
            ),
        ),
        (completion(), Usage(input_tokens=2040, cached_tokens=500, output_tokens=30, reasoning_tokens=5)),
        (generated(), Usage(input_tokens=2040, cached_tokens=500, output_tokens=30, reasoning_tokens=5)),
        (decided(), Usage(input_tokens=900)),
        ({"usage": {"total_input_tokens": 12, "total_output_tokens": 1}}, Usage(input_tokens=12, output_tokens=1)),
        ({"usage": {"input_tokens": None, "output_tokens": "7"}}, Usage()),
        ({"usage": {"prompt_tokens": 3}}, Usage(input_tokens=3)),
    ],
)
def test_usage_of_every_provider_has_one_normal_form(body: dict[str, Any], expected: Usage) -> None:
    assert usage_in(json.dumps(body)) == expected


@pytest.mark.parametrize("body", ["", "{", "[]", "null", "{}", '{"usage": null}', '{"usage": {}}', '{"usage": 7}'])
def test_what_tells_no_usage_gives_none_and_never_zero(body: str) -> None:
    assert usage_in(body) is None


def test_nesting_without_end_breaks_nothing() -> None:
    assert usage_in("[" * 100_000) is None
    assert usage_in('{"usage":' * 100_000) is None
