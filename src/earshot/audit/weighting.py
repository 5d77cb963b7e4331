"""Weights of a stratified sample, and how many labels it is worth.

A conversation of a stratum with N conversations, of which r are labelled, stands for N / r of them: a member that
nobody labelled (skipped, or not yet) is stood for by the labelled ones of its stratum. The share of agreement is
the mean over strata by size, its variance the sum over strata of W² s² / r with W = N / ΣN. Two labels cannot tell
s², so each stratum borrows one conversation's worth from the whole, corrected so that the sum keeps its mean. There
is no correction for finite populations: a week's conversations are themselves a draw of what customers write.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from earshot.audit.agreement import Judged
from earshot.audit.chance import Figure, share
from earshot.domain.model import Noun


class Drawn(Noun):
    """A member of a sample with its labels and answer, and the stratum it was drawn from."""

    row: Judged
    stratum: str


class Weighed(Noun):
    """Rows labelled on one field, with weights that add up to `effective`: so many labels of a plain random draw.

    `covered` is the share of the conversations whose stratum has a label; of the rest nothing is known.
    """

    field: str
    rows: tuple[Judged, ...]
    effective: float
    covered: float

    @property
    def agreement(self) -> Figure:
        """The weighted share of agreement with its interval."""
        hits = sum(row.weight * (row.right(self.field) or 0.0) for row in self.rows)
        return share(hits, self.effective)


def weigh(rows: Sequence[Drawn], field: str, *, populations: Mapping[str, int]) -> Weighed:
    """The labelled rows of a field with their weights."""
    strata: defaultdict[str, list[Judged]] = defaultdict(list)
    for one in rows:
        if one.row.right(field) is not None:
            strata[one.stratum].append(one.row)
    sizes = {name: populations.get(name, len(inside)) for name, inside in strata.items()}
    whole = sum(sizes.values())
    if not whole:
        return Weighed(field=field, rows=(), effective=0.0, covered=0.0)
    shares = {name: size / whole for name, size in sizes.items()}
    effective = _worth(strata, shares, field=field)
    weighed = [
        row.model_copy(update={"weight": effective * shares[name] / len(inside)})
        for name, inside in strata.items()
        for row in inside
    ]
    return Weighed(
        field=field,
        rows=tuple(weighed),
        effective=effective,
        covered=whole / max(whole, sum(populations.values())),
    )


def part(rows: Sequence[Judged], field: str) -> Weighed:
    """Some of the rows of a sample as a whole of its own; worth (Σw)² / Σw² labels (Kish)."""
    labelled = [row for row in rows if row.right(field) is not None]
    total = sum(row.weight for row in labelled)
    if not total:
        return Weighed(field=field, rows=(), effective=0.0, covered=0.0)
    worth = total**2 / sum(row.weight**2 for row in labelled)
    scaled = [row.model_copy(update={"weight": row.weight * worth / total}) for row in labelled]
    return Weighed(field=field, rows=tuple(scaled), effective=worth, covered=1.0)


def pooled(found: Sequence[Weighed]) -> Weighed:
    """Several samples as one, each counting for what it is worth."""
    rows = tuple(row for one in found for row in one.rows)
    effective = sum(one.effective for one in found)
    covered = sum(one.covered * one.effective for one in found) / effective if effective else 0.0
    return Weighed(field=found[0].field if found else "", rows=rows, effective=effective, covered=covered)


def _worth(strata: Mapping[str, Sequence[Judged]], shares: Mapping[str, float], *, field: str) -> float:
    """p (1 − p) / variance, never more than the labels there are."""
    count = sum(map(len, strata.values()))
    means = {name: sum(row.right(field) or 0.0 for row in inside) / len(inside) for name, inside in strata.items()}
    level = (count * sum(shares[name] * mean for name, mean in means.items()) + 2) / (count + 4)
    variance = sum(
        shares[name] ** 2 * _spread(means[name], len(inside), level=level) / len(inside)
        for name, inside in strata.items()
    )
    return min(float(count), level * (1 - level) / variance)


def _spread(mean: float, count: int, *, level: float) -> float:
    """s² of a stratum, with one conversation borrowed at the level of the whole."""
    borrowed = (count * mean + level) / (count + 1)
    return borrowed * (1 - borrowed) * (count + 1) ** 2 / ((count + 1) ** 2 - count)
