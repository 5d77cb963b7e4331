"""How many to draw from each part of the conversations, so that rare kinds are seen and weights stay even."""

from collections.abc import Mapping


def allocate(populations: Mapping[str, int], size: int, *, least: int) -> dict[str, int]:
    """Members per stratum: in proportion to its conversations, but at least `least` where it holds so many.

    Every stratum gives at least one, so that every conversation has a chance (`size` must allow that). The largest
    remainders are rounded up; where all fit in, all are taken.
    """
    held = {name: count for name, count in populations.items() if count > 0}
    wanted = min(size, sum(held.values()))
    floor = max(1, min(least, wanted // max(1, len(held))))
    base = {name: min(count, floor) for name, count in held.items()}
    shares = _filled(held, base, wanted=wanted)
    found = {name: int(share) for name, share in shares.items()}
    by_remainder = sorted(held, key=lambda name: (found[name] - shares[name], name))
    for name in by_remainder * 2:
        if sum(found.values()) < wanted and found[name] < held[name]:
            found[name] += 1
    return found


def _filled(held: Mapping[str, int], base: Mapping[str, int], *, wanted: int) -> dict[str, float]:
    """max(base, rate × held) with the one rate at which they add up to `wanted` (found by halving)."""
    low, high = 0.0, 1.0
    for _ in range(60):
        rate = (low + high) / 2
        if sum(max(base[name], rate * count) for name, count in held.items()) > wanted:
            high = rate
        else:
            low = rate
    return {name: max(float(base[name]), low * count) for name, count in held.items()}
