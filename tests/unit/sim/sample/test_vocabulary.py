from earshot.group.settings import GroupSettings
from earshot.sim.sample import vocabulary


def test_the_vocabulary_is_a_valid_group_section() -> None:
    assert set(vocabulary()) == {"synonyms", "matters"}
    settings = GroupSettings.model_validate(vocabulary())
    assert "planning board" in settings.synonyms["planner"]
