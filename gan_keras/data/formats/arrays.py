"""NumPy's .npz files, as Keras, Kuzushiji-MNIST, MedMNIST and this package write them, and MATLAB's .mat files."""

import re
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

import numpy as np
import scipy.io

from gan_keras.data import emnist
from gan_keras.data.conversion import Conversion
from gan_keras.data.dataset import Split
from gan_keras.data.formats.format import Found, Loaded, Place, reader, undamaged, without_labels
from gan_keras.ui.console import UserError

TRAIN_KEYS: tuple[tuple[str, str | None], ...] = (  # names of the images and of their labels
    ("x_train", "y_train"),
    ("train_images", "train_labels"),
    ("images", "labels"),
    ("data", "target"),
    ("data", "labels"),
    ("x", "y"),
    ("images", None),
)
TEST_KEYS: tuple[tuple[str, str | None], ...] = (("x_test", "y_test"), ("test_images", "test_labels"))
PARTS = re.compile(r"(?P<name>\w+)-(?P<part>train|test)-(?P<what>imgs|labels)\.npz")  # Kuzushiji's four files
KNOWN = {"kmnist": "kmnist", "fashion": "fashion_mnist"}  # the beginning of a file's name → the data set
GREYS = (1, 16, 255)  # what white may be: of fractions and bits, of UCI's and scikit-learn's 8x8 digits, of bytes
MLDATA_TRAIN = 60_000  # training images in mldata's mnist-original.mat, before the test images
SVHN = re.compile(r"(?P<part>train|test|extra)_32x32\.mat")


@reader
def npz_files(place: Place) -> Iterator[Found]:
    """Files with training and perhaps test images, and Kuzushiji's sets of four files."""
    sets: dict[tuple[Path, str], dict[str, Path]] = {}
    for file in place.files():
        if file.suffix.lower() != ".npz":
            continue
        if part := PARTS.fullmatch(file.name.lower()):
            sets.setdefault((file.parent, part["name"]), {})[f"{part['part']} {part['what']}"] = file
        elif may_hold_images(file):
            what = "Keras' mnist.npz" if file.name == "mnist.npz" else f"arrays in {file.name}"
            yield Found(file, what, partial(load_npz, file), "mnist" if file.name == "mnist.npz" else "")
    for (folder, name), files in sets.items():
        yield Found(folder, f"{name}'s .npz files", partial(load_parts, folder, name, files), KNOWN.get(name, ""))


@reader
def npy_file(place: Place) -> Iterator[Found]:
    """A file with images alone; in a folder there may be anything in such files."""
    file = place.path
    if file.is_file() and file.suffix.lower() == ".npy":
        yield Found(file, f"images in {file.name}", partial(load_npy, file))


@reader
def mat_files(place: Place) -> Iterator[Found]:
    """EMNIST's, the Street View House Numbers' and mldata's .mat files."""
    street: dict[Path, dict[str, Path]] = {}
    for file in place.files():
        if file.suffix.lower() != ".mat":
            continue
        if part := SVHN.fullmatch(file.name.lower()):
            street.setdefault(file.parent, {})[part["part"]] = file
            continue
        kind = emnist.kind_of(file.stem.lower().replace("-", "_"))
        dataset = f"{emnist.PREFIX}{kind}" if kind else ""
        yield Found(file, f"arrays in {file.name}", partial(load_mat, file), dataset)
    for folder, files in street.items():
        yield Found(folder, "Street View House Numbers", partial(load_street, folder, files))


