"""The door for people's own data: finds out what a folder or a file holds, loads it, and says what was understood."""

import dataclasses
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from gan_keras.data import cache, emnist, formats
from gan_keras.data.conversion import Conversion, advice, is_coloured
from gan_keras.data.dataset import Dataset, Split, hold_out, numbered
from gan_keras.data.formats.image_folder import may_hold_labels
from gan_keras.ui.console import UserError, note

FIRST_LABELS = {  # those of the first training images, by which a data set is known whatever its files are called
    "mnist": "50419213143536172869409112432738690560761879398593",
    "fashion_mnist": "90030272550955791064",
}
PATHS = {  # pattern in the name of a folder → the data set
    "fashion": "fashion_mnist",
    "kmnist|kuzushiji": "kmnist",
    "^mnist(?![-_][a-z]$)": "mnist",  # mnist_m and mnist-c are others
}
NAMED = 8  # files that an error lists
PACKED = ", packed"  # ends the name of what is in an archive
LAYOUTS = (
    "MNIST's or EMNIST's IDX files, .npz, .npy, .h5, .mat, CSV (label, pixels), Parquet, TFRecord, pictures with a "
    "sub-folder per class or a table of labels, or a zip or tar of these"
)


def load(path: Path, dataset: str, conversion: Conversion) -> Dataset:
    """Load what a folder or a file holds.

    Args:
        path: the folder or file.
        dataset: the name of the data set that it is; "" if the user did not say.
        conversion: what to do with the images.

    Raises:
        UserError: if it holds nothing that can be read, several things, another data set, or damaged files.
    """
    found, loaded = find(path, dataset, conversion)
    name = dataset or found.dataset or known_by_labels(loaded.train.labels)
    name = name or known_by_path(found.path, loaded) or own_name(path)
    parts, names = arranged(name, loaded, conversion)
    train, test = parts if len(parts) == 2 else hold_out(*parts[0])
    if not names and name not in known():
        train, test, names = without_gaps(train, test)
    names = names or numbered(train.labels, test.labels)
    for text in (*loaded.notes, advice(train.images)):
        if text:
            note(f"{nearby(path)}: {text}.")
    try:
        return Dataset(name, f"{found.what} in {path}", train, test, names)
    except ValueError as error:
        raise UserError(f"{path} cannot be {name}: {error}") from None


def read(path: Path, image_shape: tuple[int, int, int]) -> Split:
    """Return all images that a folder or a file holds, in its own order: none is held out.

    Args:
        path: the folder or file.
        image_shape: the (height, width, channels) that the images get.

    Raises:
        UserError: if it holds nothing that can be read, several things, or damaged files.
    """
    conversion = Conversion(image_size=image_shape[0], channels=image_shape[2])
    found, loaded = find(path, "", conversion)
    parts, _ = arranged(found.dataset, loaded, conversion)
    return Split(*(np.concatenate(rows) for rows in zip(*parts, strict=True)))


def find(path: Path, dataset: str, conversion: Conversion) -> tuple[formats.Found, formats.Loaded]:
    """Return what was found in a folder or a file, and loaded.

    Raises:
        UserError: if there is nothing, several things, or another data set than the one asked for.
    """
    if not path.exists():
        raise UserError(f"there is no folder or file {path}.")
    found = choose(path, dataset, candidates(path))
    return found, found.load(conversion)


def arranged(name: str, loaded: formats.Loaded, conversion: Conversion) -> tuple[list[Split], list[str]]:
    """Return the parts of a data set, upright and converted, and the names of its classes if it has any."""
    parts = [loaded.train, *([loaded.test] if loaded.test else [])]
    names = loaded.class_names
    if kind := emnist.kind_of(name):
        parts = [emnist.arrange(kind, part, loaded.turned) for part in parts]
        names = list(emnist.CLASSES[kind]) if not names or kind == "letters" else names
    if not loaded.converted:
        side, channels = conversion.side_and_channels([max(parts[0].images.shape[1:3])], is_coloured(parts[0].images))
        parts = [conversion.apply(part, side, channels) for part in parts]
    return parts, names


def candidates(path: Path, archives_in_archives: int = 1) -> list[formats.Found]:
    """Return what can be loaded from a place; archives are looked into if there is nothing else that is sure."""
    place = formats.Place(path)
    found = nearest(path, list(formats.found(place)))
    if any(not one.guess for one in found) or archives_in_archives < 0:
        return found
    packed = [
        dataclasses.replace(one, path=outer, what=f"{one.what.removesuffix(PACKED)}{PACKED}")
        for outer, archives in together(file for file in place.files() if cache.is_archive(file))
        for one in candidates(cache.unpacked(archives), archives_in_archives - 1)
    ]
    if beside := may_hold_labels(place):
        text = f"not read: {', '.join(beside[:3])}. If labels are in it, unpack the archive beside it"
        packed = [with_note(one, text) if one.guess else one for one in packed]
    return packed + found


