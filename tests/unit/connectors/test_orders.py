"""What all tools share: orders that fit, secrets, addresses, outcomes as errors."""

import pytest

from earshot.connectors.addresses import checked, is_safe
from earshot.connectors.orders import marker, misfit
from earshot.connectors.secrets import needed, optional
from earshot.connectors.verdicts import error_of
from earshot.domain.delivery import Op, Outcome, Result, Thing
from earshot.errors import EarshotError, Misconfigured, Rejected, Transient
from earshot.ports.tool import Abilities, Resend
from tests.contract.tools.case import order

TASKS = Abilities(orders={Thing.TASK: frozenset({Op.CREATE})}, resend={Thing.TASK: Resend.LOOK_UP})


def test_an_order_fits_what_a_tool_can() -> None:
    assert misfit(order(Thing.TASK), TASKS) == ""
    assert misfit(order(Thing.PAGE), TASKS) == "it makes no page"
    assert misfit(order(Thing.TASK, op=Op.RESOLVE), TASKS) == "it cannot resolve a task"
    assert "title" in misfit(order(Thing.TASK, title="\n "), TASKS)
    assert marker(order(Thing.TASK)) == "0123456789abcdef"


def test_a_secret_is_one_word() -> None:
    assert needed({"A": " key\n"}, "A", hint="h") == "key"
    assert optional({}, "A") == ""
    for wrong in ("a b", "a\nb", "a\x00", "schlüssel"):
        with pytest.raises(Misconfigured) as caught:
            optional({"A": wrong}, "A")
        assert wrong not in str(caught.value)
    with pytest.raises(Misconfigured, match="A is not set"):
        needed({"A": ""}, "A", hint="h")


def test_secrets_travel_safely_only() -> None:
    assert is_safe("https://example.com/x")
    assert is_safe("http://127.0.0.1:4020/x")
    assert is_safe("http://[::1]:4020/x")
    assert not is_safe("http://example.com")
    assert not is_safe("http://127.0.0.1.example.com")
    assert not is_safe("ftp://localhost")
    assert checked("https://example.com/v2/") == "https://example.com/v2"


@pytest.mark.parametrize(
    ("result", "kind"),
    [
        (Result.AUTH_FAILED, Misconfigured),
        (Result.PAUSED, Misconfigured),
        (Result.GONE, Misconfigured),
        (Result.REJECTED, Rejected),
        (Result.RETRY, Transient),
        (Result.UNKNOWN, Transient),
    ],
)
def test_an_outcome_is_an_error_of_its_kind(result: Result, kind: type[EarshotError]) -> None:
    error = error_of(Outcome(result=result, reason="it answered 500"), tool="Slack", hint="h")
    assert isinstance(error, kind)
    assert "it answered 500" in str(error)
