#!/usr/bin/env python3
"""Set-up and the two commands of the README: `python3 dev.py demo` and `python3 dev.py test`.

Needs Python 3.11 or newer and nothing else. Everything goes into `.venv` beside this file; the packages and their
hashes are those of requirements.lock (demo) or requirements-dev.lock (test). Arguments after the command are passed
on: `python3 dev.py demo --open`, `python3 dev.py test -k sync`.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")
USAGE = "usage: python3 dev.py demo|run|test|check|lock [arguments]"


def call(*command: object, quiet: bool = False) -> bool:
    """Run a command in the project folder; whether it succeeded."""
    sink = subprocess.DEVNULL if quiet else None
    try:
        return (
            subprocess.run(
                [str(part) for part in command], cwd=ROOT, stdout=sink, stderr=sink, check=False
            ).returncode
            == 0
        )
    except OSError:
        return False


def must(*command: object) -> None:
    """Run a command in the project folder; its exit code is ours when it fails."""
    code = subprocess.run([str(part) for part in command], cwd=ROOT, check=False).returncode
    if code:
        sys.exit(code)


def make_venv() -> list[object]:
    """Create the virtual environment; the command that installs packages into it.

    Tried in turn: the standard way; then, for a Debian without python3-venv: another pip on this machine, uv,
    virtualenv, Debian's pip unpacked into this folder, and as the last resort its package python3-venv installed.
    """
    for attempt in (existing, standard, outer_pip, with_uv, with_virtualenv, with_debian_pip, with_debian_venv):
        install = attempt()
        if install:
            return install
    sys.exit(
        "Cannot create a virtual environment: this Python has neither ensurepip nor pip, and no uv or virtualenv "
        "is installed.\nInstall one of them first; on Debian or Ubuntu:  sudo apt-get install python3-venv"
    )


INNER = [PYTHON, "-m", "pip", "install"]


def existing() -> "list[object] | None":
    """The environment of an earlier set-up."""
    return INNER if PYTHON.exists() and call(PYTHON, "-m", "pip", "--version", quiet=True) else None


def standard() -> "list[object] | None":
    """The standard library's venv with ensurepip."""
    return existing() if call(sys.executable, "-m", "venv", "--clear", VENV, quiet=True) else None


def bare() -> bool:
    """An environment without pip, which needs no ensurepip."""
    return call(sys.executable, "-m", "venv", "--clear", "--without-pip", VENV, quiet=True)


def outer_pip() -> "list[object] | None":
    """The pip of the Python that runs this."""
    there = call(sys.executable, "-m", "pip", "--version", quiet=True) and bare()
    return [sys.executable, "-m", "pip", "--python", PYTHON, "install"] if there else None


def with_uv() -> "list[object] | None":
    """uv, where it is installed."""
    return ["uv", "pip", "install", "--python", PYTHON] if shutil.which("uv") and bare() else None


def with_virtualenv() -> "list[object] | None":
    """virtualenv, where it is installed."""
    return INNER if call(sys.executable, "-m", "virtualenv", VENV, quiet=True) else None


def with_debian_pip() -> "list[object] | None":
    """Debian's pip from its package, unpacked beside this file."""
    wheel = debian_pip()
    return [PYTHON, wheel / "pip", "install"] if wheel and bare() else None


def with_debian_venv() -> "list[object] | None":
    """Debian's package python3-venv, installed."""
    return INNER if debian_venv() and call(sys.executable, "-m", "venv", "--clear", VENV) else None


def debian_pip() -> "Path | None":
    """Debian's own pip, fetched and unpacked without any rights; None where that is not possible."""
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        return None
    folder = ROOT / ".venv-pip"
    folder.mkdir(exist_ok=True)
    fetch = ["apt-get", "download", "-q", "python3-pip-whl"]
    if subprocess.run(
        fetch, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False
    ).returncode:
        return None
    packages = sorted(folder.glob("*.deb"))
    if not packages or not call("dpkg-deb", "-x", packages[-1], folder, quiet=True):
        return None
    return next(iter(sorted(folder.glob("usr/share/python-wheels/pip-*.whl"))), None)


