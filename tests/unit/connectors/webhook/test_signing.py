"""The signature against the published vector and the reference package."""

import base64
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from earshot.connectors.webhook.signing import signature, signing_key
from earshot.errors import Misconfigured

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_" + base64.b64encode(b"another secret of 32 bytes......").decode()


def test_the_published_vector() -> None:
    key = signing_key(SECRET, name="X")
    signed = signature([key], "msg_p5jXN8AQM9LWM0D4loKWxJek", seconds=1614265330, body=b'{"test": 2432232314}')
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@given(st.binary(min_size=24, max_size=64), st.text(max_size=200), st.integers(0, 2**33))
def test_the_reference_package_agrees(secret: bytes, text: str, seconds: int) -> None:
    body = text.encode("utf-8", "replace")
    given_secret = "whsec_" + base64.b64encode(secret).decode()
    expected = Webhook(given_secret).sign("abc", datetime.fromtimestamp(seconds, UTC), body.decode())
    assert signature([signing_key(given_secret, name="X")], "abc", seconds=seconds, body=body) == expected


def test_two_secrets_give_two_signatures_of_which_either_is_enough() -> None:
    keys = [signing_key(one, name="X") for one in (OTHER, SECRET)]
    seconds = int(datetime.now(UTC).timestamp())
    headers = {
        "webhook-id": "abc",
        "webhook-timestamp": str(seconds),
        "webhook-signature": signature(keys, "abc", seconds=seconds, body=b"{}"),
    }
    for secret in (SECRET, OTHER):
        assert Webhook(secret).verify(b"{}", headers) == {}


@pytest.mark.parametrize(
    "secret", ["", "whsec_", "whsec_abc", "whsec_c2hvcnQ=", SECRET.removeprefix("whsec_"), "whsec_ä"]
)
def test_a_bad_secret_is_refused_without_being_shown(secret: str) -> None:
    with pytest.raises(Misconfigured) as error:
        signing_key(secret, name="HOOK_SECRET")
    assert "HOOK_SECRET" in str(error.value)
    assert "c2hv" not in str(error.value)
