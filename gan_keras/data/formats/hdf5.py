"""HDF5 files with images and labels, such as usps.h5."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from gan_keras.data.formats.arrays import named_arrays
from gan_keras.data.formats.format import Found, Place, reader, undamaged

SUFFIXES = (".h5", ".hdf5", ".he5")


@reader
def hdf5_files(place: Place) -> Iterator[Found]:
    """Files with arrays of images and labels, perhaps in groups for the parts."""
    files = (file for file in place.files() if file.suffix.lower() in SUFFIXES)
    yield from named_arrays(files, names_in, read, "arrays")


def names_in(path: Path) -> Sequence[str]:
    """Return the paths of the arrays in a file; if it cannot be read, one that will be read, which then says why."""
    import h5py  # noqa: PLC0415  (only this format needs it)

    names: list[str] = []
    try:
        with h5py.File(path) as file:
            file.visititems(lambda name, item: names.append(name) if isinstance(item, h5py.Dataset) else None)
    except Exception:  # damage makes h5py raise whatever it comes upon
        return ["images"]
    return names


def read(path: Path, name: str) -> np.ndarray:
    """Return an array of a file."""
    import h5py  # noqa: PLC0415  (only this format needs it)

    with undamaged(path), h5py.File(path) as file:
        return file[name][()]
