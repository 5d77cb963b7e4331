"""When a worker counts as lost."""

from datetime import timedelta

from earshot.pipeline.serving import WorkerSettings

LEAST = timedelta(seconds=30)


def lost_after(settings: WorkerSettings) -> timedelta:
    """How long after its last sign of life: four beats, and never less than half a minute."""
    return max(LEAST, timedelta(seconds=4 * settings.beat_seconds))
