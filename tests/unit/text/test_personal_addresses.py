"""E-mail, web and IP addresses in text."""

import pytest

from tests.unit.text.detecting import found


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("write to ann.o'hara+x@mail.example.co.uk, please", "ann.o'hara+x@mail.example.co.uk"),
        ("<bo@x-y.example>", "bo@x-y.example"),
        ("mailto:bo@x.example?subject=hi", "bo@x.example"),
        ('"mail":"bo_1@x.example"', "bo_1@x.example"),
        ("BO@X.EXAMPLE.", "BO@X.EXAMPLE"),
        ("jörg@müller.example", "jörg@müller.example"),
        ("联系bo@x.example谢谢", "bo@x.example"),
        ("bo＠x.example", "bo＠x.example"),
        ("bo@\u200bx.exa\u00admple", "bo@x.example"),
        ("bo (at) x.example", "bo (at) x.example"),
        ("bo [at] x [dot] example", "bo [at] x [dot] example"),
        ("I am bo at x dot com", "bo at x dot com"),
    ],
)
def test_email_addresses(text: str, address: str) -> None:
    assert ("EMAIL", address) in found(text)


@pytest.mark.parametrize(
    "text",
    ["left-pad@1.3.0", "@name hello", "a @ b", "look @me.now", "x@y", "bo@.example", "meet at noon dot", "@@@"],
)
def test_what_is_no_email_address(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("see https://x.example/a/b?user=7&t=abc#top.", ["user=7&t=abc#top"]),
        ("(https://x.example/a#part-2)", ["part-2"]),
        ("https://x.example/?q", ["q"]),
        ("GET /login?next=/home HTTP/1.1", ["next=/home"]),
        ("x.example/a?id=5, then", ["id=5"]),
        ("https://x.example/a?mail=bo@x.example", ["mail=bo@x.example"]),
    ],
)
def test_what_a_web_address_carries_is_hidden_and_host_and_path_stay(text: str, hidden: list[str]) -> None:
    assert found(text) == [("QUERY", value) for value in hidden]


def test_user_name_and_password_in_an_address_are_hidden_and_its_host_stays() -> None:
    assert found("postgresql://svc:hunter2@db.example:5432/main") == [("KEY", "svc:hunter2")]
    assert found("https://bo@x.example@y.example/") == [("KEY", "bo@x.example")]


@pytest.mark.parametrize(
    "text", ["https://x.example/a/b", "http://localhost:5000", "why? a=b", "what?no", "://", "ftp://x?"]
)
def test_addresses_that_carry_nothing_stay(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    "address",
    [
        "203.0.113.7",
        "10.1.2.3",
        "2001:db8:85a3::8a2e:370:7334",
        "2001:0db8:0:0:0:0:0:1",
        "fe80::1ff:fe23:4567:890a",
    ],
)
def test_ip_addresses(address: str) -> None:
    for text in (f"from {address}", f"[{address}]", f"{address}, then", f"ip={address} "):
        assert ("IP", address) in found(text)


@pytest.mark.parametrize(
    "text",
    [
        "version 1.2.3.4", "Chrome/96.0.46.93", "v2.0.1.1", "127.0.0.1", "0.0.0.0", "1.2.3", "1.2.3.4.5",
        "300.1.2.3", "96.0.4664.93", "std::vector::x1", "at 12:34:56", "::1", "a::b", "1:2:3:4:5:6:7:8:9",
        "build 10.0.0.1-x",
    ],
)  # fmt: skip
def test_versions_times_and_code_are_no_ip_addresses(text: str) -> None:
    assert [kind for kind, _ in found(text)] == []
