"""Libraries that only a local model needs: imported when one is configured, never allowed to download."""

import importlib
import importlib.util
import os
from typing import Any

from earshot.errors import Misconfigured

TOLD = (
    "HF_HUB_OFFLINE",
    "TRANSFORMERS_OFFLINE",
    "HF_HUB_DISABLE_TELEMETRY",
    "HF_HUB_DISABLE_PROGRESS_BARS",
    "TQDM_DISABLE",
)
"""Variables of the environment that are set before a library is imported."""


def installed(*names: str, extra: str) -> None:
    """Raises Misconfigured saying what to install when a library is missing; imports nothing."""
    missing = [name for name in names if importlib.util.find_spec(name) is None]
    if missing:
        raise Misconfigured(
            f"A local embedding model of this kind needs {' and '.join(missing)}, which this installation lacks.",
            hint=f"pip install 'earshot-insights[{extra}]'",
        )


def library(name: str) -> Any:  # Any: these libraries may be absent where types are checked
    """The imported library, told to stay off the network and to be quiet."""
    for variable in TOLD:
        os.environ[variable] = "1"
    return importlib.import_module(name)
