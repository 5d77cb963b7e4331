"""How often clients may come."""

import pytest

from earshot.pipeline.serving import WebSettings, is_loopback
from earshot.web.api.guard import Rates


def test_a_burst_then_a_steady_pace() -> None:
    now = [0.0]
    rates = Rates(60, now=lambda: now[0])
    assert [rates.take("a") for _ in range(10)] == [0.0] * 10
    assert rates.take("a") == pytest.approx(1.0)
    assert rates.take("b") == 0.0
    now[0] = 1.0
    assert rates.take("a") == 0.0
    assert rates.take("a") > 0


def test_asking_takes_nothing_and_tells_what_taking_would() -> None:
    now = [0.0]
    rates = Rates(60, burst=2, now=lambda: now[0])
    assert [rates.wait("a") for _ in range(5)] == [0.0] * 5
    assert [rates.take("a") for _ in range(2)] == [0.0] * 2
    assert [rates.wait("a") for _ in range(2)] == [pytest.approx(1.0)] * 2
    assert rates.wait("b") == 0.0
    now[0] = 1.0
    assert rates.wait("a") == 0.0


def test_forgotten_clients_cost_no_memory() -> None:
    rates = Rates(60, now=lambda: 0.0)
    for number in range(10_500):
        rates.take(f"client {number}")
    assert [rates.take("client 10499") for _ in range(9)] == [0.0] * 9
    assert rates.take("client 10499") > 0


@pytest.mark.parametrize(
    ("host", "here"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("localhost", True),
        ("LOCALHOST.", True),
        ("::1", True),
        ("[::1]", True),
        ("::ffff:127.0.0.1", True),
        ("0.0.0.0", False),
        ("10.0.0.1", False),
        ("127.0.0.1.evil.example", False),
        ("localhost.evil.example", False),
        ("", False),
    ],
)
def test_what_means_this_machine(host: str, *, here: bool) -> None:
    assert is_loopback(host) is here


@pytest.mark.parametrize(
    ("url", "hosts"),
    [
        ("https://Earshot.example.com./x", ("earshot.example.com",)),
        ("http://localhost:8080", ()),
        ("http://127.0.0.1:8080", ()),
        ("", ()),
        ("http://[", ()),
    ],
)
def test_hosts_that_are_surely_ours(url: str, hosts: tuple[str, ...]) -> None:
    assert WebSettings(public_url=url).own_hosts == hosts
