"""The HTTP package logs whole addresses, and with some services the address is the secret: hosts are enough."""

import logging

import httpx2


class HostsOnly(logging.Filter):
    """Shows of every address in a log line the host only."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Shorten the addresses; every line passes."""
        if isinstance(record.args, tuple):
            record.args = tuple(_shown(arg) for arg in record.args)
        return True


_FILTER = HostsOnly()


def hide_addresses() -> None:
    """Have the HTTP package log hosts only, from now on."""
    logging.getLogger("httpx2").addFilter(_FILTER)


def _shown(arg: object) -> object:
    return f"{arg.scheme}://{arg.host}/…" if isinstance(arg, httpx2.URL) else arg
