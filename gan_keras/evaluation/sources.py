"""Where the images to be measured come from: a generator or a file."""

from pathlib import Path
from typing import Protocol

import numpy as np

from gan_keras import data
from gan_keras.exporting import loading
from gan_keras.ui.console import UserError


class Source(Protocol):
    """Something that images can be drawn from."""

    path: Path

    def draw(self, count: int, seed: int, dataset: data.Dataset) -> tuple[np.ndarray, np.ndarray | None]:
        """Return images uint8 [count, height, width, channels], and their labels int32 [count] if there are any.

        Raises:
            UserError: if its classes are not those of the data set.
        """


def load(path: Path) -> Source:
    """Return the source at a path: a file, or the folder of a run or of a generator's SavedModel.

    Raises:
        UserError: if there is none, or if it cannot be used.
    """
    return Generator(path) if path.is_dir() else File(path)


class Generator:
    """A generator, which makes as many images as needed."""

    def __init__(self, path: Path):
        self.path = path
        self.generator = loading.load_generator(path)

    def draw(self, count: int, seed: int, dataset: data.Dataset) -> tuple[np.ndarray, np.ndarray | None]:
        """Return images, with their labels if the generator takes any.

        The labels are as frequent as in the training data: even real digits get a higher Fréchet distance if all are
        equally frequent.
        """
        classes = len(dataset.class_names)
        if hasattr(self.generator, "classes") and (known := int(self.generator.classes())) < classes:
            raise UserError(
                f"the model in {self.path} has {known} classes, and {dataset.name} has {classes}. "
                "Give the --dataset that it was trained on."
            )
        labels = np.random.default_rng(seed).permutation(dataset.train.labels)[:count]
        return loading.make(self.generator, count, seed, labels)

    def walk(self, count: int, seed: int, step: float) -> tuple[np.ndarray, np.ndarray]:
        """Return images at points of walks between two latents, and those a step further.

        The walks are along the sphere, and the points are anywhere on them. The class and the noise stay the same.

        Args:
            count: the number of walks.
            seed: the same seed gives the same walks.
            step: part of a walk.

        Returns:
            Two arrays float32 [count, height, width, channels] from 0 to 255: small differences are not rounded away.
        """
        random = np.random.default_rng(seed)
        latent_dim = loading.latent_dim(self.generator)
        starts, ends = random.standard_normal((2, count, latent_dim), np.float32)
        places = random.uniform(0, 1 - step, (count, 1)).astype(np.float32)
        labels = (
            np.arange(count) % int(self.generator.classes()) if hasattr(self.generator, "classes") else np.zeros(count)
        )

        def images_at(places: np.ndarray) -> np.ndarray:
            return loading.images_of(self.generator, on_sphere(starts, ends, places), labels, seed)

        return images_at(places), images_at(places + step)


def on_sphere(starts: np.ndarray, ends: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Return points [count, dimensions] on the way from some vectors to others, with normal latents' typical lengths.

    The places [count, 1] are from 0 to 1: White 2016 (arXiv:1609.04468).
    """
    cosines = np.sum(starts * ends, axis=1, keepdims=True)
    cosines /= np.linalg.norm(starts, axis=1, keepdims=True) * np.linalg.norm(ends, axis=1, keepdims=True)
    angles = np.arccos(np.clip(cosines, -1, 1))
    return (np.sin((1 - places) * angles) * starts + np.sin(places * angles) * ends) / np.sin(angles)


class File:
    """A file .npy of uint8 images [count, height, width(, channels)], or .npz with `images` and perhaps `labels`."""

    def __init__(self, path: Path):
        self.path = path
        try:
            with path.open("rb") as file:
                content = np.load(file)
                arrays = {"images": content} if isinstance(content, np.ndarray) else dict(content)
        except Exception as error:  # damage makes NumPy raise whatever it comes upon
            if isinstance(error, OSError) and error.filename:
                raise
            raise UserError(f"{path} cannot be read: it is not a .npy or .npz file of numbers, or damaged.") from None
        if "images" not in arrays:
            raise UserError(f"{path} has no array `images`, only: {', '.join(arrays) or 'nothing'}.")
        images, labels = arrays["images"], arrays.get("labels")
        images = images[..., None] if images.ndim == 3 else images
        if images.dtype != np.uint8 or images.ndim != 4 or 0 in images.shape[1:]:
            raise UserError(
                f"{path} has {images.dtype} {images.shape}; it must have uint8 [count, height, width, channels]."
            )
        if labels is not None and (labels.shape != images.shape[:1] or labels.dtype.kind not in "iu"):
            raise UserError(f"the labels in {path} must be one whole number for each image.")
        self.images = images
        self.labels = None if labels is None else labels.astype(np.int32)

    def draw(self, count: int, seed: int, dataset: data.Dataset) -> tuple[np.ndarray, np.ndarray | None]:
        """Return `count` images, or all if there are fewer; at random, because a file may be sorted by class."""
        classes = len(dataset.class_names)
        if self.labels is not None and not np.isin(self.labels, np.arange(classes)).all():
            raise UserError(f"the labels in {self.path} must be from 0 to {classes - 1}.")
        chosen = np.random.default_rng(seed).permutation(len(self.images))[:count]
        return self.images[chosen], None if self.labels is None else self.labels[chosen]
