"""What need not be done twice: unpacked archives and decoded pictures, in the user's cache folder."""

import errno
import hashlib
import shutil
import tarfile
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import filelock
import numpy as np
import platformdirs

from gan_keras.data.damage import what_instead
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


def unpacked(archives: Mapping[Path, str]) -> Path:
    """Return the folder with what archives hold; they are unpacked once.

    Args:
        archives: each with the sub-folder into which it is unpacked; "" for none.

    Raises:
        UserError: if one is damaged, or too large for the disk.
    """
    folder = place(list(archives), *archives.values())
    folder.parent.mkdir(parents=True, exist_ok=True)
    with filelock.FileLock(folder.with_suffix(".lock")):  # workers of one machine come here at the same moment
        if not folder.is_dir():
            unpack_all(archives, folder)
    return folder


def unpack_all(archives: Mapping[Path, str], folder: Path) -> None:
    """Unpack archives into a new folder.

    Raises:
        UserError: if one is damaged, or too large for the disk.
    """
    sizes = {archive: sum(contents(archive).values()) for archive in archives}
    free = shutil.disk_usage(folder.parent).free
    if sum(sizes.values()) > free:
        needed = f"{sum(sizes.values()) / 1e9:.1f} GB unpacked, and {free / 1e9:.1f} are free"
        raise UserError(f"{', '.join(map(str, archives))} needs {needed}.")
    with files.replacing(folder) as temporary:
        for archive, inner in archives.items():
            with undamaged(archive):
                unpack(archive, temporary / inner)


def unpack(archive: Path, folder: Path) -> None:
    """Unpack an archive; nothing is written outside of the folder."""
    if archive.suffix.lower() != ".zip":
        with tarfile.open(archive) as content:
            content.extractall(folder, filter="data")  # this refuses what would be written elsewhere
        return
    with open_zip(archive) as content:
        for part in content.infolist():
            part.filename = part.filename.replace("\\", "/")  # as some programs of Windows write
            content.extract(part, folder)  # Python leaves out what leads elsewhere


def open_zip(archive: Path) -> zipfile.ZipFile:
    """Open a zip; macOS writes names in UTF-8 without saying so."""
    try:
        return zipfile.ZipFile(archive, metadata_encoding="utf-8")
    except UnicodeDecodeError:
        return zipfile.ZipFile(archive)


def contents(archive: Path) -> dict[str, int]:
    """Return the files in an archive with their sizes.

    Raises:
        UserError: if it is damaged.
    """
    with undamaged(archive):
        if archive.suffix.lower() == ".zip":
            with open_zip(archive) as content:
                return {part.filename: part.file_size for part in content.infolist() if not part.is_dir()}
        with tarfile.open(archive) as content:
            return {part.name: part.size for part in content if not part.isdir()}


@contextmanager
def undamaged(archive: Path) -> Iterator[None]:
    """Turn whatever is raised by a damaged archive into a `UserError`."""
    try:
        yield
    except Exception as error:  # damage makes these modules raise whatever they come upon
        if isinstance(error, UserError) or getattr(error, "errno", None) in DISK:
            raise
        if instead := what_instead(archive):
            raise UserError(f"{archive} {instead}.") from None
        raise UserError(f"{archive} cannot be unpacked ({error}). Download it again, or unpack it yourself.") from None


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
