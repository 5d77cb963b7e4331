"""A company's SDK takes up to a second to import, so nobody pays for one that is not used."""

import subprocess
import sys

import pytest

from earshot.llm.catalogue import catalogue
from earshot.llm.clients import Clients
from earshot.llm.settings import LlmSettings
from tests.unit.llm.wire import KEYS

LOADED = "import sys; print(*{'anthropic', 'openai', 'google.genai'} & set(sys.modules))"
MADE = """
from pydantic import SecretStr
from earshot.domain.call import Tier
from earshot.llm import checking
from earshot.llm.keys import LlmKeys
from earshot.llm.models import make_models
from earshot.llm.settings import LlmSettings
from earshot.ports.clock import SystemClock

key = SecretStr("k")
keys = LlmKeys(anthropic=key, openai=key, google=key)
settings = LlmSettings(provider={provider!r}, cheap={cheap!r}, base_url="http://127.0.0.1:9/v1")
models = make_models(settings, keys, clock=SystemClock())
models.tier(Tier.CHEAP)
models.batch(Tier.CHEAP)
"""


def loaded(code: str) -> set[str]:
    """The SDKs that a fresh interpreter has imported after this code."""
    command = [sys.executable, "-c", f"{code}\n{LOADED}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


@pytest.mark.parametrize(
    ("provider", "cheap", "sdk"),
    [
        ("anthropic", "", "anthropic"),
        ("openai", "", "openai"),
        ("google", "", "google.genai"),
        ("compatible", "qwen3:8b", "openai"),
    ],
)
def test_only_the_sdk_in_use_is_imported(provider: str, cheap: str, sdk: str) -> None:
    assert loaded(MADE.format(provider=provider, cheap=cheap)) == {sdk}


@pytest.mark.parametrize("module", ["earshot.app", "earshot.cli.run", "earshot.llm.models", "earshot.llm.checking"])
def test_no_sdk_is_imported_before_one_is_chosen(module: str) -> None:
    assert loaded(f"import {module}") == set()


async def test_every_provider_of_the_catalogue_has_its_company() -> None:
    clients = Clients(LlmSettings(), KEYS)
    for provider, entry in catalogue().providers.items():
        assert clients.of(provider) is clients.of(provider.removesuffix("-decisions")), provider
        assert entry.key
    await clients.close()
