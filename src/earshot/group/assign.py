"""Assigning findings to themes: known ones where the matter is alike, new ones for what fits nowhere."""

import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from earshot.domain.reading import IssueType
from earshot.domain.theme import Grouping, KnownTheme, Lexicon, OpenFinding
from earshot.group.cluster import Cluster, Joining, Link, dot
from earshot.group.nearest import Nearest
from earshot.group.rarity import Rarity, grown
from earshot.group.settings import GroupSettings
from earshot.group.terms import Terms, is_kind, kind_term, kinds_in, scaled, terms_of, text_terms
from earshot.group.title import tidy
from earshot.group.vocabulary import Vocabulary, vocabulary
from earshot.ports.clock import Ids

_CANDIDATE = 0.5
"""Pairs from this share of the threshold on are kept in sight: their centres may come closer."""

_RENAME = 0.2
"""A known theme's title changes when another summary is nearer the centre by this much."""

_TURN = 1.5
"""A known theme's issue type changes when so many times more findings say otherwise."""

_DIGITS = 5

_TITLES = 50
"""How many summaries are considered for a title."""


@dataclass(frozen=True)
class Point:
    """Findings with exactly the same terms, as one unit vector, and their issue type."""

    vector: Terms
    kind: IssueType
    findings: tuple[OpenFinding, ...]


def assign(
    findings: Sequence[OpenFinding],
    themes: Sequence[KnownTheme],
    *,
    lexicon: Lexicon,
    settings: GroupSettings,
    ids: Ids,
) -> Grouping:
    """Give every finding a theme. The same input gives the same outcome, in whatever order it comes."""
    ordered = sorted(findings, key=lambda finding: (finding.said_at, finding.id))
    words = vocabulary(settings.synonyms, settings.matters)
    terms = [terms_of(finding, words) for finding in ordered]
    lexicon = grown(lexicon, terms, most=settings.lexicon_terms)
    work = _Work(Rarity(lexicon), words, settings, {theme.id: theme for theme in themes})
    named = work.outcomes(ordered, terms)
    members: dict[int, str] = {}
    touched: list[KnownTheme] = []
    for named_cluster in sorted(named, key=_first_said):
        theme = work.theme(named_cluster, ids.new)
        touched.append(theme)
        members.update({finding.id: theme.id for finding in named_cluster.findings})
    return Grouping(members=dict(sorted(members.items())), themes=tuple(touched), lexicon=lexicon)


@dataclass(frozen=True)
class _Outcome:
    """A cluster with new findings, and the theme it continues, if any."""

    cluster: Cluster
    points: tuple[Point, ...]
    known: KnownTheme | None

    @property
    def findings(self) -> list[OpenFinding]:
        """The new findings in it, by time."""
        every = [finding for point in self.points for finding in point.findings]
        return sorted(every, key=lambda finding: (finding.said_at, finding.id))


def _first_said(outcome: _Outcome) -> tuple[object, int]:
    first = outcome.findings[0]
    return first.said_at, first.id


