"""LIBSVM's texts, such as mnist.bz2 and torchvision's usps.bz2: a label, then number:value of what is not 0."""

import math
import re
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

import numpy as np

from gan_keras.data.conversion import Conversion
from gan_keras.data.formats.arrays import from_arrays
from gan_keras.data.formats.format import Found, Loaded, Place, open_text, reader, undamaged

NAME = re.compile(r"[\w-]+(\.scale)?(\.(t|txt|svm|libsvm))?(\.bz2|\.gz|\.xz)?")
TEST = re.compile(r"\.t(?=\.|$)")  # in the name of a file of test images
LINE = re.compile(r"\s*-?\d+(\.0*)?(\s+\d+:\S+){8,}")
LOOKED_AT = 1000  # characters that tell whether a file is such
FROM_ONE = re.compile(r"usps")  # begins the names of files whose labels are digits and 1


@reader
def libsvm_files(place: Place) -> Iterator[Found]:
    """Files of training and perhaps of test images: mnist.bz2 and mnist.t.bz2."""
    sets: dict[tuple[Path, str], dict[str, Path]] = {}
    for file in place.files():
        if is_libsvm(file):
            part = "test" if TEST.search(file.name) else "train"
            sets.setdefault((file.parent, TEST.sub("", file.name)), {})[part] = file
    for files in sets.values():
        names = ", ".join(file.name for file in files.values())
        path = next(iter(files.values()))
        yield Found(path.parent if len(files) > 1 else path, f"LIBSVM's {names}", partial(load, path, files))


def is_libsvm(path: Path) -> bool:
    """Return whether the first line of a file is in this format."""
    if not NAME.fullmatch(path.name.lower()):
        return False
    try:
        with open_text(path) as file:
            return bool(LINE.match(file.readline(LOOKED_AT)))
    except (OSError, EOFError, UnicodeDecodeError):
        return False


def load(path: Path, files: Mapping[str, Path], conversion: Conversion) -> Loaded:
    """Load files of square images; pixels that the largest number leaves out at the end are empty.

    Raises:
        UserError: if one is damaged or holds something else.
    """
    from sklearn.datasets import load_svmlight_file  # noqa: PLC0415  (it takes a second)

    rows = {}
    for part, file in files.items():
        with undamaged(file):
            rows[part] = load_svmlight_file(str(file), dtype=np.float32, zero_based=False)
    side = math.ceil(max(pixels.shape[1] for pixels, _ in rows.values()) ** 0.5)
    lowest = int(any(FROM_ONE.match(file.name.lower()) for file in files.values()))
    arrays = {}
    for part, (pixels, labels) in rows.items():
        images = np.zeros((len(labels), side * side), np.float32)
        images[:, : pixels.shape[1]] = pixels.toarray()
        arrays[part] = {"images": images, "labels": labels - lowest}
    return from_arrays(path, arrays)
