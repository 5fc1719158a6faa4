import gzip
import tracemalloc

import numpy as np
import pytest
from helpers import idx_bytes, write_idx_folder

from gan_keras import data
from gan_keras.data import Conversion, formats
from gan_keras.ui.console import UserError


def test_round_trip_gzipped_and_not(tmp_path):
    images = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4)
    labels = np.array([7, 9], np.uint8)
    for suffix, pack in (("", bytes), (".gz", gzip.compress)):
        (tmp_path / f"train-images-idx3-ubyte{suffix}").write_bytes(pack(idx_bytes(images)))
        (tmp_path / f"train-labels-idx1-ubyte{suffix}").write_bytes(pack(idx_bytes(labels)))
        (found,) = formats.found(formats.Place(tmp_path))
        read_images, read_labels = found.load(Conversion()).train
        np.testing.assert_array_equal(read_images[..., 0], images)
        np.testing.assert_array_equal(read_labels, labels)
        assert (read_images.dtype, read_labels.dtype) == (np.uint8, np.int32)
        for file in tmp_path.iterdir():
            file.unlink()


def damaged(change):
    """Return a case: what is done to the bytes of the uncompressed test images."""
    return lambda folder: change(folder / "t10k-images-idx3-ubyte")


CASES = {
    "missing": (lambda folder: (folder / "t10k-labels-idx1-ubyte").unlink(), "no testing labels"),
    "empty": (damaged(lambda file: file.write_bytes(b"")), "first bytes are wrong"),
    "magic": (damaged(lambda file: file.write_bytes(b"\x01" + file.read_bytes()[1:])), "first bytes are wrong"),
    "short": (damaged(lambda file: file.write_bytes(file.read_bytes()[:-1])), "cut short"),
    "long": (damaged(lambda file: file.write_bytes(file.read_bytes() + b"x")), "longer than its header"),
    "huge": (
        damaged(lambda file: file.write_bytes(file.read_bytes()[:4] + b"\xff" * 12 + b"x" * 100)),
        "more than it can hold",
    ),
    "none": (
        damaged(lambda file: file.write_bytes(idx_bytes(np.zeros((0, 28, 28), np.uint8)))),
        "more than it can hold",
    ),
    "counts": (
        lambda folder: (folder / "t10k-labels-idx1-ubyte").write_bytes(idx_bytes(np.zeros(19, np.uint8))),
        "20 images.*19 labels",
    ),
    "gzip cut short": (
        lambda folder: (file := folder / "train-images-idx3-ubyte.gz").write_bytes(file.read_bytes()[:-2000]),
        "is damaged",
    ),
    "gzip flipped": (
        lambda folder: (file := folder / "train-images-idx3-ubyte.gz").write_bytes(
            file.read_bytes()[:5000] + b"\x55\xaa" * 50 + file.read_bytes()[5100:]
        ),
        "is damaged",
    ),
    "a page": (
        lambda folder: (folder / "train-images-idx3-ubyte.gz").write_bytes(b"<html>" * 99),
        "first bytes are wrong",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_damage_is_named(tmp_path, case):
    damage, message = CASES[case]
    folder = write_idx_folder(tmp_path / "idx")
    damage(folder)
    with pytest.raises(UserError, match=message):
        data.load(data_dir=folder)


def test_an_announced_size_is_not_allocated(tmp_path):
    """A tiny gzip that announces terabytes is refused by its header."""
    header = bytes([0, 0, 8, 3]) + b"\x7f\xff\xff\xff" + b"\x00\x00\x00\x1c" * 2
    (tmp_path / "train-images-idx3-ubyte.gz").write_bytes(gzip.compress(header + bytes(40000)))
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(idx_bytes(np.zeros(80, np.uint8)))
    tracemalloc.start()
    with pytest.raises(UserError, match="more than it can hold"):
        data.load(data_dir=tmp_path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2**20