@dataclass(frozen=True)
class _Work:
    """One run's weights and settings."""

    rarity: Rarity
    words: Vocabulary
    settings: GroupSettings
    known: Mapping[str, KnownTheme]

    def outcomes(self, findings: Sequence[OpenFinding], terms: Sequence[Mapping[str, float]]) -> list[_Outcome]:
        """The clusters that hold new findings."""
        points = self._points(findings, terms)
        themes = sorted(self.known.values(), key=lambda theme: theme.id)
        clusters = [self._anchor(theme) for theme in themes]
        clusters += [_seed(point, at) for at, point in enumerate(points)]
        links = self._links(clusters, first_point=len(themes))
        joined = Joining(clusters, least=self.settings.same_matter).join(links)
        by_cluster = {id(cluster): theme for cluster, theme in zip(clusters, themes, strict=False)}
        return [
            _Outcome(cluster, tuple(points[i] for i in cluster.points), by_cluster.get(id(cluster)))
            for cluster in joined
            if cluster.points
        ]

    def _points(self, findings: Sequence[OpenFinding], terms: Sequence[Mapping[str, float]]) -> list[Point]:
        same: dict[tuple[tuple[str, float], ...], list[OpenFinding]] = defaultdict(list)
        for finding, weights in zip(findings, terms, strict=True):
            same[tuple(sorted(weights.items()))].append(finding)
        return [Point(self.rarity.unit(dict(k)), fs[0].issue_type, tuple(fs)) for k, fs in same.items()]

    def _anchor(self, theme: KnownTheme) -> Cluster:
        size = float(max(theme.size, 1))
        mean = {term: weight * self.rarity.of(term) for term, weight in theme.centre.items() if not is_kind(term)}
        kinds = {kind: share * size for kind, share in kinds_in(theme.centre).items()}
        return Cluster(scaled(mean, size), size, kinds=kinds, anchored=True)

    def _links(self, clusters: Sequence[Cluster], *, first_point: int) -> list[Link]:
        units = [scaled(c.total, c.square**-0.5) if c.square else {} for c in clusters]
        nearest = Nearest(units)
        least = self.settings.same_matter * _CANDIDATE
        found: list[Link] = []
        for at in range(first_point, len(clusters)):
            for other, _ in nearest.of(at, units[at], least=least, most=self.settings.neighbours):
                found.append((min(at, other), max(at, other)))
        return found

    def theme(self, outcome: _Outcome, new_id: Callable[[], str]) -> KnownTheme:
        """The theme a cluster is or becomes, with its centre and title brought up to date."""
        known, cluster = outcome.known, outcome.cluster
        mean = scaled(cluster.total, 1.0 / cluster.size)
        return KnownTheme(
            id=known.id if known else new_id(),
            issue_type=_kind(known, cluster),
            area=(known.area if known else None) or _usual_area(outcome.findings),
            title=self._title(outcome, mean),
            centre=self._centre(cluster, mean),
            size=(known.size if known else 0) + len(outcome.findings),
        )

    def _centre(self, cluster: Cluster, mean: Terms) -> Terms:
        heaviest = sorted(mean.items(), key=lambda item: (-round(item[1], 7), item[0]))[
            : self.settings.centre_terms
        ]
        bare = self.rarity.bare(dict(heaviest))
        kinds = {kind_term(kind): count / cluster.size for kind, count in sorted(cluster.kinds.items())}
        return {term: round(weight, _DIGITS) for term, weight in (bare | kinds).items()}

    def _title(self, outcome: _Outcome, centre: Terms) -> str:
        length = math.sqrt(outcome.cluster.square) / outcome.cluster.size

        def nearness(text: str) -> float:
            vector = self.rarity.unit(text_terms(text, self.words.thesaurus))
            return round(dot(vector, centre) / length, 7) if length else 0.0

        typical = sorted(outcome.points, key=lambda p: -round(dot(p.vector, centre), 7))[:_TITLES]
        titles = {tidy(point.findings[0].summary): None for point in typical}
        best = max(titles, key=nearness)
        known = outcome.known
        return known.title if known and nearness(best) < nearness(known.title) + _RENAME else best


def _seed(point: Point, at: int) -> Cluster:
    count = float(len(point.findings))
    return Cluster(scaled(point.vector, count), count, kinds={point.kind: count}, points=[at])


def _kind(known: KnownTheme | None, cluster: Cluster) -> IssueType:
    most = min(cluster.kinds, key=lambda kind: (-cluster.kinds[kind], kind))
    if known is None or cluster.kinds[most] > _TURN * cluster.kinds.get(known.issue_type, 0.0):
        return most
    return known.issue_type


def _usual_area(findings: Sequence[OpenFinding]) -> str | None:
    counts: dict[str, int] = defaultdict(int)
    for finding in findings:
        if finding.area:
            counts[finding.area] += 1
    return min(counts, key=lambda area: (-counts[area], area), default=None)
