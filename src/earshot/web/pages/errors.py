"""What a page refuses, as errors with the status they are answered with."""

from earshot.errors import BadInput, EarshotError, Misconfigured, NotFound, Rejected, Transient


class Denied(Rejected):
    """The visitor may not do this."""


class Changed(Rejected):
    """Somebody else changed the thing meanwhile."""


STATUS: tuple[tuple[type[EarshotError], int], ...] = (
    (Denied, 403),
    (Changed, 409),
    (NotFound, 404),
    (BadInput, 422),
    (Rejected, 409),
    (Transient, 503),
    (Misconfigured, 500),
)
TITLES = {
    400: "That is no request of ours",
    403: "Not allowed",
    404: "There is no such page",
    405: "Not done here",
    408: "Too slow",
    409: "Not done",
    413: "Too large",
    422: "That cannot be read",
    429: "Too often",
    500: "Something is wrong here",
    503: "Not now",
}


def status_of(error: EarshotError) -> int:
    """The status that an error is answered with."""
    return next((status for kind, status in STATUS if isinstance(error, kind)), 500)


def title_of(status: int) -> str:
    """A status in words."""
    return TITLES.get(status, "Something is wrong here")
