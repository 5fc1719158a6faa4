"""Writing files so that none is ever half written: first under a temporary name, then renamed."""

import errno
import json
import os
import platform
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import filelock
import tensorflow as tf

from gan_keras.ui.console import UserError

LOCK = ".lock"  # file that a process locks while it writes into a folder
PROCESS = ".process"  # file that says which process that is
PATIENCE = 1  # seconds to wait for a folder: somebody may just be looking who is in it


class Process(NamedTuple):
    """A process, and the name of the machine on which it is."""

    number: int
    machine: str


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path next to `path`; what is written there is renamed to `path` when the block succeeds.

    It may be a file or a folder. If the block fails, the temporary is removed and `path` stays as it was. What is
    written is on the disk before it is renamed, so that not even a power failure leaves a half of it.

    Raises:
        OSError: if it cannot be written, also where TensorFlow does the writing.
    """
    temporary = path.with_name(f".partial-{path.name}")  # keeps the suffix, which tells writers the format
    replaced = path.with_name(f".replaced-{path.name}")
    remove(temporary)
    try:
        with writing(path):
            yield temporary
        _flush(temporary)
        if temporary.is_dir() and path.exists():  # a folder cannot be renamed over another
            remove(replaced)
            path.replace(replaced)
        temporary.replace(path)
        _flush(path.parent, deep=False)
        remove(replaced)
    except BaseException as error:
        remove(temporary)
        if replaced.exists() and not path.exists():
            replaced.replace(path)
        if isinstance(error, OSError) and error.filename in (None, str(temporary)):
            error.filename = str(path)  # the name that the user knows
        raise


def _flush(path: Path, deep: bool = True) -> None:
    """Wait until a file, or a folder and what it holds, is on the disk."""
    if path.is_dir():
        for child in path.iterdir() if deep else ():
            _flush(child)
        if os.name == "nt":  # it flushes files alone
            return
    descriptor = os.open(path, os.O_RDONLY if os.name != "nt" else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def is_ours(path: Path) -> bool:
    """Return whether a path is what an interrupted `replacing` has left, or the lock of a folder."""
    return path.name.startswith((".partial-", ".replaced-")) or path.name in (LOCK, PROCESS)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep other processes out of a folder, which is made if it does not exist. The system frees it when we end.

    Raises:
        UserError: if another process is in it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lock = filelock.FileLock(folder / LOCK)
    try:
        lock.acquire(timeout=PATIENCE)
    except filelock.Timeout:
        raise UserError(
            f"another process is writing into {folder}. Wait until it ends, or give another --out."
        ) from None
    try:
        (folder / PROCESS).write_text(f"{os.getpid()} {platform.node()}", encoding="utf-8")
        yield
    finally:
        remove(folder / PROCESS)
        lock.release()


def process_in(folder: Path) -> Process | None:
    """Return the process that is in a folder; `None` if there is none, or if it is just coming or going."""
    if not (folder / LOCK).exists():
        return None
    try:
        with filelock.FileLock(folder / LOCK, timeout=0):
            return None
    except filelock.Timeout:
        pass
    try:
        number, _, machine = (folder / PROCESS).read_text(encoding="utf-8").partition(" ")
        return Process(int(number), machine)
    except (OSError, ValueError):
        return None


def check_name(path: Path) -> None:
    """Raise a `UserError` for a path that TensorFlow cannot read back: it takes some characters for wildcards."""
    if wildcards := sorted(set("*?[]\\") & set(path.as_posix())):
        raise UserError(f"{path} has a {' and a '.join(wildcards)}, which TensorFlow takes for wildcards. Rename it.")
    if path.as_posix().encode(errors="replace") != os.fsencode(path.as_posix()):
        raise UserError(f"the name {path} is not UTF-8, which TensorFlow needs. Choose another.")


def write_text(path: Path, text: str) -> None:
    """Write a text file in UTF-8."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: Path, content: Any) -> None:
    """Write a JSON file that people can read."""
    write_text(path, json.dumps(content, indent=2) + "\n")


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn the errors of TensorFlow's own writers into an `OSError` about `path`."""
    try:
        yield
    except tf.errors.OpError as error:
        raise OSError(errno.EIO, error.message.partition("\n")[0], str(path)) from None


def remove(path: Path) -> None:
    """Remove a file or a whole folder, if it exists."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
