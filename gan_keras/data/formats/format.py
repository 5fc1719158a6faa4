"""What a reader is: a function that says what it finds in a place, and how that is loaded."""

import bz2
import functools
import gzip
import lzma
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NamedTuple, NoReturn, TextIO, cast

import numpy as np

from gan_keras.data.conversion import Conversion
from gan_keras.data.damage import what_instead
from gan_keras.data.dataset import Split
from gan_keras.ui.console import UserError

DEPTH = 2  # folders below the given one that are searched: torchvision's MNIST/raw is one of two
SYSTEM = {"thumbs.db", "desktop.ini", "__macosx", "@eadir", "$recycle.bin", "system volume information", "lost+found"}
PART = re.compile(  # in the name of a file or folder: train_images, trainingSet, val2017, MNIST - JPG - testing
    r"(^|[^a-z])((?P<train>train|training|tra)|test|testing|tes|t10k|val|valid|validation|dev)(set|data|images?)?([^a-z]|$)"
)
SHARD = re.compile(  # in the name of a file: 00000-of-00001-a1b2, 00-3240, 0000, mnist-000123
    r"\d+-of-\d+.*|\d+-\d+(?=\.)|[-_]\d{3,}(?=\.)|^\d+(?=\.)"
)
PROBLEMS = {  # part of what a library says → what a user can do, where the file is not damaged
    "allow_pickle": "holds Python objects, which could run code, and is not read. Save its arrays as plain numbers",
    "matlab v7.3": "is a file of MATLAB 7.3, which is not read. Save it with -v7",
    "utf-8": "is no text in UTF-8. Save it as that",
}


@dataclass(frozen=True)
class Loaded:
    """What a reader has loaded. Without `test`, some of the training images are held out."""

    train: Split
    test: Split | None = None
    class_names: list[str] = field(default_factory=list)  # default: the numbers of the labels
    converted: bool = False  # whether the images have the size and colours asked for already
    turned: bool = False  # whether EMNIST's images are stored in this format with rows and columns exchanged
    notes: tuple[str, ...] = ()  # what was done, for people


@dataclass(frozen=True)
class Found:
    """Something that can be loaded."""

    path: Path  # the folder or file that names it among others
    what: str  # such as "MNIST's IDX files"
    load: Callable[[Conversion], Loaded]
    dataset: str = ""  # the data set's name, if the names of the files tell it
    guess: bool = False  # whether it gives way to anything that is found and no guess
    unread: bool = False  # whether it is known and will be refused: it gives way to everything else


@dataclass(frozen=True)
class Place:
    """A folder or a file that a user named, and the files in it; hidden ones and those of the system are left out."""

    path: Path

    def files(self) -> Iterator[Path]:
        """Yield the file itself, or the files in the folder and in folders `DEPTH` below it, in the order of names."""
        yield from self._files(self.path, DEPTH)

    def _files(self, path: Path, depth: int) -> Iterator[Path]:
        if path.is_file():
            yield path
            return
        files, folders = inside(path)
        yield from files
        for folder in folders if depth else ():
            yield from self._files(folder, depth - 1)


class Inside(NamedTuple):
    """What a folder holds, in natural order (1, 2, 10), without hidden and system files, and links to above."""

    files: list[Path]
    folders: list[Path]


@functools.cache  # a folder may hold 100,000 pictures, and every reader looks; `found` forgets them
def inside(folder: Path) -> Inside:
    """Return what a folder holds."""
    with os.scandir(folder) as entries:
        kept = [entry for entry in entries if not entry.name.startswith(".") and entry.name.lower() not in SYSTEM]
    kept.sort(key=lambda entry: natural(entry.name))
    folders = [folder / entry.name for entry in kept if entry.is_dir()]
    return Inside(
        [folder / entry.name for entry in kept if entry.is_file()],
        [child for child in folders if not leads_back(child)],
    )


def leads_back(path: Path) -> bool:
    """Return whether a path is a link to a folder that it is in."""
    return path.is_symlink() and path.parent.resolve().is_relative_to(path.resolve())


def natural(name: str) -> list[tuple[int, int | str]]:
    """Return a key that sorts names with their numbers as numbers."""
    parts = re.split(r"(\d+)", name.lower())
    return [(0, int(part)) if part.isdigit() else (1, part) for part in parts]


Reader = Callable[[Place], Iterator[Found]]
readers: list[Reader] = []


def reader(function: Reader) -> Reader:
    """Register a reader: a file in this folder that uses it is all that a format needs."""
    readers.append(function)
    return function


def refuse(problem: str, conversion: Conversion) -> NoReturn:
    """Raise a `UserError` instead of loading: the format is known, and cannot be read."""
    raise UserError(problem)


@contextmanager
def undamaged(path: Path) -> Iterator[None]:
    """Turn whatever a library raises that reads a damaged file into a `UserError`."""
    try:
        yield
    except Exception as error:  # damage makes libraries raise whatever they come upon
        if isinstance(error, UserError | MemoryError) or (isinstance(error, OSError) and error.filename):
            raise
        if instead := what_instead(path):
            raise UserError(f"{path} {instead}.") from None
        for part, problem in PROBLEMS.items():
            if part in str(error):
                raise UserError(f"{path} {problem}.") from None
        raise UserError(f"{path} is damaged ({error}). Download it again.") from None


def open_text(path: Path) -> TextIO:
    """Open a text, compressed or not as its suffix says."""
    opening: Any = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}.get(path.suffix.lower(), open)
    return cast(TextIO, opening(path, "rt", encoding="utf-8-sig"))


def without_labels(images: np.ndarray) -> Split:
    """Return images that have no labels: all are of class 0."""
    return Split(images, np.zeros(len(images), np.int32))


def part_of(name: str) -> Literal["train", "test", ""]:
    """Return which part of a data set a file or folder is, by its name; "" if that does not say."""
    found = PART.search(name.lower())
    return "" if not found else "train" if found["train"] else "test"


def in_sets(files: Iterable[Path], numbered: bool = False) -> Iterator[tuple[Path, dict[str, list[Path]]]]:
    """Yield the files that belong together: "train" and perhaps "test" → files, and the file or the folder they are.

    Args:
        files: those of one format. Their names, or those of their folders, differ in the part that they are.
        numbered: whether a part may be in several files, which have numbers.
    """
    sets: dict[tuple[Path, str], dict[str, list[Path]]] = {}
    for file in files:
        folder, name = file.parent, file.name.lower()
        part = part_of(name)
        if not part and (part := part_of(folder.name)):  # Hugging Face's default/train/0000.parquet
            folder = folder.parent
        rest = PART.sub("-", name)
        rest = SHARD.sub("", rest) if numbered else rest
        sets.setdefault((folder, rest), {}).setdefault(part or "train", []).append(file)
    if [set(parts) for parts in sets.values()] in ([{"train"}, {"test"}], [{"test"}, {"train"}]):
        (key, one), (_, other) = sets.items()  # two halves whose names differ in more than their part
        sets = {key: one | other}
    for (folder, _), parts in sets.items():
        members = [file for part in parts.values() for file in part]
        yield (members[0] if len(members) == 1 else folder), parts


def named(parts: Mapping[str, Sequence[Path]]) -> str:
    """Return the names of the first files of a set, for people."""
    names = [file.name for files in parts.values() for file in files]
    return ", ".join(names[:3]) + (", …" if len(names) > 3 else "")


def train_and_test(parts: Mapping[str, Split]) -> tuple[Split, Split | None]:
    """Return the parts "train" and "test"; if there is only one, it is for training."""
    if "train" in parts:
        return parts["train"], parts.get("test")
    return parts["test"], None
