"""Arrays of images and labels under the names that are in use, in whatever files they are.

A name tells what an array is (`images`, `x`, `data`; `labels`, `y`, `target`) and of which part (`train`). It is the
name of the array, of its file or of both: `x_train` in mnist.npz, `train/data` in usps.h5, kmnist-train-imgs.npz.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from gan_keras.data import emnist
from gan_keras.data.conversion import Conversion, eight_bits
from gan_keras.data.dataset import Split
from gan_keras.data.formats.format import Found, Loaded, natural, part_of, refuse, train_and_test, without_labels
from gan_keras.ui.console import UserError

WORDS = {  # in the name of an array → what it is
    **dict.fromkeys(("x", "images", "image", "imgs", "img", "data", "dataset", "features", "pixels"), "images"),
    **dict.fromkeys(("y", "labels", "label", "target", "targets", "class", "classes"), "labels"),
}
WITHOUT_NAMES = {"arr_0": "x", "arr_1": "y"}  # how NumPy calls arrays that are saved without names
ALONE = ("", "arr_0")  # names of the only array of a file
NAMED = 8  # arrays that an error lists
NEEDED = "images are looked for under names such as images, x_train or data, labels under labels, y_train or target"
NUMERIC = "buif"  # kinds of NumPy's types
PASSED_OVER = ("set", "arr")  # words that say nothing: train_set_x
KNOWN = {"kmnist": "kmnist", "fashion": "fashion_mnist"}  # a word in the name of a file → the data set

Place = tuple[Path, str]  # a file, and the name of an array in it
Part = dict[str, Place]  # "images" and perhaps "labels" → where they are
Read = Callable[[Path, str], np.ndarray]  # reads an array


class Role(NamedTuple):
    """What a name says of an array."""

    part: str  # "train", "valid" and so on; "" if it does not say
    what: str  # "images" or "labels"; "" if it does not say
    rest: tuple[str, ...]  # its other words, which are the same for arrays that belong together


def role(name: str) -> Role:
    """Return what the name of an array or of a file says."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=^[xyXY])(?=train|test|val)", " ", name)
    words = re.findall(r"[a-z0-9]+", spaced.lower())
    part = next((word for word in words if part_of(word)), "")
    what = next((WORDS[word] for word in reversed(words) if word in WORDS), "")
    known = {part, *WORDS, *PASSED_OVER}
    return Role(part, what, tuple(word for word in words if word not in known and not word.isdigit()))


def alone_of_their_name(files: Sequence[Path]) -> list[Path]:
    """Return the files whose names say what they hold, without those of one image each: img_1.npy, img_2.npy."""
    roles = [(file.parent, role(file.stem)) for file in files]
    count = Counter(roles)
    return [file for file, one in zip(files, roles, strict=True) if one[1].what and count[one] == 1]


def named_arrays(
    files: Iterable[Path], names: Callable[[Path], Sequence[str]], read: Read, kind: str
) -> Iterator[Found]:
    """Yield the sets of images that are in files, with the labels that belong to them.

    Args:
        files: those of one format.
        names: returns the names of the arrays in a file; "" for the only one of a file.
        read: reads one of them.
        kind: how the format is called, for people.
    """
    sets: dict[tuple[Path, tuple[str, ...]], dict[str, Part]] = {}
    others: dict[Path, Sequence[str]] = {}
    for file in files:
        of_file, of_folder, inside = role(file.name.partition(".")[0]), role(file.parent.name), names(file)
        others[file] = inside
        folder = file.parent.parent if of_folder.part and not of_file.part else file.parent
        for name in inside:
            own = role(WITHOUT_NAMES.get(name, name) if set(inside) == WITHOUT_NAMES.keys() else name)
            part = own.part or of_file.part or of_folder.part or "train"
            what = own.what or (of_file.what if name in ALONE and len(inside) == 1 else "")
            key = (folder, (*of_file.rest, *own.rest))
            sets.setdefault(key, {}).setdefault(part, {}).setdefault(what, (file, name))
    for (folder, rest), named in sets.items():
        parts = {part: arrays for part, arrays in named.items() if "images" in arrays}
        holding = list(dict.fromkeys(file for arrays in parts.values() for file, _ in arrays.values()))
        for file in holding:
            others.pop(file, None)
        if parts:
            path = holding[0] if len(holding) == 1 else folder
            what = f"{kind} in {', '.join(file.name for file in holding[:4])}"
            yield Found(path, what, partial(load, path, parts, read), data_set(holding[0], rest))
    for file, inside in others.items():
        there = ", ".join(inside[:NAMED]) + (", …" if len(inside) > NAMED else "")
        problem = f"{file} has the arrays {there or 'none'}; {NEEDED}."
        yield Found(file, f"other arrays in {file.name}", partial(refuse, problem), guess=True, unread=True)


def data_set(file: Path, rest: Sequence[str]) -> str:
    """Return the name of the data set that a file is named after, or ""."""
    if file.name == "mnist.npz":
        return "mnist"
    kind = emnist.kind_of("_".join(rest))
    return f"{emnist.PREFIX}{kind}" if kind else next((KNOWN[word] for word in rest if word in KNOWN), "")


def load(path: Path, parts: Mapping[str, Part], read: Read, conversion: Conversion) -> Loaded:
    """Load images and labels; test images without labels are left out where the training images have some.

    Raises:
        UserError: if a file is damaged, or if the arrays are not images and labels.
    """
    labelled = {part for part, arrays in parts.items() if "labels" in arrays}
    left = [part for part in parts if labelled and part not in labelled]
    if any(part_of(part) == "train" for part in left):
        raise UserError(f"{path} has labels of the test images, and none of the training images.")
    arrays = {part: {what: read(*at) for what, at in parts[part].items()} for part in parts if part not in left}
    return from_arrays(path, arrays, [f"the images {', '.join(left)} have no labels, and are left out"] if left else [])


