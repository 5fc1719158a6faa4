"""What need not be done twice: unpacked archives and decoded pictures, in the user's cache folder."""

import errno
import hashlib
import shutil
import tarfile
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import platformdirs

from gan_keras.ui import files
from gan_keras.ui.console import UserError

DISK = (errno.ENOSPC, errno.EACCES, errno.EROFS, errno.EDQUOT)  # what is wrong with the disk, not with the archive
ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")


def place(sources: Sequence[Path], *how: object) -> Path:
    """Return where the result of some files belongs; it changes with their sizes and dates, and with `how`."""
    facts = [(str(source.resolve()), *source.stat()[6:9:2]) for source in sources]  # size and time of the last change
    name = hashlib.sha256(repr((facts, how)).encode()).hexdigest()[:32]
    return platformdirs.user_cache_path("gan_keras") / name


def is_archive(path: Path) -> bool:
    """Return whether a file is a zip or a tar, by its name."""
    return path.name.lower().endswith(ARCHIVES)


def unpacked(archive: Path) -> Path:
    """Return the folder with what an archive holds; it is unpacked once.

    Raises:
        UserError: if it is damaged, or too large for the disk.
    """
    folder = place([archive])
    if folder.is_dir():
        return folder
    try:
        size = unpacked_size(archive)
        folder.parent.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(folder.parent).free
        if size > free:
            raise UserError(f"{archive} needs {size / 1e9:.1f} GB unpacked, and {free / 1e9:.1f} are free.")
        with files.replacing(folder) as temporary:
            if archive.suffix.lower() == ".zip":
                shutil.unpack_archive(archive, temporary, "zip")  # Python leaves out what would be written elsewhere
            else:
                with tarfile.open(archive) as content:
                    content.extractall(temporary, filter="data")  # this refuses it
    except Exception as error:  # damage makes these modules raise whatever they come upon
        if isinstance(error, UserError) or getattr(error, "errno", None) in DISK:
            raise
        raise UserError(f"{archive} cannot be unpacked ({error}). Download it again, or unpack it yourself.") from None
    return folder


def unpacked_size(archive: Path) -> int:
    """Return the number of bytes that an archive holds."""
    if archive.suffix.lower() == ".zip":
        with zipfile.ZipFile(archive) as content:
            return sum(part.file_size for part in content.infolist())
    with tarfile.open(archive) as content:
        return sum(part.size for part in content)


def remembered(path: Path, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Return arrays by name that were made before, or make them and remember them, if the disk has room."""
    file = path.with_suffix(".npz")
    try:
        with file.open("rb") as opened, np.load(opened, allow_pickle=False) as content:
            return dict(content)
    except Exception:  # there is none, or it is damaged, and NumPy raises whatever it comes upon
        arrays = make()
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with files.replacing(file) as temporary:
            np.savez(temporary, **arrays)
    except OSError:
        pass  # it will be made again
    return arrays
