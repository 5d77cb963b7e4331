import os
import stat
import subprocess
from pathlib import Path

import pytest

from earshot.errors import Misconfigured
from earshot.store.embedded import binaries, places


def test_copied_programs_run_for_anybody_whatever_our_umask(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        copy = binaries.copied_to(tmp_path)
    finally:
        os.umask(before)
    assert binaries.copied_to(tmp_path) == copy
    top = copy.parents[1]
    for path in (top, *top.rglob("*")):
        if not path.is_symlink():
            wanted = 0o755 if path.is_dir() or path.parent.name == "bin" else 0o644
            assert stat.S_IMODE(path.stat().st_mode) == wanted, path
    shown = subprocess.run([copy / "bin" / "initdb", "--version"], capture_output=True, text=True, check=True)
    assert f" {binaries.VERSION}." in shown.stdout
    assert [path.name for path in tmp_path.iterdir()] == [top.name]


def test_a_wheel_without_our_version_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binaries, "VERSION", 999)
    with pytest.raises(Misconfigured, match="999") as refused:
        binaries.in_wheel()
    assert "DATABASE_URL" in refused.value.hint


@pytest.mark.skipif(os.geteuid() != 0, reason="only root needs a system folder")
def test_root_without_a_system_folder_is_told_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(places, "SYSTEM_FOLDERS", (tmp_path / "file" / "x", tmp_path / "shut"))
    (tmp_path / "shut").mkdir(mode=0o700)
    with pytest.raises(Misconfigured, match="system folder") as refused:
        places.prepare(tmp_path / "data")
    assert "DATABASE_URL" in refused.value.hint


@pytest.mark.skipif(os.geteuid() != 0, reason="only root borrows a user id")
def test_a_user_id_that_somebody_has_is_not_borrowed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "SERVER_UID", 65534)
    with pytest.raises(Misconfigured, match="65534"):
        places.prepare(tmp_path / "data")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make somebody else's folder")
def test_somebody_else_s_folder_is_refused(tmp_path: Path) -> None:
    base = tmp_path / "data" / f"postgres{binaries.VERSION}"
    where = places.Places(base=base, home=tmp_path / "home", programs=tmp_path)
    where.home.mkdir()
    os.chown(where.home, 65534, 65534)
    with pytest.raises(Misconfigured, match="somebody else"):
        places.private(where.home, None)
