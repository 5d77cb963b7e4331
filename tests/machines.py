"""Machines of their own on this one: network namespaces on a bridge, each of which can be cut off."""

import os
import shutil
import subprocess
import sys
from collections.abc import AsyncGenerator, Generator, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass

from tests import relay

NET = "10.77.31"
"""The first three numbers of all addresses; this machine is .1."""
HOST = f"{NET}.1"
_BRIDGE = "earshot0"


@dataclass(frozen=True)
class Machine:
    """A network namespace with one cable."""

    number: int

    @property
    def name(self) -> str:
        """The namespace's name."""
        return f"earshot{self.number}"

    @property
    def cable(self) -> str:
        """The end of its cable that is plugged into the bridge."""
        return f"earshot0-{self.number}"

    @property
    def before(self) -> tuple[str, ...]:
        """What comes before a command that is to run on it."""
        return ("ip", "netns", "exec", self.name)

    def cut(self) -> None:
        """Pull the cable: packets are lost, nobody is told."""
        _ip("link", "set", self.cable, "down")

    def mend(self) -> None:
        """Plug it in again."""
        _ip("link", "set", self.cable, "up")


def possible() -> bool:
    """Whether this process may make such machines."""
    if os.geteuid() != 0 or shutil.which("ip") is None:
        return False
    made = subprocess.run(["ip", "link", "add", "earshotx", "type", "bridge"], capture_output=True, check=False)
    if made.returncode:
        return False
    _ip("link", "del", "earshotx")
    return True


@contextmanager
def machines(count: int) -> Generator[list[Machine]]:
    """So many machines that reach this one at HOST; all are gone at the end."""
    made = [Machine(number) for number in range(1, count + 1)]
    _clear(made)
    try:
        _ip("link", "add", _BRIDGE, "type", "bridge")
        _ip("addr", "add", f"{HOST}/24", "dev", _BRIDGE)
        _ip("link", "set", _BRIDGE, "up")
        for machine in made:
            _plug_in(machine)
        yield made
    finally:
        _clear(made)


@asynccontextmanager
async def as_their_own(made: Sequence[Machine], ports: Sequence[int]) -> AsyncGenerator[None]:
    """Whoever speaks to one of these ports of 127.0.0.1 on a machine speaks to that of this one, over its cable."""
    with ExitStack() as stack:
        async with relay.relayed(HOST, "127.0.0.1", ports=ports):
            for machine in made:
                stack.enter_context(_led(machine, ports))
            yield


@contextmanager
def _led(machine: Machine, ports: Sequence[int]) -> Generator[None]:
    command = [*machine.before, sys.executable, relay.__file__, "127.0.0.1", HOST, *map(str, ports)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n", f"no relay on {machine.name}"
            yield
        finally:
            process.kill()


def _plug_in(machine: Machine) -> None:
    inside = f"eth{machine.number}"
    _ip("netns", "add", machine.name)
    _ip("link", "add", machine.cable, "type", "veth", "peer", "name", inside)
    _ip("link", "set", machine.cable, "master", _BRIDGE)
    _ip("link", "set", machine.cable, "up")
    _ip("link", "set", inside, "netns", machine.name)
    within = ("-n", machine.name)
    _ip(*within, "addr", "add", f"{NET}.{10 + machine.number}/24", "dev", inside)
    _ip(*within, "link", "set", inside, "up")
    _ip(*within, "link", "set", "lo", "up")


def _clear(made: list[Machine]) -> None:
    for machine in made:
        subprocess.run(["ip", "netns", "del", machine.name], capture_output=True, check=False)
        subprocess.run(["ip", "link", "del", machine.cable], capture_output=True, check=False)
    subprocess.run(["ip", "link", "del", _BRIDGE], capture_output=True, check=False)


def _ip(*arguments: str) -> None:
    done = subprocess.run(["ip", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"ip {' '.join(arguments)}: {done.stderr}"
