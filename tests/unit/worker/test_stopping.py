"""How a worker is told to stop."""

from earshot.worker.stopping import SAME, Stopping
from tests.unit.connectors.scripted import Waits


def test_the_first_word_means_soon_and_a_later_one_at_once() -> None:
    clock = Waits()
    stopping = Stopping(clock)
    assert not stopping.soon.is_set()
    stopping.ask()
    assert stopping.soon.is_set()
    assert not stopping.now.is_set()
    clock.move(SAME + 0.1)
    stopping.ask()
    assert stopping.now.is_set()


def test_a_manager_that_tells_parent_and_child_says_it_once() -> None:
    clock = Waits()
    stopping = Stopping(clock)
    stopping.ask()
    clock.move(SAME - 0.1)
    stopping.ask()
    assert not stopping.now.is_set()
