"""Resident memory of processes that live long: whether it stays flat."""

import asyncio
from collections import defaultdict
from contextlib import suppress
from pathlib import Path

from tests.soak.stage import Crew, children

MB = 1024.0


def resident(pid: int) -> float:
    """Megabytes that a process holds now; 0 when it is gone."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / MB
    return 0.0


class Memory:
    """Samples by process: (seconds, megabytes)."""

    def __init__(self, crew: Crew) -> None:
        self.crew = crew
        self.samples: defaultdict[tuple[str, int], list[tuple[float, float]]] = defaultdict(list)

    async def watch(self, stop: asyncio.Event, *, every: float = 2.0) -> None:
        """Sample until `stop`. Processes that live shortly (commands of schedules) are left out by `slopes`."""
        loop = asyncio.get_running_loop()
        while not stop.is_set():
            for post in self.crew.posts:
                if post.running is not None and post.running.alive:
                    self._sample(post.name, post.running.pid, at=loop.time())
                    for child in children(post.running.pid):
                        self._sample(f"{post.name} background", child, at=loop.time())
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), every)

    def slopes(self, *, warm: float, least: float) -> dict[str, tuple[float, float, float]]:
        """By process that lived `least` seconds after its first `warm`: MB then, MB at the end, MB an hour."""
        found: dict[str, tuple[float, float, float]] = {}
        for (name, pid), samples in self.samples.items():
            kept = [(at, size) for at, size in samples if at >= samples[0][0] + warm]
            if len(kept) > 4 and kept[-1][0] - kept[0][0] >= least:
                found[f"{name} ({pid})"] = (kept[0][1], kept[-1][1], slope(kept) * 3600)
        return found

    def most(self) -> dict[str, float]:
        """The largest size of each kind of process."""
        found: defaultdict[str, float] = defaultdict(float)
        for (name, _), samples in self.samples.items():
            found[name] = max(found[name], *(size for _, size in samples))
        return dict(found)

    def _sample(self, name: str, pid: int, *, at: float) -> None:
        size = resident(pid)
        if size:
            self.samples[name, pid].append((at, size))


def slope(points: list[tuple[float, float]]) -> float:
    """The median of all slopes between two halves' points (Theil and Sen): a peak here or there does not count."""
    half = len(points) // 2
    rises = sorted(
        (late[1] - early[1]) / (late[0] - early[0])
        for early, late in zip(points[:half], points[-half:], strict=True)
        if late[0] > early[0]
    )
    return rises[len(rises) // 2] if rises else 0.0
