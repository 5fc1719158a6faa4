"""MNIST's file format, IDX: every header is checked against its file's size before anything is allocated."""

import gzip
import math
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np

from gan_keras.console import UserError


def read_pair(data_dir: Path, prefix: str) -> tuple[np.ndarray, np.ndarray]:
    """Read the images uint8 [count, height, width, 1] and labels int32 [count] of "train" or "t10k" from a folder.

    Raises:
        UserError: if a file is missing or damaged, or the two do not belong together.
    """
    images = _IdxFile.find(data_dir, f"{prefix}-images-idx3-ubyte", dimensions=3)
    labels = _IdxFile.find(data_dir, f"{prefix}-labels-idx1-ubyte", dimensions=1)
    if images.shape[0] != labels.shape[0]:
        raise UserError(
            f"{images.path} has {images.shape[0]} images, but {labels.path} has {labels.shape[0]} labels: "
            "the files are not of the same data set."
        )
    return images.read()[..., None], labels.read().astype(np.int32)


class _IdxFile(NamedTuple):
    """An IDX file of unsigned bytes: the magic number 0, 0, 8, dimensions; each dimension as 4 bytes; the values."""

    path: Path
    shape: tuple[int, ...]

    @classmethod
    def find(cls, data_dir: Path, name: str, dimensions: int) -> "_IdxFile":
        """Check the header of `name` or `name`.gz in a folder."""
        path = next((file for file in (data_dir / name, data_dir / f"{name}.gz") if file.is_file()), None)
        if path is None:
            raise UserError(f"{data_dir} has neither {name} nor {name}.gz; it needs MNIST's four standard files.")
        with _reading(path) as file:
            header = file.read(4 + 4 * dimensions)
        if len(header) < 4 + 4 * dimensions or header[:4] != bytes([0, 0, 8, dimensions]):
            raise UserError(f"{path} is not an IDX file of {dimensions}-dimensional bytes: its first bytes are wrong.")
        shape = struct.unpack(f">{dimensions}I", header[4:])
        largest = path.stat().st_size * (1032 if path.suffix == ".gz" else 1)  # deflate cannot expand further
        if 0 in shape or math.prod(shape) > largest:
            raise UserError(
                f"{path} is damaged: it announces {'x'.join(map(str, shape))} bytes, and cannot hold them. "
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


@contextmanager
def _reading(path: Path) -> Iterator[BinaryIO]:
    """Open a file, gzipped or not; damage found while reading becomes a `UserError`."""
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            yield file
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise UserError(f"{path} is damaged ({error}). Download it again.") from None
