"""Starting, continuing and stopping a training, which outlives the app."""

import os
import platform
import shlex
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from gan_keras.dashboard.runs import Run
from gan_keras.ui.console import UserError

TAIL = 2000  # characters of a log that are shown

started: dict[Path, subprocess.Popen[bytes]] = {}  # by the folder of the run; Streamlit keeps a module's variables


def command(arguments: Sequence[str]) -> str:
    """Return a training's command line as a user types it."""
    return shlex.join(["python", "-m", "gan_keras.train", *arguments])


def log_of(run: Path) -> Path:
    """Return the file beside a run that holds what its training prints."""
    return run.with_name(f"{run.name}.log")


def start(run: Path, arguments: Sequence[str]) -> None:
    """Start a training in a process of its own, which goes on when the app ends."""
    run.parent.mkdir(parents=True, exist_ok=True)
    with log_of(run).open("ab") as log:
        started[run] = subprocess.Popen(
            [sys.executable, "-m", "gan_keras.train", *arguments, "--out", str(run)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def stop(run: Run) -> None:
    """Ask the training of a run to save and end.

    Raises:
        UserError: if it is in training on another machine.
    """
    process = run.process
    if process is None:
        return
    if process.machine != platform.node():
        raise UserError(f"{run.name} is in training on {process.machine}. Stop it there.")
    os.kill(process.number, signal.SIGTERM)


def last_lines(run: Path) -> str:
    """Return the end of what a training has printed; nothing if it was not started here."""
    try:
        return log_of(run).read_text(encoding="utf-8", errors="replace")[-TAIL:]
    except OSError:
        return ""
