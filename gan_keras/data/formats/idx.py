"""MNIST's file format, IDX: every header is checked against the size of its file before any memory is allocated."""

import gzip
import math
import re
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

import numpy as np

from gan_keras.data import emnist
from gan_keras.data.conversion import Conversion
from gan_keras.data.dataset import Split
from gan_keras.data.formats.format import Found, Loaded, Place, reader
from gan_keras.ui.console import UserError

NAME = re.compile(  # as its authors name the files, and as 7-Zip, macOS, Kaggle, EMNIST and browsers do
    r"(qmnist-|emnist-(?P<kind>[a-z]+)-)?(?P<part>train|t10k|test|testing|training)[-_](?P<what>images|labels)"
    r"[-._](idx[13][-_]ubyte|idx[13]?)( ?\(\d+\))?(\.gz)?"
)
TEST = ("t10k", "test", "testing")

Sets = dict[tuple[Path, str], dict[str, Path]]  # folder and kind → "train images" and so on → file
DIMENSIONS = {"images": 3, "labels": 1}


@reader
def idx_files(place: Place) -> Iterator[Found]:
    """MNIST's four files, or EMNIST's four for each of its kinds, in any folder of a place."""
    sets: Sets = {}
    for file in place.files():
        if name := NAME.fullmatch(file.name.lower()):
            part = "test" if name["part"] in TEST else "train"
            files = sets.setdefault((file.parent, name["kind"] or ""), {})
            if f"{part} {name['what']}" not in files or file.suffix != ".gz":  # unpacked files are faster
                files[f"{part} {name['what']}"] = file
    sets = joined(sets)
    whole = {key: files for key, files in sets.items() if {"train images", "train labels"} <= files.keys()}
    for (folder, kind), files in (whole or sets).items():
        what = f"EMNIST's IDX files, {kind}" if kind else "IDX files"
        yield Found(folder, what, partial(load, folder, kind, files), f"emnist_{kind}" if kind else "")


def joined(sets: Sets) -> Sets:
    """Return sets with those of folders beside each other as one, such as `train` and `test`, if they share no file."""
    beside: dict[tuple[Path, str], list[tuple[Path, str]]] = {}
    for folder, kind in sets:
        beside.setdefault((folder.parent, kind), []).append((folder, kind))
    result: Sets = {}
    for key, members in beside.items():
        files = [item for member in members for item in sets[member].items()]
        if len(members) > 1 and len(dict(files)) == len(files):
            result.setdefault(key, dict(files))
        else:
            result |= {member: sets[member] for member in members}
    return result


def load(folder: Path, kind: str, files: dict[str, Path], conversion: Conversion) -> Loaded:
    """Load the files of a set.

    Raises:
        UserError: if a file is missing or damaged, or if the files do not belong together.
    """
    train = read_pair(folder, files, "train")
    test = read_pair(folder, files, "test") if any(name.startswith("test") for name in files) else None
    if test and train.images.shape[1:] != test.images.shape[1:]:
        raise UserError(f"the training and test images in {folder} differ in size: they are different data sets.")
    names = emnist.read_mapping(folder / f"emnist-{kind}-mapping.txt") if kind else []
    return Loaded(train, test, names, turned=True)


def read_pair(folder: Path, files: dict[str, Path], part: str) -> Split:
    """Return the images uint8 [count, height, width, 1] and labels int32 [count] of "train" or "test".

    Raises:
        UserError: if a file is missing or damaged, or if the two do not belong together.
    """
    if missing := [what for what in DIMENSIONS if f"{part} {what}" not in files]:
        there = ", ".join(sorted(file.name for file in files.values()))
        raise UserError(f"{folder} has no {part}ing {missing[0]}; of IDX files it has only {there}.")
    images, labels = (_IdxFile.open(files[f"{part} {what}"], DIMENSIONS[what]) for what in DIMENSIONS)
    if images.shape[0] != labels.shape[0]:
        raise UserError(
            f"{images.path} has {images.shape[0]} images, but {labels.path} has {labels.shape[0]} labels: "
            "the files are from different data sets."
        )
    return Split(images.read()[..., None], labels.read().astype(np.int32))


class _IdxFile(NamedTuple):
    """An IDX file of bytes: the magic number 0, 0, 8, dimensions; the size of each dimension in 4 bytes; the values."""

    path: Path
    shape: tuple[int, ...]

    @classmethod
    def open(cls, path: Path, dimensions: int) -> "_IdxFile":
        """Check the header of a file."""
        with _reading(path) as file:
            header = file.read(4 + 4 * dimensions)
        if len(header) < 4 + 4 * dimensions or header[:4] != bytes([0, 0, 8, dimensions]):
            raise UserError(f"{path} is not an IDX file of {dimensions}-dimensional bytes: its first bytes are wrong.")
        shape = struct.unpack(f">{dimensions}I", header[4:])
        largest = path.stat().st_size * (1032 if is_gzipped(path) else 1)  # deflate cannot compress any further
        if 0 in shape or math.prod(shape) > largest:
            raise UserError(
                f"{path} is damaged: its header announces {'x'.join(map(str, shape))} bytes, more than it can hold. "
                "Download it again."
            )
        return cls(path, shape)

    def read(self) -> np.ndarray:
        """Return the values, uint8."""
        size = math.prod(self.shape)
        with _reading(self.path) as file:
            values = file.read(4 + 4 * len(self.shape) + size + 1)[4 + 4 * len(self.shape) :]
        if len(values) != size:
            problem = "cut short" if len(values) < size else "longer than its header says"
            raise UserError(f"{self.path} is {problem}. Download it again.")
        return np.frombuffer(values, np.uint8).reshape(self.shape)


def is_gzipped(path: Path) -> bool:
    """Return whether a file is gzipped, whatever its name says: some programs unpack it and keep the name."""
    with path.open("rb") as file:
        return file.read(2) == b"\x1f\x8b"


@contextmanager
def _reading(path: Path) -> Iterator[BinaryIO]:
    """Open a file, gzipped or not; damage found while reading becomes a `UserError`."""
    try:
        with gzip.open(path) if is_gzipped(path) else path.open("rb") as file:
            yield cast(BinaryIO, file)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise UserError(f"{path} is damaged ({error}). Download it again.") from None
