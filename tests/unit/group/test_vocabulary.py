import pytest
from pydantic import ValidationError

from earshot.group.likeness.told import Told, counted
from earshot.group.settings import GroupSettings
from earshot.group.vocabulary import MATTER, OWN_MATTER, vocabulary
from earshot.sim.sample import vocabulary as torvane

SYNONYMS = {"wall": ["gantry wall"]}
MATTERS = {"walldown": ["wall + blank|uptime - slow", "wall + wall + crash"]}


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("The gantry wall is blank", True),
        ("Everything is down, the gantry wall too: outage", True),
        ("The gantry wall freezes", True),
        ("The gantry wall is blank and slow", False),
        ("The page is blank", False),
    ],
)
def test_own_matters_hold_where_their_concepts_come_together(text: str, *, holds: bool) -> None:
    terms = counted(Told(title=text), vocabulary(SYNONYMS, MATTERS)).terms
    assert ("@walldown" in terms) is holds


def test_an_own_matter_adds_to_a_built_in_one_of_its_name() -> None:
    own = vocabulary(SYNONYMS, {"outage": ["wall + blank"]})
    assert own.matters({"wall", "blank"}, set()) == {"outage": OWN_MATTER}
    assert own.matters({"uptime"}, set()) == {"outage": MATTER}


def test_patterns_may_name_only_known_concepts() -> None:
    assert GroupSettings(synonyms=SYNONYMS, matters=MATTERS).matters == MATTERS
    with pytest.raises(ValidationError, match="do not exist: wall;"):
        GroupSettings(matters=MATTERS)


@pytest.mark.parametrize("pattern", ["", "crash +", "+ crash", " - crash"])
def test_patterns_that_can_never_hold_are_refused(pattern: str) -> None:
    with pytest.raises(ValidationError, match="lacks a concept"):
        GroupSettings(matters={"odd": [pattern]})


def test_a_products_words_are_not_built_in() -> None:
    told = Told(title="The signature is upside down on the job sheet")
    assert "@signatureturned" not in counted(told, vocabulary({}, {})).terms
    assert "@signatureturned" in counted(told, vocabulary(**torvane())).terms
