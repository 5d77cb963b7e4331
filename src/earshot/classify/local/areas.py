"""The affected product area: configured areas first, then known ones, then the words of the matter itself."""

from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from importlib import resources

from earshot.classify.local.phrases import Cues
from earshot.classify.local.words import tokens

LONGEST = 100
_OWN_WORDS = 3
_STOPWORDS = frozenset(
    """a about above after again all also always am an and any anybody anyone anything are around as at back be because
    been before being best better both bug but by can cannot cant change changed cheers could couldnt day days did
    didnt different do does doesnt doing done dont down each easy edit else error errors even ever every everyone
    everything false feature find fine first for from gave get gets getting give go goes going gone good got great had
    hand happen happened happens has hasnt have havent having he hello help helps her here hey hi him his hope how
    however i id idea if ill im in incorrect instead into is isnt issue issues it its ive just keep keeps know last
    later like little long look looking lost made make makes many maybe me might missing more most much multiple must
    my myself need needed needs never new no nobody non none not nothing now of off ok okay old on once one only open
    or other our out over own please plz possible problem problems properly provide put question questions quite
    really request right same say says see seem seems send set setting should show showing shows since so some
    someone something still stop stopped stops such suddenly sure take tell than thank thanks that thats the their
    them then there theres these they thing things think this those though through time times to today together too
    tried true try trying turn two u under until unable up update us use used user users using very via want wanted
    wants was wasnt way ways we weeks well went were what whats when whenever where which while who why will wish with
    within without wont work worked working works would wouldnt wrong year years yes yesterday yet you your youre
    add added adding allow allows create created creating delete deleted remove removed disappeared appear appears
    fails failed failing fail crash crashes crashed fix fixed option ability able broken loading load stuck
    ximage xcode xurl xmail xhandle xsmile xsad xplus regarding support app version every between during""".split()
)


@cache
def known() -> Mapping[str, tuple[str, ...]]:
    """The shipped areas and the words that mean them."""
    text = resources.files("earshot.classify.local").joinpath("areas.txt").read_text(encoding="utf-8")
    entries = (line.split(":", 1) for line in text.splitlines() if line and not line.startswith("#"))
    return {name.strip(): tuple(w.strip() for w in words.split(",")) for name, words in entries}


@lru_cache(maxsize=8)
def _matcher(areas: tuple[tuple[str, tuple[str, ...]], ...]) -> Cues:
    return Cues({name: [" ".join(tokens(word)) for word in (name, *words) if tokens(word)] for name, words in areas})


def frozen(areas: Mapping[str, Sequence[str]]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Areas as a hashable value."""
    return tuple((name, tuple(words)) for name, words in areas.items())


def find(
    weighted: Sequence[tuple[list[str], float]], configured: tuple[tuple[str, tuple[str, ...]], ...] = ()
) -> str | None:
    """The area that the weighted token lists speak of most, None where nothing names one."""
    for areas in (configured, frozen(known())):
        if areas and (best := _strongest(_matcher(areas), weighted)):
            return best.lower()[:LONGEST]
    return next((own for words, _ in weighted if (own := _own(words))), None)


def _strongest(matcher: Cues, weighted: Sequence[tuple[list[str], float]]) -> str | None:
    totals: dict[int, float] = {}
    for words, weight in weighted:
        for group, start, end in matcher.hits(words):
            early = 1.0 + 1.0 / (1.0 + start / 8)
            totals[group] = totals.get(group, 0.0) + weight * (end - start) ** 1.5 * early
    return matcher.names[max(totals, key=lambda g: (totals[g], -g))] if totals else None


def _own(words: Sequence[str]) -> str | None:
    """The first run of telling words: "spam folder" of "my spam folder disappeared"."""
    run: list[str] = []
    best: list[str] = []
    for word in [*words, "."]:
        if word.isalpha() and len(word) > 2 and word not in _STOPWORDS:
            run.append(word)
            continue
        if len(run) > len(best):
            best = run
        run = []
    return " ".join(best[:_OWN_WORDS])[:LONGEST] or None
