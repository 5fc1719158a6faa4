"""Images on which their label can be read, and how such are written in the formats that people have."""

import io
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
from helpers import idx_bytes
from PIL import Image

from gan_keras import data
from gan_keras.data import Dataset, Split

TRAIN, TEST = 40, 20


def marked(count: int, seed: int, classes: int = 10) -> Split:
    """Return images on which the label can be read: at row 3, in column 2 * label, they are white, else dark."""
    random = np.random.default_rng(seed)
    labels = random.permutation(np.arange(count) % classes).astype(np.int32)
    images = random.integers(0, 100, (count, 28, 28, 1), dtype=np.uint8)
    images[np.arange(count), 3, 2 * labels % 28] = 255
    return Split(images, labels)


def read_off(images: np.ndarray) -> np.ndarray:
    """Return the labels that are marked on images."""
    return images[:, 3, :, 0].argmax(axis=1) // 2


SPLITS = {"train": marked(TRAIN, 0), "test": marked(TEST, 1)}
TURNED = {part: split._replace(images=split.images.swapaxes(1, 2)) for part, split in SPLITS.items()}


def write_idx(folder, splits=SPLITS, names=("train", "t10k"), *, pattern="{}-{}-idx{}-ubyte", pack=bytes, offset=0):
    folder.mkdir(parents=True, exist_ok=True)
    for (images, labels), name in zip(splits.values(), names, strict=True):
        for what, values in (("images", images[..., 0]), ("labels", (labels + offset).astype(np.uint8))):
            (folder / pattern.format(name, what, values.ndim)).write_bytes(pack(idx_bytes(values)))
    return folder


def write_csv(path, split, header=True):
    frame = pd.DataFrame(split.images.reshape(len(split.images), -1)).add_prefix("pixel")
    frame.insert(0, "label", split.labels)
    frame.to_csv(path, index=False, header=header)


def png(image: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.squeeze(image)).save(file, "PNG")
    return file.getvalue()


def write_pictures(folder, split, suffix=".png", class_name=str):
    """Write a folder for each class, with a picture for each image."""
    for number, (image, label) in enumerate(zip(*split, strict=True)):
        (folder / class_name(label)).mkdir(parents=True, exist_ok=True)
        (folder / class_name(label) / f"{number}{suffix}").write_bytes(png(image))


def write_parquet(path, split, names=None, words=False):
    labels = [str(label) if words else int(label) for label in split.labels]
    table = pa.table({"image": [{"bytes": png(image), "path": None} for image in split.images], "label": labels})
    if names:
        features = {"info": {"features": {"label": {"names": names, "_type": "ClassLabel"}}}}
        table = table.replace_schema_metadata({"huggingface": json.dumps(features)})
    pa.parquet.write_table(table, path)


def arrays_of(splits=SPLITS) -> dict[str, np.ndarray]:
    """Return images and labels as Keras names them; grey images have no axis of channels."""
    named = {}
    for part, (images, labels) in splits.items():
        named |= {f"x_{part}": images[..., 0], f"y_{part}": labels}
    return named


def write_flat(folder, split, name="{number:05}.png") -> list[str]:
    """Write the pictures of all classes into one folder; return the names of the files."""
    folder.mkdir(parents=True, exist_ok=True)
    names = [name.format(number=number, label=label) for number, label in enumerate(split.labels)]
    for file, image in zip(names, split.images, strict=True):
        (folder / file).write_bytes(png(image))
    return names


def assert_right(dataset: Dataset, splits=SPLITS, names=None) -> None:
    """Assert that a data set has exactly these images in each part, each with the label that is marked on it."""
    names = names or [str(digit) for digit in range(10)]
    for split, expected in zip((dataset.train, dataset.test), splits.values(), strict=True):
        assert (split.images.shape, split.images.dtype) == (expected.images.shape, np.uint8)
        assert [dataset.class_names[label] for label in split.labels] == [
            names[mark] for mark in read_off(split.images)
        ]
        assert sorted(map(bytes, split.images)) == sorted(map(bytes, expected.images))


def assert_labelled(folder: Path, count: int, names=None) -> None:
    """Assert the same of a folder whose data have no test images: some are held out."""
    dataset = data.load(data_dir=folder)
    names = names or [str(digit) for digit in range(10)]
    assert len(dataset.train.images) + len(dataset.test.images) == count
    assert len(dataset.test.images) > 0
    for split in (dataset.train, dataset.test):
        assert [dataset.class_names[label] for label in split.labels] == [
            names[mark] for mark in read_off(split.images)
        ]
