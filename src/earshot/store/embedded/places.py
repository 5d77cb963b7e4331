"""Which folders the embedded server uses, and as which user it runs."""

import hashlib
import os
import pwd
import secrets
import stat
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from earshot.errors import Misconfigured
from earshot.store.embedded import binaries

SYSTEM_FOLDERS = (Path("/var/lib/earshot"), Path("/opt/earshot"))
SERVER_UID = 52817
"""PostgreSQL refuses to run as root, so root starts it under this id, which belongs to nobody else."""
SOCKET_LIMIT = 100
"""Longest socket path that every system takes (107 on Linux, 103 on macOS), with a margin."""


@dataclass(frozen=True)
class Places:
    """`base` is ours; `home` belongs to the server's user; `uid` is None when the server runs as ourselves."""

    base: Path
    home: Path
    programs: Path
    uid: int | None = None

    @property
    def pgdata(self) -> Path:
        """The cluster."""
        return self.home / "pgdata"

    @property
    def log(self) -> Path:
        """What the server wrote since it last started."""
        return self.home / "server.log"

    @property
    def workshop(self) -> Path:
        """Where a cluster is made before it is moved to its place."""
        parent = self.home if self.uid is None else self.home.parent
        return parent / f"pgdata.new-{os.getpid()}"

    @property
    def password_file(self) -> Path:
        """The superuser's random password, readable by us only."""
        return self.base / "password"

    @property
    def lock_file(self) -> Path:
        """Held while the server is started or stopped."""
        return self.base / "lock"

    @property
    def sockets(self) -> Path:
        """The folder of the server's socket: beside the data, or a private one in the temp folder."""
        near = self.home / "socket"
        if len(bytes(near)) + len("/.s.PGSQL.5432.lock") <= SOCKET_LIMIT:
            return near
        key = hashlib.sha256(bytes(self.home)).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"earshot-{os.getuid()}-{key}"


def prepare(data_dir: Path) -> Places:
    """Make the folders; Misconfigured when that is not possible."""
    base = data_dir.expanduser().absolute() / f"postgres{binaries.VERSION}"
    try:
        places = _as_root(base) if os.geteuid() == 0 else _as_user(base)
        private(places.home, places.uid)
        private(places.sockets, places.uid)
    except OSError as error:
        raise Misconfigured(
            f"cannot use the data folder {data_dir}: {error.strerror or error}",
            hint="choose a writable folder with --data-dir or EARSHOT_DATA_DIR, or free some space",
        ) from error
    return places


def _as_user(base: Path) -> Places:
    base.mkdir(mode=0o700, parents=True, exist_ok=True)
    private(base, None)
    return Places(base=base, home=base, programs=binaries.in_wheel())


def _as_root(base: Path) -> Places:
    base.mkdir(mode=0o711, parents=True, exist_ok=True)
    base.chmod(0o711)
    if _taken(SERVER_UID):
        raise Misconfigured(
            f"user id {SERVER_UID} is in use on this machine",
            hint="run Earshot as an ordinary user, or set DATABASE_URL to an existing PostgreSQL",
        )
    system = _system_folder()
    home = base / "server" if _reachable(base) else _system_home(base, system)
    return Places(base=base, home=home, programs=binaries.copied_to(system), uid=SERVER_UID)


def _system_folder() -> Path:
    for folder in SYSTEM_FOLDERS:
        try:
            folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        except OSError:
            continue
        if os.access(folder, os.W_OK) and _reachable(folder):
            return folder
    raise Misconfigured(
        "as root, the embedded PostgreSQL needs a system folder and none is writable: "
        + ", ".join(str(folder) for folder in SYSTEM_FOLDERS),
        hint="run Earshot as an ordinary user, or set DATABASE_URL to an existing PostgreSQL",
    )


def _system_home(base: Path, system: Path) -> Path:
    """Data that the server's user could not reach below `base` lies beside the programs; `base` says where."""
    pointer = base / "location"
    if pointer.exists():
        home = Path(pointer.read_text().strip())
        if not home.is_dir():
            raise Misconfigured(
                f"the database of {base.parent} was kept in {home}, and that folder is gone",
                hint=f"restore the folder, or remove {base} to begin with an empty database",
            )
        return home
    home = system / f"data-{secrets.token_hex(8)}"
    private(home, SERVER_UID)
    fresh = pointer.with_suffix(f".new-{home.name}")
    fresh.write_text(f"{home}\n")
    try:
        os.link(fresh, pointer)
    except FileExistsError:
        home.rmdir()
        home = Path(pointer.read_text().strip())
    finally:
        fresh.unlink()
    return home


def _reachable(folder: Path) -> bool:
    """Whether any user may walk to this folder."""
    real = folder.resolve()
    return all(path.stat().st_mode & stat.S_IXOTH for path in (real, *real.parents))


def _taken(uid: int) -> bool:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True


def private(folder: Path, uid: int | None) -> None:
    """A folder with mode 0700 that belongs to the server's user; somebody else's is refused."""
    owner = os.getuid() if uid is None else uid
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    found = folder.lstat()
    if stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() != owner:
        # ours, or made a moment ago by another process of ours that has not handed it over yet
        os.chown(folder, owner, owner)
        found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != owner:
        raise Misconfigured(
            f"{folder} belongs to somebody else", hint="remove it, or choose another folder with --data-dir"
        )
    if stat.S_IMODE(found.st_mode) != 0o700:
        folder.chmod(0o700)
