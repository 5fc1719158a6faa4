"""NumPy's files: .npz, as Keras, Kuzushiji-MNIST, MedMNIST and this package write them, and .npy."""

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from gan_keras.data.conversion import Conversion
from gan_keras.data.formats.arrays import alone_of_their_name, from_arrays, named_arrays
from gan_keras.data.formats.format import Found, Loaded, Place, part_of, reader, undamaged
from gan_keras.ui.console import UserError

DRAWINGS = "full_numpy_bitmap_"  # begins the names of the files of Quick, Draw!


@reader
def npz_files(place: Place) -> Iterator[Found]:
    """Files with training and perhaps test images, or with one array each."""
    files = (file for file in place.files() if file.suffix.lower() == ".npz")
    yield from named_arrays(files, names_in_npz, read_npz, "arrays")


@reader
def npy_files(place: Place) -> Iterator[Found]:
    """Files of images and of labels, which their names tell apart; or of images alone, perhaps one for each class."""
    files = [file for file in place.files() if file.suffix.lower() == ".npy"]
    if place.path.is_file() and files:
        yield Found(place.path, f"images in {place.path.name}", partial(load_npy, place.path))
        return
    named = alone_of_their_name(files)
    yield from named_arrays(named, lambda file: [""], read_npy, "arrays")
    folders: dict[Path, list[Path]] = {}
    for file in files:
        if file not in named:
            folders.setdefault(file.parent, []).append(file)
    for folder, classes in folders.items():
        yield Found(folder, f"arrays of {len(classes)} classes", partial(load_classes, folder, classes), guess=True)


def names_in_npz(path: Path) -> Sequence[str]:
    """Return the names of the arrays in a file; if it cannot be read, one that will be read, which then says why."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as content:
            return list(content.files)
    except Exception:  # damage makes NumPy raise whatever it comes upon
        return ["images"]


def read_npz(path: Path, name: str) -> np.ndarray:
    """Return an array of a file; it cannot run code."""
    with undamaged(path), path.open("rb") as file, np.load(file, allow_pickle=False) as content:
        return content[name]


def read_npy(path: Path, name: str = "") -> np.ndarray:
    """Return the array in a file; it cannot run code."""
    with undamaged(path), path.open("rb") as file:
        return np.load(file, allow_pickle=False)


def load_npy(path: Path, conversion: Conversion) -> Loaded:
    """Load images without labels.

    Raises:
        UserError: if the file is damaged, or holds something else.
    """
    return from_arrays(path, {"train": {"images": read_npy(path)}})


def load_classes(folder: Path, files: Sequence[Path], conversion: Conversion) -> Loaded:
    """Load a file for each class, as those of Quick, Draw!, each with the images of its class.

    Raises:
        UserError: if one is damaged, or if they hold something else.
    """
    arrays = [read_npy(file) for file in files]
    if len({array.shape[1:] for array in arrays}) > 1 or any(array.ndim < 2 for array in arrays):
        shapes = ", ".join(f"{file.name} {array.shape}" for file, array in zip(files[:3], arrays, strict=False))
        raise UserError(f"the arrays in {folder} are not images of one size for each class ({shapes}).")
    height, *others = arrays[0].shape
    if len(files) > 1 and len({array.shape for array in arrays}) == 1 and others[0] == height:
        raise UserError(
            f"each file in {folder} seems to hold one image {height}x{height}. Put those of each class into a folder "
            "of its own; or save all of them as one array."
        )
    labels = np.repeat([file.stem.removeprefix(DRAWINGS) for file in files], list(map(len, arrays)))
    return from_arrays(folder, {part_of(folder.name): {"images": np.concatenate(arrays), "labels": labels}})
