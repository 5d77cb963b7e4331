"""Tasks of language models beside reading: adjudicate, name, estimate, draft."""

from earshot.pipeline.tasks.tasks import Tasks

__all__ = ["Tasks"]
