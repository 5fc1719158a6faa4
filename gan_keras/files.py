"""Writing files so that nothing is half written: first under a temporary name, then renamed."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; what was written there takes the name `path` when the block succeeds.

    It may be a file or a folder. If the block fails, the temporary is removed and what was at `path` stays.
    """
    path = Path(path)
    temporary = path.with_name(f".partial-{path.name}")  # keeps the suffix, by which writers choose the format
    remove(temporary)
    try:
        yield temporary
        if temporary.is_dir():
            remove(path)  # a folder cannot be renamed over another
        temporary.replace(path)
    except BaseException:
        remove(temporary)
        raise


def remove(path: Path) -> None:
    """Remove a file or a whole folder, if it is there."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