def may_hold_images(path: Path) -> bool:
    """Return whether an .npz file has an array of one of the names above, or cannot be read: `load_npz` says why."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as content:
            return any(image.lower() in map(str.lower, content.files) for image, _ in TRAIN_KEYS)
    except Exception:  # damage makes NumPy raise whatever it comes upon
        return True


def load_npz(path: Path, conversion: Conversion) -> Loaded:
    """Load a file that holds images and labels under names that are in use.

    Raises:
        UserError: if it is damaged, or if its arrays are not images and labels.
    """
    arrays = read_npz(path)
    names = {name.lower(): name for name in arrays}

    def pair(keys: tuple[tuple[str, str | None], ...]) -> Split | None:
        for image_key, label_key in keys:
            if image_key in names and (label_key is None or label_key in names):
                labels = arrays[names[label_key]] if label_key else None
                return split(path, arrays[names[image_key]], labels)
        return None

    train = pair(TRAIN_KEYS)
    if train is None:
        raise UserError(
            f"{path} has the arrays {', '.join(arrays) or 'none'}; it needs x_train and y_train, or images."
        )
    return Loaded(train, pair(TEST_KEYS))


def load_npy(path: Path, conversion: Conversion) -> Loaded:
    """Load images without labels.

    Raises:
        UserError: if the file is damaged, or holds something else.
    """
    with undamaged(path), path.open("rb") as file:
        images = np.load(file, allow_pickle=False)
    return Loaded(split(path, images, None))


def load_parts(folder: Path, name: str, files: Mapping[str, Path], conversion: Conversion) -> Loaded:
    """Load Kuzushiji's files, each with one array.

    Raises:
        UserError: if one is missing or damaged.
    """

    def part(which: str) -> Split:
        values = []
        for what in ("imgs", "labels"):
            if f"{which} {what}" not in files:
                raise UserError(f"{folder} has no {name}-{which}-{what}.npz.")
            path = files[f"{which} {what}"]
            values.append(next(iter(read_npz(path).values())))
        return split(path, *values)

    has_test = any(key.startswith("test") for key in files)
    return Loaded(part("train"), part("test") if has_test else None)


def load_mat(path: Path, conversion: Conversion) -> Loaded:
    """Load EMNIST's `dataset`, with images in rows, or mldata's `data`, with images in columns.

    Raises:
        UserError: if it is damaged, or holds something else.
    """
    with undamaged(path):
        arrays = scipy.io.loadmat(path, simplify_cells=True)
        if "dataset" in arrays:
            whole = arrays["dataset"]
            train, test = (split(path, whole[part]["images"], whole[part]["labels"]) for part in ("train", "test"))
            mapping = np.atleast_2d(whole.get("mapping", np.zeros((0, 2))))
            return Loaded(train, test, [chr(int(row[-1])) for row in mapping], turned=True)
        if {"data", "label"} <= arrays.keys():
            both = split(path, arrays["data"].T, arrays["label"])
            if len(both.images) <= MLDATA_TRAIN:
                return Loaded(both)
            train, test = (Split(*(rows[part] for rows in both)) for part in np.s_[:MLDATA_TRAIN, MLDATA_TRAIN:])
            return Loaded(train, test)
    named = ", ".join(name for name in arrays if not name.startswith("__"))
    raise UserError(f"{path} has the arrays {named or 'none'}; of .mat files, EMNIST's, SVHN's and mldata's are read.")


def load_street(folder: Path, files: Mapping[str, Path], conversion: Conversion) -> Loaded:
    """Load the Street View House Numbers: images [32, 32, 3, count], labels from 1 to 10, where 10 is the digit 0.

    Raises:
        UserError: if a file is damaged or the training images are missing.
    """

    def part(path: Path) -> Split:
        with undamaged(path):
            arrays = scipy.io.loadmat(path)
            if not {"X", "y"} <= arrays.keys():
                raise UserError(f"{path} has no arrays X and y.")
            return split(path, np.moveaxis(arrays["X"], -1, 0), arrays["y"] % 10)

    if "train" not in files:
        raise UserError(f"{folder} has no train_32x32.mat.")
    return Loaded(part(files["train"]), part(files["test"]) if "test" in files else None)


def read_npz(path: Path) -> dict[str, np.ndarray]:
    """Return the arrays of an .npz file; it cannot run code."""
    with undamaged(path), path.open("rb") as file, np.load(file, allow_pickle=False) as content:
        return dict(content)


def split(path: Path, images: np.ndarray, labels: np.ndarray | None) -> Split:
    """Return arrays of the usual shapes as a `Split`.

    Images may be flat (square ones), with or without channels; white may be 1, 16 or 255. Labels may be
    numbers or one-hot.

    Raises:
        UserError: if they are not images and labels.
    """
    images = as_images(path, np.asarray(images))
    if labels is None:
        return without_labels(images)
    labels = np.squeeze(np.asarray(labels))
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


def as_images(path: Path, values: np.ndarray) -> np.ndarray:
    """Return images as uint8 [count, height, width, channels].

    Raises:
        UserError: if their shape or their values are not those of images.
    """
    if values.dtype.kind not in "buif" or not values.size:
        raise UserError(f"{path} has images of the type {values.dtype}, or none.")
    low, high = values.min(), values.max()
    if not 0 <= low <= high <= 255:
        raise UserError(f"{path} has pixels from {low:g} to {high:g}; they must be from 0 to 255, or from 0 to 1.")
    white = next(top for top in GREYS if high <= top)
    if values.dtype != np.uint8 or white < 255:
        values = np.rint(values * (255 / white)).astype(np.uint8)
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
