import pytest
from pydantic import ValidationError

from earshot.domain.backlog import ItemType
from earshot.prioritise.settings import PrioritiseSettings


def test_effort_that_is_left_out_keeps_its_default() -> None:
    told = PrioritiseSettings.model_validate({"effort_weeks": {"Bug": 5}})
    assert (told.weeks(ItemType.BUG), told.weeks(ItemType.FEATURE)) == (5.0, 4.0)


def test_areas_are_found_in_any_case() -> None:
    told = PrioritiseSettings(effort_factors={" Single Sign-On": 2.0}, components={"LOGIN": "Identity"})
    assert (told.effort_factor("single sign-on"), told.effort_factor("login"), told.effort_factor(None)) == (
        2,
        1,
        1,
    )
    assert (told.component("login"), told.component("export"), told.component(None)) == ("Identity", "Export", None)


@pytest.mark.parametrize(
    "wrong",
    [
        {"effort_weeks": {"Bug": 0}},
        {"effort_weeks": {"Epic": 3}},
        {"effort_factors": {"login": -1}},
        {"effort_factors": {"login": float("nan")}},
        {"enterprise_weight": 0.5},
        {"strong_conversations": 2},
        {"strong_customers": 1},
        {"draft": "maybe"},
    ],
)
def test_what_makes_no_sense_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        PrioritiseSettings.model_validate(wrong)


def test_every_setting_says_what_it_does() -> None:
    assert all(len(field.description or "") > 30 for field in PrioritiseSettings.model_fields.values())
