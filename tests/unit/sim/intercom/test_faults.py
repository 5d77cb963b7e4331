import pytest

from earshot.errors import BadInput
from earshot.sim.chance import between, choose, fraction
from earshot.sim.intercom.answers import Answer, Refusal
from earshot.sim.intercom.faults import Faults, Script
from earshot.sim.intercom.limits import Window
from earshot.sim.intercom.settings import Fault, FaultSettings, parse_faults

IDS = [str(number) for number in range(50)]


def test_names_are_parsed() -> None:
    assert parse_faults("429, reset") == {Fault.TOO_MANY, Fault.RESET}
    assert parse_faults("all") == set(Fault)
    assert parse_faults("") == frozenset()
    assert FaultSettings.model_validate({"kinds": "5xx"}).kinds == {Fault.SERVER_ERROR}


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(BadInput) as refused:
        parse_faults("5xx,gremlins")
    assert "repeated-cursor" in refused.value.hint


def test_draws_are_the_same_for_the_same_seed_only() -> None:
    settings = FaultSettings(kinds=frozenset({Fault.EMPTY}), rate=0.3)
    keys = [f"GET /conversations/{number}" for number in range(300)]

    def struck(seed: int) -> list[bool]:
        faults = Faults(settings.model_copy(update={"seed": seed}), IDS)
        return [faults.strike(key, "/conversations/x", now=0.0) is not None for key in keys]

    assert struck(1) == struck(1)
    assert struck(1) != struck(2)
    assert 50 < sum(struck(1)) < 130


def test_a_same_request_passes_after_the_streak() -> None:
    faults = Faults(FaultSettings(kinds=frozenset({Fault.RESET}), rate=1.0, streak=2), IDS)
    seen = [faults.strike("k", "/me", now=0.0) for _ in range(6)]
    assert seen == [Fault.RESET, Fault.RESET, None, Fault.RESET, Fault.RESET, None]
    assert faults.struck[Fault.RESET] == 4


def test_nothing_strikes_when_nothing_is_on() -> None:
    faults = Faults(FaultSettings(rate=1.0), IDS)
    assert faults.strike("k", "/me", now=0.0) is None
    assert faults.moves() == 0
    assert not faults.poisoned
    assert not faults.failing
    assert faults.crowd(IDS) == []


def test_a_repeated_cursor_strikes_searches_only() -> None:
    faults = Faults(FaultSettings(kinds=frozenset({Fault.REPEATED_CURSOR}), rate=1.0), IDS)
    assert faults.strike("k", "/conversations/1", now=0.0) is None
    assert faults.strike("k", "/conversations/search", now=0.0) is Fault.REPEATED_CURSOR


def test_a_script_is_certain_and_ends() -> None:
    faults = Faults(FaultSettings(), IDS)
    faults.script(Script(Fault.EMPTY, times=2, path="/conversations/search"))
    assert faults.strike("a", "/me", now=0.0) is None
    assert [faults.strike("a", "/conversations/search", now=0.0) for _ in range(3)] == [
        Fault.EMPTY,
        Fault.EMPTY,
        None,
    ]


BURSTS = FaultSettings(kinds=frozenset({Fault.TOO_MANY}), rate=0.5, burst=3, burst_seconds=2, seed=1)


def test_lasting_faults_can_be_scripted_and_states_cannot() -> None:
    faults = Faults(FaultSettings(), IDS)
    for kind, status in ((Fault.SEARCH_404, 404), (Fault.FAILING, 500)):
        faults.script(Script(kind))
        assert faults.strike("k", "/me", now=0.0) is kind
        refusal = faults.refuse(kind, "k", limit=9)
        assert isinstance(refusal, Refusal)
        assert refusal.status == status
    with pytest.raises(Refusal):
        faults.script(Script(Fault.MOVING))


def test_a_burst_refuses_the_next_requests_whatever_they_are() -> None:
    faults = Faults(BURSTS.model_copy(update={"rate": 1.0}), IDS)
    assert faults.strike("a", "/me", now=100.2) is Fault.TOO_MANY
    faults.settings = BURSTS.model_copy(update={"rate": 0.0})
    assert [faults.strike(key, "/me", now=100.9) for key in "bcd"] == [Fault.TOO_MANY, Fault.TOO_MANY, None]
    refusal = faults.refuse(Fault.TOO_MANY, "b", limit=9)
    assert isinstance(refusal, Refusal)
    assert refusal.headers == {
        "X-RateLimit-Limit": "9",
        "X-RateLimit-Remaining": "0",
        "X-RateLimit-Reset": "102",
    }


def test_a_burst_ends_with_its_reset() -> None:
    faults = Faults(BURSTS.model_copy(update={"rate": 1.0}), IDS)
    assert faults.strike("a", "/me", now=100.0) is Fault.TOO_MANY
    faults.settings = BURSTS.model_copy(update={"rate": 0.0})
    assert faults.strike("b", "/me", now=102.0) is None


def test_server_errors_come_in_every_shape() -> None:
    faults = Faults(FaultSettings(), IDS)
    seen = [faults.refuse(Fault.SERVER_ERROR, str(number), limit=9) for number in range(60)]
    statuses = {one.status for one in seen if isinstance(one, (Answer, Refusal))}
    assert statuses == {500, 502, 503, 504}
    assert any(isinstance(one, Answer) and one.media == "text/html" for one in seen)


def test_lasting_faults_name_their_victims() -> None:
    on = FaultSettings(kinds=frozenset({Fault.FAILING, Fault.SEARCH_404}), permanent=3)
    faults = Faults(on, IDS)
    assert len(faults.failing) == 3
    assert len(faults.poisoned) == 1
    assert faults.fail(next(iter(faults.failing))) is not None
    assert faults.fail("elsewhere") is None
    assert faults.spoil(IDS) is not None
    assert faults.spoil([]) is None
    assert Faults(FaultSettings(failing=("7",), poisoned=("8",)), IDS).failing == {"7"}


def test_moves_end() -> None:
    faults = Faults(FaultSettings(kinds=frozenset({Fault.MOVING}), moves=7, moves_per_page=3), IDS)
    assert [faults.moves() for _ in range(4)] == [3, 3, 1, 0]
    assert 0 <= faults.pick(10) < 10


def test_the_window_counts_down_and_starts_again() -> None:
    window = Window(rate_per_minute=12)
    assert window.take(100.0)["X-RateLimit-Remaining"] == "1"
    assert window.take(109.9) == {
        "X-RateLimit-Limit": "2",
        "X-RateLimit-Remaining": "0",
        "X-RateLimit-Reset": "110",
    }
    with pytest.raises(Refusal) as refused:
        window.take(109.95)
    assert refused.value.status == 429
    assert str(refused.value) == "Exceeded rate limit of 2 in 10_seconds"
    assert refused.value.headers["X-RateLimit-Reset"] == "110"
    assert window.take(110.0)["X-RateLimit-Remaining"] == "1"


def test_draws_lie_where_they_should() -> None:
    draws = [between(3, 5, "k", number) for number in range(200)]
    assert set(draws) == {3, 4, 5}
    assert all(0 <= fraction("k", number) < 1 for number in range(200))
    assert len(set(choose(IDS, 10, "k"))) == 10
    assert choose(IDS, 99, "k") == choose(list(reversed(IDS)), 99, "k")