def with_note(found: formats.Found, text: str) -> formats.Found:
    """Return what was found, so that a note is shown when it is loaded."""

    def load(conversion: Conversion) -> formats.Loaded:
        loaded = found.load(conversion)
        return dataclasses.replace(loaded, notes=(*loaded.notes, text))

    return dataclasses.replace(found, load=load)


def together(archives: Iterable[Path]) -> Iterator[tuple[Path, dict[Path, str]]]:
    """Yield the archives that belong together, each with the part that it holds, and the file or folder they are.

    Those belong together whose names differ in their part or in a number, if no file is in more than one of them; and
    those that hold one file each.
    """
    archives = list(archives)
    if len(archives) == 1:
        yield archives[0], {archives[0]: ""}
        return
    names = [name for file in archives for name in cache.contents(file)]
    if archives and len(names) == len(set(names)) == len(archives):
        yield archives[0].parent, dict.fromkeys(archives, "")
        return
    for path, parts in formats.in_sets(archives, numbered=True):
        members: dict[Path, str] = {file: formats.part_of(file.name) for files in parts.values() for file in files}
        names = [f"{part}/{name}" for file, part in members.items() for name in cache.contents(file)]
        if len(members) == 1 or len(set(names)) < len(names) or ("" in members.values() and any(members.values())):
            yield from ((file, {file: ""}) for file in members)
        else:
            yield path, members


def nearest(path: Path, found: list[formats.Found]) -> list[formats.Found]:
    """Return what lies in a folder itself, or else what lies further down, where copies and previews are."""
    sure = [one for one in found if one.path in (path, *path.iterdir()) and not one.guess] if path.is_dir() else []
    return sure or found


def choose(path: Path, dataset: str, found: list[formats.Found]) -> formats.Found:
    """Return the one thing that was found, or that is the data set asked for.

    Raises:
        UserError: if there is none, or more than one.
    """
    if not found:
        there = [child.name for kind in formats.inside(path) for child in kind] if path.is_dir() else []
        holds = ", ".join(there[:NAMED]) + (", …" if len(there) > NAMED else "")
        raise UserError(
            f"{path} is nothing that can be read as images{f'; it holds {holds}' if holds else ''}. "
            f"What can be: {LAYOUTS}."
        )
    found = [one for one in found if not one.guess] or [one for one in found if not one.unread] or found[:1]
    if dataset:
        fitting = [one for one in found if one.dataset == dataset]
        fitting = fitting or [one for one in found if not one.dataset and named_after(one.path) == dataset]
        fitting = fitting or [one for one in found if not one.dataset]
        if not fitting:
            raise UserError(
                f"{path} holds {found[0].dataset}, not {dataset}: leave out --dataset, or give another folder."
            )
        found = fitting
    if len(found) > 1:
        names = [one.dataset or named_after(one.path) for one in found]
        listed = "\n".join(
            f"  {one.what} in {one.path}{f' (--dataset {name})' if name and names.count(name) == 1 else ''}"
            for one, name in zip(found, names, strict=True)
        )
        raise UserError(
            f"{path} holds more than one data set:\n{listed}\nName the folder or file that you mean, or --dataset."
        )
    return found[0]


def known() -> set[str]:
    """Return the names of the data sets whose classes are the same in every part of them."""
    return {*FIRST_LABELS, *PATHS.values(), *(f"{emnist.PREFIX}{kind}" for kind in emnist.CLASSES)}


def without_gaps(train: Split, test: Split) -> tuple[Split, Split, list[str]]:
    """Return images whose labels, any numbers, are counted from 0, and these numbers as the names of the classes."""
    kinds = np.unique(np.concatenate([train.labels, test.labels]))
    train, test = (Split(part.images, np.searchsorted(kinds, part.labels).astype(np.int32)) for part in (train, test))
    return train, test, [str(kind) for kind in kinds]


def nearby(path: Path) -> Path:
    """Return a path as it is written from the current folder, if it is below it."""
    whole = path.resolve()
    return whole.relative_to(Path.cwd()) if whole.is_relative_to(Path.cwd()) else path


def known_by_path(path: Path, loaded: formats.Loaded) -> str:
    """Return the name of the data set of ten classes that a folder is named after, or ""."""
    ten = not loaded.class_names and loaded.train.labels.max(initial=0) == 9
    return named_after(path) if ten else ""


def named_after(path: Path) -> str:
    """Return the name of the data set that a folder, or that of a file, is named after, or ""."""
    folder = (path if path.is_dir() else path.parent).resolve()
    folder = folder.parent if folder.name == "raw" else folder  # torchvision's are FashionMNIST/raw, KMNIST/raw
    return next((name for pattern, name in PATHS.items() if re.search(pattern, folder.name.lower())), "")


def known_by_labels(labels: np.ndarray) -> str:
    """Return the name of the data set whose training labels begin like these, or ""."""
    return next((name for name, first in FIRST_LABELS.items() if "".join(map(str, labels[: len(first)])) == first), "")


def own_name(path: Path) -> str:
    """Return the name of a data set that is nobody else's: that of its folder or file."""
    return re.sub(r"\W+", "_", path.resolve().name.partition(".")[0]).strip("_") or "images"
