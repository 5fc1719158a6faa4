"""MATLAB's .mat files: EMNIST's, the Street View House Numbers' and mldata's."""

import re
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

import numpy as np
import scipy.io

from gan_keras.data import emnist
from gan_keras.data.conversion import Conversion
from gan_keras.data.dataset import Split
from gan_keras.data.formats.arrays import split
from gan_keras.data.formats.format import Found, Loaded, Place, reader, undamaged
from gan_keras.ui.console import UserError

MLDATA_TRAIN = 60_000  # training images in mldata's mnist-original.mat, before the test images
BOXES = ("digitstruct.mat",)  # where the digits are in the uncropped house numbers
SVHN = re.compile(r"(?P<part>train|test|extra)_32x32\.mat")


@reader
def mat_files(place: Place) -> Iterator[Found]:
    """EMNIST's, the Street View House Numbers' and mldata's .mat files."""
    street: dict[Path, dict[str, Path]] = {}
    for file in place.files():
        if file.suffix.lower() != ".mat" or file.name.lower() in BOXES:
            continue
        if part := SVHN.fullmatch(file.name.lower()):
            street.setdefault(file.parent, {})[part["part"]] = file
            continue
        kind = emnist.kind_of(file.stem.lower().replace("-", "_"))
        dataset = f"{emnist.PREFIX}{kind}" if kind else ""
        yield Found(file, f"arrays in {file.name}", partial(load_mat, file), dataset)
    for folder, files in street.items():
        yield Found(folder, "Street View House Numbers", partial(load_street, folder, files))


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
    raise UserError(
        f"{path} has the arrays {named or 'none'}; of .mat files, EMNIST's, SVHN's and mldata's are read. Save others "
        "as .npz, with the arrays images, [count, height, width] and upright, and labels."
    )


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
