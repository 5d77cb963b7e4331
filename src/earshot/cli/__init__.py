"""The command line. Commands are loaded only when called, so that `earshot --help` answers at once."""

import logging
import os
import sys
from collections.abc import Sequence

from earshot.cli.registry import REGISTRY, build_app
from earshot.errors import EarshotError

NAMES = {entry.name for entry in REGISTRY}
PLACED_ANYWHERE = {"--config": "EARSHOT_CONFIG", "--data-dir": "EARSHOT_DATA_DIR"}
"""Options that may stand before or after the command, and the variable that carries them."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code: 0 done, 1 failed, 2 wrong use, 130 interrupted."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    set_up_log(os.environ.get("EARSHOT_LOG", ""))
    try:
        rest = take_placed_anywhere(given)
        wanted = next((a for a in rest if not a.startswith("-")), None)
        build_app(wanted if wanted in NAMES else None)(args=rest, prog_name="earshot")
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else int(stop.code is not None)
    except KeyboardInterrupt:
        sys.stderr.write("\nInterrupted. What was finished is kept; run the same command again to go on.\n")
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except EarshotError as error:
        return show(error)
    return 0


def set_up_log(level: str) -> None:
    """Log to standard error from EARSHOT_LOG (debug, info, warning) on; silent without it, as errors are shown."""
    log = logging.getLogger("earshot")
    if not level:
        log.addHandler(logging.NullHandler())
        return
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    log.setLevel(logging.getLevelNamesMapping().get(level.upper(), logging.INFO))


def show(error: EarshotError) -> int:
    """Print what went wrong and what to do."""
    sys.stderr.write(f"earshot: {error}\n")
    if error.hint:
        sys.stderr.write(f"  → {error.hint}\n")
    if os.environ.get("EARSHOT_DEBUG"):
        raise error
    return 1


def take_placed_anywhere(arguments: list[str]) -> list[str]:
    """Move --config and --data-dir, wherever they stand, into the environment; the other arguments."""
    rest: list[str] = []
    waiting = iter(arguments)
    for argument in waiting:
        name, equals, value = argument.partition("=")
        if argument == "--":
            rest += [argument, *waiting]
        elif name not in PLACED_ANYWHERE:
            rest.append(argument)
        else:
            found = value if equals else next(waiting, None)
            if not found:
                sys.stderr.write(f"earshot: option {name} needs a value.\n")
                raise SystemExit(2)
            os.environ[PLACED_ANYWHERE[name]] = found
    return rest
