"""Writing files so that nothing is half written: first under a temporary name, then renamed."""

import errno
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import tensorflow as tf


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; what was written there takes the name `path` when the block succeeds.

    It may be a file or a folder. If the block fails, the temporary is removed and what was at `path` stays.

    Raises:
        OSError: if it cannot be written, also where TensorFlow is the writer.
    """
    temporary = path.with_name(f".partial-{path.name}")  # keeps the suffix, by which writers choose the format
    replaced = path.with_name(f".replaced-{path.name}")
    remove(temporary)
    try:
        with writing(path):
            yield temporary
        if temporary.is_dir() and path.exists():  # a folder cannot be renamed over another
            remove(replaced)
            path.replace(replaced)
        temporary.replace(path)
        remove(replaced)
    except BaseException as error:
        remove(temporary)
        if replaced.exists() and not path.exists():
            replaced.replace(path)
        if isinstance(error, OSError) and error.filename == str(temporary):
            error.filename = str(path)  # the name that the user knows
        raise


def write_json(path: Path, content: Any) -> None:
    """Write a file of JSON that people can read."""
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(content, indent=2) + "\n")


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn the errors of TensorFlow's own writers into an `OSError` about `path`."""
    try:
        yield
    except tf.errors.OpError as error:
        raise OSError(errno.EIO, error.message.partition("\n")[0], str(path)) from None


def remove(path: Path) -> None:
    """Remove a file or a whole folder, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
