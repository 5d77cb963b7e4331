"""The server process: create a cluster, start, find and stop it. Blocking; called from a thread."""

import os
import pwd
import secrets
import shutil
import signal
import subprocess
from pathlib import Path

from earshot.errors import EarshotError, Misconfigured, Transient
from earshot.store.embedded.places import Places

USER = "earshot"
PORT = 5432
"""Only names the socket file; the server listens on no network address."""

CONFIGURATION = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "jit": "off",
    "random_page_cost": "1.1",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "max_parallel_workers_per_gather": "0",  # containers have 64 MB of /dev/shm, parallel plans need more
    "log_min_messages": "fatal",  # statements in the log would be customer text
    "log_min_error_statement": "panic",
    "log_statement": "none",
    "log_error_verbosity": "terse",
}


def create_cluster(places: Places) -> None:
    """initdb beside the final place, then rename: a cluster is there whole or not at all."""
    builder = _builder(places)
    workshop = places.workshop
    shutil.rmtree(workshop, ignore_errors=True)
    workshop.mkdir(mode=0o700)
    fresh, password_file = workshop / "pgdata", workshop / "password"
    password = secrets.token_urlsafe(32)
    try:
        _write_private(password_file, password)
        if builder is not None:
            _give(workshop, builder)
        _initdb(places, fresh, password_file=password_file, builder=builder)
        _write_private(places.password_file, password)
        if places.uid is not None:
            _give(fresh, places.uid)
        fresh.rename(places.pgdata)
    finally:
        shutil.rmtree(workshop, ignore_errors=True)


def _initdb(places: Places, fresh: Path, *, password_file: Path, builder: int | None) -> None:
    options = ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--locale-provider=builtin"]
    options += ["--builtin-locale=C.UTF-8", f"--username={USER}", f"--pwfile={password_file}", "--no-instructions"]
    options += [f"--set={name}={value}" for name, value in CONFIGURATION.items()]
    done = subprocess.run(  # noqa: S603 (our own program, no shell)
        [str(places.programs / "bin" / "initdb"), "-D", str(fresh), *options],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        cwd="/",
        env=_environment(),
        check=False,
        user=builder,
        group=builder,
        extra_groups=None if builder is None else [],
    )
    if done.returncode:
        raise explain(done.stderr.decode(errors="replace"), doing="create the embedded database")


def _builder(places: Places) -> int | None:
    """The user who runs initdb when we are root: it must have a name, the server's own id has none."""
    if places.uid is None:
        return None
    try:
        return pwd.getpwnam("nobody").pw_uid
    except KeyError:
        named = [entry.pw_uid for entry in pwd.getpwall() if entry.pw_uid > 0]
    if not named:
        raise Misconfigured(
            "as root, creating the embedded database needs one ordinary user on the machine, and there is none",
            hint="add a user (for example nobody) to /etc/passwd, or set DATABASE_URL",
        )
    return max(named)


def start(places: Places) -> subprocess.Popen[bytes]:
    """Start the server; whether it is ready is found out by connecting."""
    clear_stale_pid(places)
    command = [places.programs / "bin" / "postgres", "-D", places.pgdata, "-k", places.sockets, "-p", str(PORT)]
    with places.log.open("wb") as log:
        return subprocess.Popen(  # noqa: S603 (our own program, no shell)
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            env=_environment(),
            start_new_session=True,
            user=places.uid,
            group=places.uid,
            extra_groups=None if places.uid is None else [],
        )


def stop(places: Places) -> int | None:
    """Ask the server to end at once but cleanly; its process id, None when none is running."""
    pid = recorded_pid(places)
    if pid is None or not _serves(pid, places.pgdata):
        return None
    os.kill(pid, signal.SIGINT)
    return pid


def recorded_pid(places: Places) -> int | None:
    """The process id in postmaster.pid."""
    try:
        return int((places.pgdata / "postmaster.pid").read_text().split("\n", 1)[0])
    except (OSError, ValueError):
        return None


def clear_stale_pid(places: Places) -> None:
    """Remove a postmaster.pid whose process is gone, is a zombie, or is not the server of this folder.

    PostgreSQL refuses to start while the id lives at all, which after a reboot may be any program, and in a
    container without an init process may be a zombie for ever.
    """
    pid = recorded_pid(places)
    if pid is None or not _serves(pid, places.pgdata):
        (places.pgdata / "postmaster.pid").unlink(missing_ok=True)


def _serves(pid: int, pgdata: Path) -> bool:
    if pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    if Path("/proc/self/stat").exists():
        return _serves_on_linux(pid, pgdata)
    listing = subprocess.run(  # noqa: S603 (fixed program, a number)
        ["/bin/ps", "-o", "stat=,comm=", "-p", str(pid)], capture_output=True, text=True, check=False
    ).stdout.strip()
    return "postgres" in listing and not listing.startswith("Z")


def _serves_on_linux(pid: int, pgdata: Path) -> bool:
    process = Path(f"/proc/{pid}")
    try:
        state = (process / "stat").read_text().rpartition(")")[2].split()[0]
        folder = (process / "cwd").readlink()
    except OSError:
        return False
    return state not in {"Z", "X"} and folder == pgdata.resolve()


def explain(output: str, *, doing: str) -> EarshotError:
    """The error of a failed start, told from what the server wrote."""
    if "No space left on device" in output or "could not resize" in output:
        return Misconfigured(f"cannot {doing}: the disk is full", hint="free some space and try again")
    if "still in use" in output or "already exists" in output or "starting up" in output:
        return Transient(f"cannot {doing}: an earlier server has not quite ended", hint="try again in a moment")
    lines = [line for line in output.splitlines() if line.strip()]
    last = next((line for line in lines if "FATAL" in line or "PANIC" in line), lines[-1] if lines else "no output")
    return Misconfigured(f"cannot {doing}: {last.strip()}", hint="see server.log in the data folder")


def _environment() -> dict[str, str]:
    return {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}


def _write_private(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)


def _give(folder: Path, uid: int) -> None:
    for path in (folder, *folder.rglob("*")):
        os.chown(path, uid, uid, follow_symlinks=False)
