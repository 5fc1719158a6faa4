"""Messages at the console: errors that say what to do, and a start without TensorFlow's warnings."""

import difflib
import functools
import importlib
import os
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from pathlib import Path
from typing import Any, TextIO


class UserError(Exception):
    """A mistake that the user can correct. Its text says what is wrong, in which file or option, and what to do."""


def nearest(kind: str, name: str, known: Collection[str]) -> UserError:
    """Return the error for an unknown name, with the nearest known one as a suggestion."""
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    hint = f" Did you mean {close[0]}?" if close else ""
    return UserError(f"there is no {kind} {name!r}.{hint} Choose one of: {', '.join(known)}.")


class Interrupted(KeyboardInterrupt):
    """A signal asks the program to stop: Ctrl-C, a closed terminal, a scheduler."""

    def __init__(self, number: int = signal.SIGINT):
        super().__init__()
        self.number = number


def stop_signals() -> list[int]:
    """Return the signals that ask a program to stop, without those that it was started to ignore, as by `nohup`."""
    names = ("SIGINT", "SIGTERM", "SIGHUP")  # Windows has no SIGHUP
    numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]
    return [number for number in numbers if signal.getsignal(number) not in (signal.SIG_IGN, None)]


@contextmanager
def on_stop_signal(stop: Callable[[int], None]) -> Iterator[None]:
    """Call `stop` with the number of the first signal that asks the program to stop; a second one acts as before."""
    if threading.current_thread() is not threading.main_thread():  # Python handles signals nowhere else
        yield
        return
    before = {number: signal.getsignal(number) for number in stop_signals()}

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def handle(number: int, frame: Any) -> None:
        restore()
        stop(number)

    for number in before:
        signal.signal(number, handle)
    try:
        yield
    finally:
        restore()


def _interrupt(number: int) -> None:
    raise Interrupted(number)


def command(main: Callable[[Sequence[str] | None], None]) -> Callable[[Sequence[str] | None], None]:
    """Make `main` a command: a user's mistake becomes a message and exit code 2, a signal 128 and its number."""

    @functools.wraps(main)
    def run(arguments: Sequence[str] | None = None) -> None:
        with redirect_stdout(Steady(sys.stdout)), redirect_stderr(Steady(sys.stderr)), on_stop_signal(_interrupt):
            try:
                main(arguments)
            except UserError as error:
                _exit(f"error: {error}", 2)
            except OSError as error:
                where = f" {error.filename}" if error.filename else ""
                what = error.strerror or error
                _exit(f"error: cannot read or write{where}: {what}. What was written before is intact.", 2)
            except KeyboardInterrupt as error:
                _exit("\nStopped.", 128 + getattr(error, "number", signal.SIGINT))
            except Exception as error:
                if not out_of_memory(error):
                    raise
                _exit(
                    "error: out of memory. Use a smaller --batch-size or smaller networks, or ask for fewer images.", 2
                )

    return run


def out_of_memory(error: Exception) -> bool:
    """Return whether an error says that the memory did not suffice, NumPy's or TensorFlow's."""
    return isinstance(error, MemoryError) or type(error).__name__ == "ResourceExhaustedError"


class Steady:
    """A text stream that never fails: what cannot be written is dropped, and the program goes on.

    The reader of a pipe ends, a terminal is closed, a console lacks a character: none of them may end a training run.
    """

    def __init__(self, stream: TextIO | None):
        self.stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)

    def write(self, text: str) -> int:
        encoding = getattr(self.stream, "encoding", None) or "utf-8"
        return self._attempt("write", text.encode(encoding, "replace").decode(encoding)) or len(text)

    def flush(self) -> None:
        self._attempt("flush")

    def _attempt(self, method: str, *arguments: str) -> Any:
        if self.stream is None:  # the descriptor was closed when Python started
            return None
        try:
            return getattr(self.stream, method)(*arguments)
        except (ValueError, RuntimeError, BlockingIOError):  # closed, or busy for a moment
            return None
        except OSError:  # the reader has gone: Python would fail again when it flushes at its end
            with suppress(OSError, ValueError), Path(os.devnull).open("w") as nothing:
                os.dup2(nothing.fileno(), self.stream.fileno())
            return None


def import_quietly(module: str) -> None:
    """Import a module without its native start-up messages; they are shown only if the import fails.

    TensorFlow 2.21 writes them to file descriptor 2 before it reads any setting (tensorflow#100442), so the
    descriptor itself is redirected while the import lasts.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # also for later messages, unless the user has chosen a level
    for descriptor in range(3):  # a standard stream that is closed would become the next file that is opened
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    with tempfile.TemporaryFile() as messages:
        stderr = os.dup(2)
        os.dup2(messages.fileno(), 2)
        try:
            importlib.import_module(module)
        except KeyboardInterrupt:  # a traceback would point at a module that has no fault
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


@functools.cache
def note(text: str) -> None:
    """Print a note once, however often something is loaded."""
    print(f"Note: {text}")
