"""Where the images to be measured come from: a generator, or a file."""

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import numpy as np
import tensorflow as tf

from gan_keras import data, generate
from gan_keras.console import UserError

BATCH = 500  # images discriminated at a time


class Source(Protocol):
    """What images can be drawn from."""

    def draw(self, count: int, seed: int, dataset: data.Dataset) -> tuple[np.ndarray, np.ndarray | None]:
        """Return images uint8 [count, height, width, channels], and their labels if there are any.

        Raises:
            UserError: if its classes are not those of the data set.
        """


def load(path: Path) -> Source:
    """Return the source at a path: a file, or the folder of a run or of a generator's SavedModel.

    Raises:
        UserError: if there is none, or it cannot be used.
    """
    return Generator(path) if path.is_dir() else File(path)


class Generator:
    """A generator, which has as many images as are asked for."""

    def __init__(self, path: Path):
        self.path = path
        self.generator = generate.load(path)

    def draw(self, count: int, seed: int, dataset: data.Dataset) -> tuple[np.ndarray, np.ndarray | None]:
        """Return images, with their labels if the generator is told the class.

        It is told classes as frequent as they are in the training data: real digits of which all are equally
        frequent have a `fid_mnist` of about 0.15 in the place of 0.09.
        """
        classes = len(dataset.class_names)
        if hasattr(self.generator, "classes") and (known := int(self.generator.classes())) < classes:
            raise UserError(
                f"the model in {self.path} is told one of {known} classes, and {dataset.name} has {classes}. "
                "Give the --dataset that it was trained on."
            )
        labels = np.random.default_rng(seed).permutation(dataset.train.labels)[:count]
        return generate.make(self.generator, count, seed, labels)


class File:
    """A file .npy of uint8 images [count, height, width(, channels)], or .npz with `images` and perhaps `labels`."""

    def __init__(self, path: Path):
        self.path = path
        try:
            with path.open("rb") as file:
                content = np.load(file)
                arrays = {"images": content} if isinstance(content, np.ndarray) else dict(content)
        except (ValueError, EOFError, zipfile.BadZipFile):  # NumPy calls what it does not know a pickle
            raise UserError(f"{path} cannot be read: it is no .npy or .npz file of numbers, or is damaged.") from None
        if "images" not in arrays:
            raise UserError(f"{path} has no array `images`, only: {', '.join(arrays) or 'nothing'}.")
        images, labels = arrays["images"], arrays.get("labels")
        images = images[..., None] if images.ndim == 3 else images
        if images.dtype != np.uint8 or images.ndim != 4:
            raise UserError(
                f"{path} has {images.dtype} {images.shape}; it must have uint8 [count, height, width, channels]."
            )
        if labels is not None and (labels.shape != images.shape[:1] or labels.dtype.kind not in "iu"):
            raise UserError(f"the labels in {path} must be one whole number for each image.")
        self.images = images
        self.labels = None if labels is None else labels.astype(np.int32)

    def draw(self, count: int, seed: int, dataset: data.Dataset) -> tuple[np.ndarray, np.ndarray | None]:
        """Return `count` images, or all if there are fewer, at random, for a file may be sorted by class."""
        classes = len(dataset.class_names)
        if self.labels is not None and not np.isin(self.labels, np.arange(classes)).all():
            raise UserError(f"the labels in {self.path} must be from 0 to {classes - 1}.")
        chosen = np.random.default_rng(seed).permutation(len(self.images))[:count]
        return self.images[chosen], None if self.labels is None else self.labels[chosen]


def load_discriminator(source: Path) -> Callable[[np.ndarray, np.ndarray | None], np.ndarray | None]:
    """Return what gives images, with their labels, their probability to be real; None for every source but a run."""
    path = source / "discriminator"
    if not (path / "saved_model.pb").exists():
        return lambda images, labels: None
    discriminator = tf.saved_model.load(str(path))
    takes_labels = "label" in discriminator.signatures["serving_default"].structured_input_signature[1]

    def discriminate(images: np.ndarray, labels: np.ndarray | None) -> np.ndarray:
        def part(rows: np.ndarray) -> tuple[tf.Tensor]:
            image = data.standardise(images[rows])
            return (discriminator.serve(image, labels[rows]) if takes_labels else discriminator.serve(image),)

        return data.in_batches(part, np.arange(len(images)), BATCH)[0]

    return discriminate
