"""Use case: on which fields the labels of the newest week show a fall of agreement, for who watches."""

from collections.abc import Sequence

from earshot.audit.drift import ALPHA, Drift
from earshot.domain.label import SampleKind
from earshot.domain.model import Noun
from earshot.pipeline.audits.gauging import Comparison, comparisons, looked_back
from earshot.pipeline.parts import Parts
from earshot.ports.pages.audits import Progress


class Fall(Noun):
    """A field in the newest week that is labelled. `points`: how far agreement fell, 0 where chance could do it.

    `bound` is the largest fall that is borne, in points; `against` says what was compared with what.
    """

    field: str
    points: float
    bound: float
    against: str = ""


async def falls(parts: Parts) -> tuple[Fall, ...]:
    """Every field that can be compared; none while there is nothing to compare."""
    known, labelled = await looked_back(parts)
    done = {one.sample.id for one in known if _is_done(one, known)}
    ready = [one for one in labelled if one.sample.id in done]
    bound = parts.audit.drift_bound
    return fallen(comparisons(ready, None, bound=bound), bound=bound)


def fallen(compared: Sequence[Comparison], *, bound: float) -> tuple[Fall, ...]:
    """The largest fall of each field that is real, corrected for making several comparisons as well."""
    found: dict[str, Fall] = {}
    for one in compared:
        for drift in one.drifts:
            if drift.fall != "unknown":
                points = _points(drift, looks=len(compared))
                before = found.get(drift.field)
                if before is None or points > before.points:
                    against = f"{one.now} against {one.then}" if points else ""
                    found[drift.field] = Fall(
                        field=drift.field, points=points, bound=round(100 * bound, 1), against=against
                    )
    return tuple(found.values())


def _points(drift: Drift, *, looks: int) -> float:
    """How far it fell, where chance would hardly give that in any of so many comparisons."""
    real = drift.fall == "real" and drift.p_corrected * looks <= ALPHA
    return round(-100 * drift.difference.value, 1) if real and drift.difference.value is not None else 0.0


def _is_done(one: Progress, known: Sequence[Progress]) -> bool:
    """Whether nobody labels it any more: a sample half labelled would be tested over and over."""
    if one.finished:
        return True
    return one.sample.kind is SampleKind.WEEKLY and any(
        other.sample.kind is SampleKind.WEEKLY and other.sample.since > one.sample.since for other in known
    )