def from_arrays(path: Path, arrays: Mapping[str, Mapping[str, np.ndarray]], notes: Sequence[str] = ()) -> Loaded:
    """Return what parts are, each of which has `images` and perhaps `labels`; all that are no training is for the test.

    Raises:
        UserError: if they are not images and labels.
    """
    names, numbers = numbered([part["labels"] for part in arrays.values() if "labels" in part])
    values = [np.asarray(part["images"]) for part in arrays.values()]
    known = [(images.min(), images.max()) for images in values if images.dtype.kind in NUMERIC and images.size]
    extent = (min(low for low, _ in known), max(high for _, high in known)) if known else None
    splits: dict[str, list[Split]] = {}
    for name, part in arrays.items():
        labels = numbers.pop(0) if "labels" in part else None
        splits.setdefault(part_of(name) or "train", []).append(split(path, part["images"], labels, extent))
    if any(len({one.images.shape[1:] for one in several}) > 1 for several in splits.values()):
        raise UserError(f"{path} has images of several sizes ({', '.join(arrays)}). Give one file, or make them equal.")
    whole = {
        part: one[0] if len(one) == 1 else Split(*map(np.concatenate, zip(*one, strict=True)))
        for part, one in splits.items()
    }
    return Loaded(*train_and_test(whole), names, notes=tuple(notes))


def numbered(labels: Iterable[np.ndarray]) -> tuple[list[str], list[np.ndarray]]:
    """Return the names of classes in natural order, and labels as their numbers; no names if labels are numbers."""
    labels = [np.asarray(part) for part in labels]
    if all(part.dtype.kind in "buif" for part in labels):
        return [], labels
    words = [[word.decode() if isinstance(word, bytes) else str(word) for word in part.ravel()] for part in labels]
    names = sorted({word for part in words for word in part}, key=natural)
    if all(name.isdecimal() for name in names):
        return [], [np.array(part, np.int64) for part in words]
    number = {name: index for index, name in enumerate(names)}
    return names, [np.array([number[word] for word in part], np.int64) for part in words]


def split(
    path: Path, images: np.ndarray, labels: np.ndarray | None, extent: tuple[float, float] | None = None
) -> Split:
    """Return arrays of the usual shapes as a `Split`.

    Args:
        path: where they are, for an error.
        images: flat (square ones) or not, with or without channels, and of any range in `conversion.LEVELS`.
        labels: numbers or one-hot.
        extent: the lowest and highest value of all images that belong together; default: of these.

    Raises:
        UserError: if they are not images and labels.
    """
    images = as_images(path, np.asarray(images), extent)
    if labels is None:
        return without_labels(images)
    labels = np.squeeze(np.asarray(labels))
    labels = labels[None] if labels.ndim == 0 else labels
    if labels.ndim == 2 and len(labels) == len(images):
        if not (np.isin(labels, (0, 1)).all() and (labels.sum(axis=1) == 1).all()):
            raise UserError(
                f"{path} has {labels.shape[1]} labels for each image; it needs one, as a number or one-hot."
            )
        labels = labels.argmax(axis=1)
    if labels.dtype.kind not in "buif":
        raise UserError(f"{path} has labels of the type {labels.dtype}; they must be whole numbers.")
    if labels.shape != images.shape[:1] or not np.array_equal(labels, labels.astype(np.int32)) or (labels < 0).any():
        raise UserError(f"{path} has {len(images)} images, and its labels are not one whole number for each.")
    return Split(images, labels.astype(np.int32))


def as_images(path: Path, values: np.ndarray, extent: tuple[float, float] | None = None) -> np.ndarray:
    """Return images as uint8 [count, height, width, channels].

    Raises:
        UserError: if their shape or their values are not those of images.
    """
    if values.dtype.kind not in NUMERIC or not values.size:
        raise UserError(f"{path} has images of the type {values.dtype}, or none.")
    low, high = extent or (values.min(), values.max())
    if high > 255 and values.dtype.kind == "f":
        raise UserError(f"{path} has pixels up to {high:g}; they must be from 0 to 255, or from 0 to 1.")
    if values.dtype != np.uint8 or high <= 16:
        try:
            values = eight_bits(values, low, high)
        except ValueError as error:
            raise UserError(f"{path} has {error}.") from None
    if values.ndim == 2:
        side = round(values.shape[1] ** 0.5)
        if side * side != values.shape[1]:
            raise UserError(
                f"{path} has an array {values.shape}, whose rows are no square grey images. Give it the shape [count, "
                "height, width] or [count, height, width, 3]."
            )
        values = values.reshape(len(values), side, side)
    if values.ndim == 3:
        if values.shape[0] == values.shape[1] != values.shape[2]:
            raise UserError(f"{path} has an array {values.shape}; the number of images must come first.")
        values = values[..., None]
    if values.ndim == 4 and values.shape[-1] not in (1, 3) and values.shape[1] in (1, 3):
        values = np.moveaxis(values, 1, -1)  # channels first, as PyTorch has them
    if values.ndim != 4 or values.shape[-1] not in (1, 3):
        raise UserError(f"{path} has an array {values.shape}; images are [count, height, width, 1 or 3].")
    return values
