"""TensorFlow's records, as `synthesize` and tensorflow-datasets write them: pictures with labels."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from gan_keras.data.conversion import Conversion
from gan_keras.data.formats.format import Found, Loaded, Place, in_sets, named, reader, undamaged
from gan_keras.data.formats.parquet import load_pictures
from gan_keras.data.writing import as_png
from gan_keras.ui.console import UserError

NAME = re.compile(r".*\.(tfrecords?|tfrec)(?P<packed>\.gz)?(-\d+-of-\d+)?")
IMAGES = ("image", "image/encoded", "image_raw", "img", "encoded")  # names of features
LABELS = ("label", "image/class/label", "class", "target")
SIZE = ("height", "width", "depth")  # of images whose pixels are not encoded
CLASSES = "label.labels.txt"  # tensorflow-datasets' file with the names of the classes


@reader
def tfrecord_files(place: Place) -> Iterator[Found]:
    """Files of `tf.train.Example`s, in one or more for each part."""
    files = (file for file in place.files() if NAME.fullmatch(file.name.lower()))
    for path, parts in in_sets(files, numbered=True):
        yield Found(path, f"TensorFlow's records: {named(parts)}", partial(load, path, parts))


def load(path: Path, parts: Mapping[str, Sequence[Path]], conversion: Conversion) -> Loaded:
    """Load records.

    Raises:
        UserError: if a file is damaged, or if its records have no pictures.
    """
    classes = (path if path.is_dir() else path.parent) / CLASSES
    names = classes.read_text(encoding="utf-8").splitlines() if classes.is_file() else []
    tables = [(part, *read(file), names) for part, files in parts.items() for file in files]
    return load_pictures(path, tables, conversion)


def read(path: Path) -> tuple[list[bytes], np.ndarray]:
    """Return the encoded pictures in a file and their labels."""
    name = NAME.fullmatch(path.name.lower())
    with undamaged(path):
        records = tf.data.TFRecordDataset(str(path), "GZIP" if name and name["packed"] else "")
        examples = [tf.train.Example.FromString(record).features.feature for record in records.as_numpy_iterator()]
        rows = [(picture(example), label(example)) for example in examples]
    if not rows or any(content is None for content, _ in rows):
        there = ", ".join(sorted(examples[0])) if examples else "none"
        raise UserError(f"{path} has no pictures; its records have the features {there}. They need one named image.")
    contents, labels = zip(*rows, strict=True)
    return list(contents), np.array(labels)


def picture(example: Mapping[str, Any]) -> bytes | None:
    """Return the encoded picture in a record; pixels that are not encoded become one."""
    content = next((example[name].bytes_list.value[0] for name in IMAGES if has(example, name, "bytes_list")), None)
    if content is not None and all(has(example, name, "int64_list") for name in SIZE[:2]):
        size = [example[name].int64_list.value[0] for name in SIZE if has(example, name, "int64_list")]
        size = size if len(size) == len(SIZE) else [*size, 1]
        if len(content) == np.prod(size):
            return as_png(np.frombuffer(content, np.uint8).reshape(size))
    return content


def label(example: Mapping[str, Any]) -> int | str:
    """Return the label in a record: a number or a word; 0 if it has none."""
    for name in LABELS:
        if has(example, name, "int64_list"):
            return int(example[name].int64_list.value[0])
        if has(example, name, "bytes_list"):
            return str(example[name].bytes_list.value[0].decode(errors="replace"))
    return 0


def has(example: Mapping[str, Any], name: str, kind: str) -> bool:
    """Return whether a record has a feature of a kind."""
    return name in example and len(getattr(example[name], kind).value) > 0
