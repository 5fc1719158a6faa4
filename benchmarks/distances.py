"""Show what each distance sees of changed real digits: the table of docs/metrics.md.

Examples:
  python -m benchmarks.distances --data-dir DIR
"""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import tyro
from scipy import ndimage

from gan_keras import data
from gan_keras.evaluation import classifier
from gan_keras.evaluation.metrics.distances import frechet
from gan_keras.options import OptionalPath
from gan_keras.ui import console


@dataclass(frozen=True)
class Options:
    """Which digits to change."""

    data_dir: OptionalPath = None  # folder or file with MNIST's digits, in any usual layout; default: download them


Change = Callable[[np.ndarray], np.ndarray]  # images uint8 [count, 28, 28, 1] → changed ones

CHANGES: dict[str, Change] = {
    "as they are": lambda images: images,
    "moved by one pixel": lambda images: moved(images, 1),
    "moved by two pixels": lambda images: moved(images, 2),
    "half mixed with their 3x3 mean": lambda images: blurred(images, 0.5),
    "replaced by their 3x3 mean": lambda images: blurred(images, 1.0),
    "with noise of deviation 4 (of 255)": lambda images: noisy(images, 4),
    "with noise of deviation 12": lambda images: noisy(images, 12),
    "with noise of deviation 30": lambda images: noisy(images, 30),
}


def moved(images: np.ndarray, pixels: int) -> np.ndarray:
    """Return images moved down and to the left."""
    return np.roll(images, (pixels, -pixels), axis=(1, 2))


def blurred(images: np.ndarray, part: float) -> np.ndarray:
    """Return images of which a part is replaced by the mean of each pixel and its eight neighbours."""
    means = ndimage.uniform_filter(images.astype("f4"), (1, 3, 3, 1))
    return np.rint((1 - part) * images + part * means).astype(np.uint8)


def noisy(images: np.ndarray, deviation: float) -> np.ndarray:
    """Return images with normal noise, always the same."""
    noise = np.random.default_rng(0).normal(0, deviation, images.shape)
    return np.clip(np.rint(images + noise), 0, 255).astype(np.uint8)


def without(images: np.ndarray, labels: np.ndarray, missing: Sequence[int]) -> np.ndarray:
    """Return as many images, with those of some classes replaced by others."""
    rest = np.flatnonzero(~np.isin(labels, missing))
    replacing = np.random.default_rng(0).choice(rest, len(images) - len(rest))
    return images[np.concatenate([rest, replacing])]


class Distances:
    """Both distances from some real images."""

    def __init__(self, reference: np.ndarray):
        self.ruler = classifier.load()
        self.reference = self.ruler(reference)

    def __call__(self, images: np.ndarray) -> dict[str, float]:
        measured = self.ruler(images)
        return {
            "fid": frechet(self.reference.features, measured.features),
            "sfid": frechet(self.reference.places, measured.places),
        }


@console.command
def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    options = tyro.cli(Options, prog="python -m benchmarks.distances", args=arguments, description=__doc__)
    digits = data.load("mnist", options.data_dir)
    drawn = np.random.default_rng(0).permutation(len(digits.train.images))[: len(digits.test.images)]
    images, labels = digits.train.images[drawn], digits.train.labels[drawn]
    distances = Distances(digits.test.images)
    print("| real digits | `fid_mnist` | `sfid_mnist` |\n| --- | --- | --- |")
    rows = {name: change(images) for name, change in CHANGES.items()}
    rows["without the class 3"] = without(images, labels, [3])
    rows["without the classes 3 and 7"] = without(images, labels, [3, 7])
    for name, changed in rows.items():
        found = distances(changed)
        print(f"| {name} | {found['fid']:.2g} | {found['sfid']:.2g} |", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
