import pytest

from earshot.errors import Misconfigured
from earshot.llm.keys import LlmKeys

ENVIRONMENT = {
    "ANTHROPIC_API_KEY": "sk-ant-1",
    "OPENAI_API_KEY": " ",
    "GOOGLE_API_KEY": "goo-1",
    "EARSHOT_LLM_API_KEY": "own-1",
    "ANTHROPIC_BASE_URL": "http://127.0.0.1:4020",
    "OPENAI_BASE_URL": "",
}


def test_keys_come_from_the_environment_by_their_usual_names() -> None:
    keys = LlmKeys.of_environment(ENVIRONMENT)
    assert keys.key("anthropic") == "sk-ant-1"
    assert keys.key("google-decisions") == "goo-1"
    assert keys.key("compatible") == "own-1"


def test_addresses_are_the_usual_ones_unless_told() -> None:
    keys = LlmKeys.of_environment(ENVIRONMENT)
    assert keys.base_url("anthropic") == "http://127.0.0.1:4020"
    assert keys.base_url("openai-decisions") == "https://api.openai.com/v1"


def test_a_missing_key_is_named() -> None:
    with pytest.raises(Misconfigured) as raised:
        LlmKeys.of_environment(ENVIRONMENT).key("openai-decisions")
    assert "OPENAI_API_KEY" in str(raised.value)
    assert "OPENAI_API_KEY" in raised.value.hint


def test_keys_are_not_shown() -> None:
    keys = LlmKeys.of_environment(ENVIRONMENT)
    assert "sk-ant-1" not in f"{keys!r} {keys} {keys.model_dump_json()}"
