"""The sample workspace: Torvane, an invented seller of field-service software, and ninety days of its inbox."""

from earshot.sim.sample.vocabulary import vocabulary
from earshot.sim.sample.workspace import generate

__all__ = ["generate", "vocabulary"]
