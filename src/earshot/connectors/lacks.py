"""What a tool lacks to be used. It is said when something is to be sent, so that this destination alone waits."""

from collections.abc import Callable
from typing import NamedTuple, TypeVar

from earshot.domain.delivery import Outcome, Result
from earshot.errors import Misconfigured

Found = TypeVar("Found")


class Lack(NamedTuple):
    """What is missing or unusable, and what a person does about it; rendering and checking work all the same."""

    what: str
    hint: str
    result: Result = Result.AUTH_FAILED

    @property
    def outcome(self) -> Outcome:
        """The answer to every order: the destination is paused, its rows wait."""
        return Outcome(result=self.result, reason=self.what.removesuffix("."))

    @property
    def error(self) -> Misconfigured:
        """What a health check says."""
        return Misconfigured(self.what, hint=self.hint)


def found_or_lack(find: Callable[[], Found], *, otherwise: Found) -> tuple[Found, Lack | None]:
    """What `find` gives; where it raises Misconfigured, `otherwise` and what is lacking."""
    try:
        return find(), None
    except Misconfigured as error:
        return otherwise, Lack(str(error), error.hint)
