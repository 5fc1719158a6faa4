"""The formats that labelled images are written in, so that other tools read them as they read MNIST.

Each is a function that opens the files of one part of a data set, "train" or "test", and yields a function to which
images and labels are given bit by bit. A function here with `@written` is known to `--format`.
"""

import io
import struct
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

import numpy as np
import tensorflow as tf
from PIL import Image

from gan_keras.ui.console import UserError

Write = Callable[[np.ndarray, np.ndarray], None]  # images uint8 [some, height, width, channels], labels int32 [some]
IDX_NAMES = {"train": "train", "test": "t10k"}

Format = Callable[..., AbstractContextManager[Write]]  # folder, part, number of images, their shape, names of classes
FORMATS: dict[str, Format] = {}


def written(function: Callable[..., Iterator[Write]]) -> Format:
    """Register a format under the name of its function."""
    FORMATS[function.__name__] = contextmanager(function)
    return FORMATS[function.__name__]


def check(name: str, shape: Sequence[int], classes: int) -> None:
    """Raise a `UserError` if a format cannot hold images of this shape or this number of classes."""
    if name == "idx" and (shape[-1] != 1 or classes > 256):
        raise UserError("--format idx holds grey images of at most 256 classes; choose another one.")


@written
def idx(folder: Path, part: str, count: int, shape: Sequence[int], names: Sequence[str]) -> Iterator[Write]:
    """MNIST's own format: `train-images-idx3-ubyte` and so on."""
    height, width, _ = shape
    with (
        (folder / f"{IDX_NAMES[part]}-images-idx3-ubyte").open("wb") as images_file,
        (folder / f"{IDX_NAMES[part]}-labels-idx1-ubyte").open("wb") as labels_file,
    ):
        images_file.write(bytes([0, 0, 8, 3]) + struct.pack(">3I", count, height, width))
        labels_file.write(bytes([0, 0, 8, 1]) + struct.pack(">I", count))

        def write(images: np.ndarray, labels: np.ndarray) -> None:
            images_file.write(images.tobytes())
            labels_file.write(labels.astype(np.uint8).tobytes())

        yield write


@written
def png(folder: Path, part: str, count: int, shape: Sequence[int], names: Sequence[str]) -> Iterator[Write]:
    """A folder for each class, with a picture for each image: `train/7/00000012.png`."""
    for name in names:
        (folder / part / name).mkdir(parents=True)
    done = 0

    def write(images: np.ndarray, labels: np.ndarray) -> None:
        nonlocal done
        for image, label in zip(images, labels, strict=True):
            (folder / part / names[label] / f"{done:08}.png").write_bytes(as_png(image))
            done += 1

    yield write


@written
def csv(folder: Path, part: str, count: int, shape: Sequence[int], names: Sequence[str]) -> Iterator[Write]:
    """A row for each image, as Kaggle has MNIST: `label`, `pixel0`, `pixel1`, …"""
    pixels = int(np.prod(shape))
    with (folder / f"{part}.csv").open("w", encoding="utf-8") as file:
        file.write(",".join(["label", *(f"pixel{number}" for number in range(pixels))]) + "\n")

        def write(images: np.ndarray, labels: np.ndarray) -> None:
            np.savetxt(file, np.column_stack([labels, images.reshape(len(images), -1)]), "%d", ",")

        yield write


@written
def npz(folder: Path, part: str, count: int, shape: Sequence[int], names: Sequence[str]) -> Iterator[Write]:
    """The arrays of Keras' mnist.npz, `x_train`, `y_train`, `x_test` and `y_test`; grey images have no channel axis."""
    shape = shape[:2] if shape[-1] == 1 else shape
    with ExitStack() as stack, zipfile.ZipFile(folder / "digits.npz", "a") as archive:
        arrays = {}
        for name, kind, size in ((f"x_{part}", np.uint8, (count, *shape)), (f"y_{part}", np.int64, (count,))):
            path = folder / f"{name}.npy"
            arrays[name] = np.lib.format.open_memmap(path, "w+", kind, size)
            stack.callback(path.unlink)
        done = 0

        def write(images: np.ndarray, labels: np.ndarray) -> None:
            nonlocal done
            for array, values in zip(arrays.values(), (images, labels), strict=True):
                array[done : done + len(values)] = values.reshape(len(values), *array.shape[1:])
            done += len(labels)

        yield write
        for name, array in arrays.items():
            array.flush()
            archive.write(folder / f"{name}.npy", f"{name}.npy", zipfile.ZIP_DEFLATED)


@written
def tfrecord(folder: Path, part: str, count: int, shape: Sequence[int], names: Sequence[str]) -> Iterator[Write]:
    """`tf.train.Example`s with `image`, an encoded PNG, and `label`, a whole number."""
    with tf.io.TFRecordWriter(str(folder / f"{part}.tfrecord")) as file:

        def write(images: np.ndarray, labels: np.ndarray) -> None:
            for image, label in zip(images, labels, strict=True):
                features = {
                    "image": tf.train.Feature(bytes_list=tf.train.BytesList(value=[as_png(image)])),
                    "label": tf.train.Feature(int64_list=tf.train.Int64List(value=[label])),
                }
                example = tf.train.Example(features=tf.train.Features(feature=features))
                file.write(example.SerializeToString(deterministic=True))

        yield write


@written
def parquet(folder: Path, part: str, count: int, shape: Sequence[int], names: Sequence[str]) -> Iterator[Write]:
    """Columns `image`, with encoded PNGs as Hugging Face has them, and `label`."""
    import pyarrow as pa  # noqa: PLC0415  (only this format needs it)
    from pyarrow import parquet as pq  # noqa: PLC0415

    kind = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    schema = pa.schema([("image", kind), ("label", pa.int64())])
    with pq.ParquetWriter(folder / f"{part}-00000-of-00001.parquet", schema) as file:

        def write(images: np.ndarray, labels: np.ndarray) -> None:
            rows = [{"bytes": as_png(image), "path": None} for image in images]
            file.write_table(pa.table([pa.array(rows, kind), pa.array(labels, pa.int64())], schema=schema))

        yield write


def as_png(image: np.ndarray) -> bytes:
    """Return an image uint8 [height, width, 1 or 3] as a PNG."""
    buffer = io.BytesIO()
    Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image).save(buffer, "PNG")
    return buffer.getvalue()
