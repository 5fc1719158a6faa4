"""What a data set is."""

import functools
import hashlib
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

TEST_EVERY = 7  # MNIST keeps one image in seven for the test, and so does a data set that comes without a split


class Split(NamedTuple):
    """Images uint8 [count, height, width, channels] and their labels int32 [count]."""

    images: np.ndarray
    labels: np.ndarray


@dataclass(frozen=True)
class Dataset:
    """A data set; `source` tells people where it came from: "60,000 digits from …".

    Raises:
        ValueError: if the images or labels have another type or shape than a `Split` says, or a label has no name.
    """

    name: str
    source: str
    train: Split
    test: Split
    class_names: list[str]
    note: str = ""  # what a report about these data must say
    # a second set for models that need one: another domain, or the images whose labels are used
    partner: "Dataset | None" = None

    def __post_init__(self) -> None:
        for images, labels in (self.train, self.test):
            if images.dtype != np.uint8 or images.ndim != 4 or images.shape[1:] != self.image_shape:
                raise ValueError(
                    f"the images of {self.name} are {images.dtype} {images.shape}; they must be uint8 "
                    "[count, height, width, channels], for training and for the test alike."
                )
            if labels.dtype != np.int32 or labels.shape != images.shape[:1]:
                raise ValueError(
                    f"the labels of {self.name} are {labels.dtype} {labels.shape}; they must be int32 [count], one for "
                    f"each of {len(images)} images."
                )
            if labels.size and not 0 <= labels.min() <= labels.max() < len(self.class_names):
                raise ValueError(
                    f"the labels of {self.name} are from {labels.min()} to {labels.max()}; with "
                    f"{len(self.class_names)} names of classes they must be from 0 to {len(self.class_names) - 1}."
                )

    @property
    def image_shape(self) -> tuple[int, int, int]:
        return self.train.images.shape[1:]

    def facts(self) -> dict[str, Any]:
        """Return what identifies the data, for config.json."""
        return {
            "name": self.name,
            "source": self.source,
            "train_images": len(self.train.images),
            "test_images": len(self.test.images),
            "image_shape": list(self.image_shape),
            "class_names": self.class_names,
            "class_counts": np.bincount(self.train.labels, minlength=len(self.class_names)).tolist(),
            "sha256": self.sha256,
            **({"partner": self.partner.facts()} if self.partner else {}),
        }

    @functools.cached_property
    def sha256(self) -> str:
        """The SHA-256 of the training images and labels."""
        digest = hashlib.sha256(np.ascontiguousarray(self.train.images).data)
        digest.update(np.ascontiguousarray(self.train.labels).data)
        return digest.hexdigest()

    def describe(self) -> str:
        """Return what the data are, in a line: "60,000 + 10,000 digits 28x28, grey, 10 classes: IDX files in DIR"."""
        height, width, channels = self.image_shape
        what = "digits" if self.class_names == [str(digit) for digit in range(10)] else "images"
        colour = {1: "grey", 3: "RGB"}.get(channels, f"{channels} channels")
        count, classes = f"{len(self.train.images):,} + {len(self.test.images):,}", len(self.class_names)
        of_classes = f"{classes:,} classes" if classes > 1 else "no labels"
        return f"{count} {what} {height}x{width}, {colour}, {of_classes}: {self.source}"


def hold_out(images: np.ndarray, labels: np.ndarray) -> tuple[Split, Split]:
    """Split data that come without a test set: every seventh image of each class is for the test."""
    is_test = np.zeros(len(labels), bool)
    for label in np.unique(labels):
        is_test[np.flatnonzero(labels == label)[TEST_EVERY - 1 :: TEST_EVERY]] = True
    return Split(images[~is_test], labels[~is_test]), Split(images[is_test], labels[is_test])


def numbered(*labels: np.ndarray) -> list[str]:
    """Return the names of classes that have none: "0", "1", …"""
    return [str(label) for label in range(max(split.max(initial=-1) for split in labels) + 1)]
