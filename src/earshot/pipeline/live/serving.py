"""What the jobs of real time do, for a worker: one instance of everything per process."""

from earshot.domain.job import JobName
from earshot.pipeline.live.following import Following
from earshot.pipeline.live.hearing import Hearing
from earshot.pipeline.parts import Parts
from earshot.ports.jobs import Serve


def live_serving(parts: Parts) -> dict[JobName, Serve]:
    """What serves the jobs HEAR, ACT, DELIVER and THEME. Nothing is connected before the first job."""
    hearing, following = Hearing(parts), Following(parts)
    return {
        JobName.HEAR: hearing.hear,
        JobName.ACT: following.page_now,
        JobName.DELIVER: following.act_now,
        JobName.THEME: following.place_new,
    }
