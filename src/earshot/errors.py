"""The errors of Earshot, a tree by what the reader can do about them.

EarshotError
├── Transient       try again later, nothing is wrong with the request (network, 429, 5xx, server starting)
├── Rejected        the other side understood and refused; the same request will be refused again
│   ├── NotFound    the thing asked for is not there (any more)
│   └── BadInput    what was handed in cannot be read; the message says where
└── Misconfigured   a person must change a setting, a token or the machine; the message says what to do
"""


class EarshotError(Exception):
    """Anything Earshot reports to a person; `str(error)` is one clear sentence, `hint` says what to do."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class Transient(EarshotError):
    """A fault that passes by itself; `retry_after` is the wait in seconds where the other side named one."""

    def __init__(self, message: str, *, hint: str = "", retry_after: float | None = None) -> None:
        super().__init__(message, hint=hint)
        self.retry_after = retry_after


class Rejected(EarshotError):
    """The other side understood the request and refused it."""


class NotFound(Rejected):
    """What was asked for does not exist, or no longer."""


class BadInput(Rejected):
    """Input that cannot be read; the message names file, line or field."""


class Misconfigured(EarshotError):
    """A setting, a secret or the machine must be changed by a person."""