def debian_venv() -> bool:
    """Install Debian's python3-venv where that is possible without a password; whether it worked."""
    if not shutil.which("apt-get"):
        return False
    sudo = [] if hasattr(os, "geteuid") and os.geteuid() == 0 else ["sudo", "-n"]
    if sudo and not shutil.which("sudo"):
        return False
    print("No pip in this Python: installing Debian's python3-venv …", flush=True)
    name = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
    call(*sudo, "apt-get", "update", "-q", quiet=True)
    return call(*sudo, "apt-get", "install", "-y", "-q", name) or call(
        *sudo, "apt-get", "install", "-y", "-q", "python3-venv"
    )


def set_up(lock: str) -> None:
    """Install the locked packages and this checkout, unless exactly that was done before."""
    stamp = VENV / f".earshot-{lock}"
    wanted = hashlib.sha256((ROOT / lock).read_bytes() + (ROOT / "pyproject.toml").read_bytes()).hexdigest()
    if PYTHON.exists() and stamp.exists() and stamp.read_text() == wanted:
        return
    print(f"Setting up {VENV} (once) …", flush=True)
    install = make_venv()
    quiet = "-q"
    must(*install, quiet, "--require-hashes", "-r", ROOT / lock)
    link_checkout()
    stamp.write_text(wanted)


def link_checkout() -> None:
    """Make this checkout importable and give it its command, without a build step."""
    site = subprocess.check_output(
        [str(PYTHON), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], text=True
    )
    Path(site.strip(), "earshot_checkout.pth").write_text(f"{ROOT / 'src'}\n")
    if os.name == "nt":
        (BIN / "earshot.bat").write_text(f'@"{PYTHON}" -m earshot %*\n')
        return
    script = BIN / "earshot"
    script.write_text(f"#!{PYTHON}\nimport sys\nfrom earshot.cli import main\nsys.exit(main())\n")
    script.chmod(0o755)


def check() -> None:
    """The whole check of DESIGN §7 but for the tests: format, lint, types, floors, dependencies."""
    must(PYTHON, "-m", "ruff", "format", "--check", ".")
    must(PYTHON, "-m", "ruff", "check", ".")
    must(PYTHON, "-m", "pyright", "--threads", "2")
    must(BIN / "lint-imports")
    must(BIN / "deptry", "src")
    must(PYTHON, ROOT / ".ci" / "house.py")


def test(arguments: list[str]) -> None:
    """The whole check, then the tests with branch coverage; with arguments only those tests."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # every process would compile everything anew
    user = os.getuid() if hasattr(os, "getuid") else "tests"
    os.environ.setdefault("PYTHONPYCACHEPREFIX", str(Path(tempfile.gettempdir()) / f"earshot-compiled-{user}"))
    if arguments:
        must(PYTHON, "-m", "pytest", *arguments)
        return
    check()
    # three processes: much of the time is waiting for servers; who tests what is in tests/conftest.py
    spread = ["-n", "3", "--dist", "loadfile", "--no-loadscope-reorder"]
    must(PYTHON, "-m", "pytest", *spread, "--cov", "--cov-report=term-missing:skip-covered", "--durations=30")


def lock() -> None:
    """Resolve pyproject.toml into the two lock files (needs uv)."""
    compile_ = ["uv", "pip", "compile", "-q", "--universal", "--python-version", "3.11", "--generate-hashes"]
    compile_ += ["--no-emit-index-url", "--no-header", "--no-annotate", "--no-strip-extras", "pyproject.toml"]
    must(*compile_, "-o", "requirements.lock")
    must(*compile_, "--group", "dev", "-o", "requirements-dev.lock")


def main(arguments: list[str]) -> None:
    """Do what the first argument says."""
    if sys.version_info < (3, 11):
        sys.exit(f"Earshot needs Python 3.11 or newer; this is {sys.version.split()[0]}. Try: python3.11 dev.py …")
    command, rest = (arguments[0], arguments[1:]) if arguments else ("", [])
    if command in {"demo", "run"}:
        set_up("requirements.lock")
        must(PYTHON, "-m", "earshot", *(["demo"] if command == "demo" else []), *rest)
    elif command in {"test", "check"}:
        set_up("requirements-dev.lock")
        check() if command == "check" else test(rest)
    elif command == "lock":
        lock()
    else:
        sys.exit(USAGE)


if __name__ == "__main__":
    main(sys.argv[1:])
