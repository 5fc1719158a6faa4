"""What a person at the console sees: errors that say what to do, and none of TensorFlow's start-up messages."""

import difflib
import functools
import importlib
import os
import sys
import tempfile
from collections.abc import Callable, Collection, Sequence


class UserError(Exception):
    """A mistake that the user can mend. Its text says what is wrong, with which file or option, and what to do."""


def nearest(kind: str, name: str, known: Collection[str]) -> UserError:
    """Return the error for a name that is not known, with the nearest one that is."""
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    hint = f" Did you mean {close[0]}?" if close else ""
    return UserError(f"there is no {kind} {name!r}.{hint} There are: {', '.join(known)}.")


def command(main: Callable[[Sequence[str] | None], None]) -> Callable[[Sequence[str] | None], None]:
    """Make `main` a command: the user's mistakes become a message and exit code 2, Ctrl-C exit code 130."""

    @functools.wraps(main)
    def run(arguments: Sequence[str] | None = None) -> None:
        try:
            main(arguments)
        except UserError as error:
            _exit(f"error: {error}", 2)
        except OSError as error:
            where = f" {error.filename}" if error.filename else ""
            _exit(
                f"error: cannot read or write{where}: {error.strerror or error}. What was written before is whole.", 2
            )
        except KeyboardInterrupt:
            _exit("\nStopped.", 130)

    return run


def import_quietly(module: str) -> None:
    """Import a module without its native start-up messages; if the import fails, they are shown.

    TensorFlow 2.21 writes them to file descriptor 2 before any setting of its own is read (tensorflow#100442),
    so the descriptor itself is turned away for as long as the import takes.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # and what it says later, unless the user asked for it
    with tempfile.TemporaryFile() as messages:
        stderr = os.dup(2)
        os.dup2(messages.fileno(), 2)
        try:
            importlib.import_module(module)
        except KeyboardInterrupt:  # not a fault of any of the modules whose lines a traceback would show
            raise SystemExit(130) from None
        except Exception:
            messages.seek(0)
            os.write(stderr, messages.read())
            raise
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)


def _exit(message: str, code: int) -> None:
    print(message, file=sys.stderr)
    sys.exit(code)
