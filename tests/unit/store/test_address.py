from pathlib import Path

import pytest

from earshot.errors import Misconfigured
from earshot.store.address import Address, parse, session_name
from earshot.store.settings import StoreSettings


@pytest.mark.parametrize(
    "scheme", ["postgres", "postgresql", "postgresql+asyncpg", "POSTGRES", "postgresql+psycopg"]
)
def test_every_common_scheme_is_read(scheme: str) -> None:
    address = parse(f" {scheme}://u:p%40ss@db.example:6432/app?sslmode=require\n", name="n")
    assert address.url == "postgresql://u:p%40ss@db.example:6432/app?sslmode=require"
    assert address.place == "db.example:6432/app"


def test_an_address_never_shows_its_secrets() -> None:
    assert "hush" not in repr(parse("postgresql://u:hush@h/db", name="n"))
    assert "hush" not in repr(Address(name="n", host="/tmp", database="d", password="hush"))
    settings = StoreSettings.model_validate({"database_url": "postgresql://u:hush@h/db", "data_dir": Path("/x")})
    assert "hush" not in repr(settings)


@pytest.mark.parametrize("url", ["", "mysql://h/db", "db.example/app", "postgresql://h:port/db"])
def test_what_is_no_address_is_refused_with_a_hint(url: str) -> None:
    with pytest.raises(Misconfigured) as refused:
        parse(url, name="n")
    assert refused.value.hint


def test_no_two_stores_share_a_name() -> None:
    assert session_name() != session_name()
