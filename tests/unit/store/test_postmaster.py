import os
from pathlib import Path

import pytest

from earshot.errors import Misconfigured, Transient
from earshot.store.embedded import postmaster
from earshot.store.embedded.places import SOCKET_LIMIT, Places


def places(tmp_path: Path) -> Places:
    home = tmp_path / "home"
    (home / "pgdata").mkdir(parents=True)
    return Places(base=tmp_path, home=home, programs=tmp_path)


@pytest.mark.parametrize(
    ("output", "kind", "words"),
    [
        ("initdb: could not write: No space left on device", Misconfigured, "disk is full"),
        ("FATAL:  pre-existing shared memory block is still in use", Transient, "not quite ended"),
        ("LOG:  x\nFATAL:  bad thing\nLOG:  shut down\n", Misconfigured, "bad thing"),
        ("", Misconfigured, "no output"),
        ("only a line\n", Misconfigured, "only a line"),
    ],
)
def test_a_failed_start_is_told_in_a_sentence(output: str, kind: type[Exception], words: str) -> None:
    found = postmaster.explain(output, doing="start the database")
    assert isinstance(found, kind)
    assert words in str(found)
    assert found.hint


def test_no_pid_file_means_nothing_to_stop(tmp_path: Path) -> None:
    assert postmaster.stop(places(tmp_path)) is None


@pytest.mark.parametrize(
    "content", ["", "word\n", "0\n", "-1\n", pytest.param(f"{os.getpid()}\n", id="ours"), "99999999\n"]
)
def test_pid_files_of_no_server_are_removed(tmp_path: Path, content: str) -> None:
    where = places(tmp_path)
    file = where.pgdata / "postmaster.pid"
    file.write_text(content)
    postmaster.clear_stale_pid(where)
    assert not file.exists()


def test_a_server_that_is_gone_cannot_be_stopped(tmp_path: Path) -> None:
    where = places(tmp_path)
    (where.pgdata / "postmaster.pid").write_text("99999999\n")
    assert postmaster.stop(where) is None


def test_socket_paths_stay_short(tmp_path: Path) -> None:
    near = Places(base=tmp_path, home=Path("/srv/earshot"), programs=tmp_path)
    far = Places(base=tmp_path, home=Path("/" + "x" * 200), programs=tmp_path)
    assert near.sockets == Path("/srv/earshot/socket")
    assert len(bytes(far.sockets)) < SOCKET_LIMIT
    assert far.sockets != Places(base=tmp_path, home=Path("/" + "y" * 200), programs=tmp_path).sockets
