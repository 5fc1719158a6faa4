"""Make digits with a trained generator.

Examples:
  python -m gan_keras.generate saved_models/proposed-mnist --count 25 --out grid.png
  python -m gan_keras.generate saved_models/proposed-mnist --count 10000 --seed 1 --out digits.npz
  python -m gan_keras.generate saved_models/cgan-mnist --digits 2026 --out year.png
"""

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tensorflow as tf
import tyro

from gan_keras import console, files, pictures
from gan_keras.config import OptionalCount, Seed, check_ranges
from gan_keras.console import UserError

LARGEST_GRID = 2500


@dataclass(frozen=True)
class Options:
    """What to make, and where."""

    run: tyro.conf.Positional[Path]  # a run's folder, or a generator's SavedModel
    count: OptionalCount = None  # how many images: 25, if not given
    digits: str | None = None  # a number to draw, digit by digit, in the place of a count: for models told the class
    seed: Seed = 0  # the same seed gives the same images
    out: Path = Path("grid.png")  # .png: a picture of all of them; .npy, .npz: uint8 [count, height, width, channels]

    def __post_init__(self) -> None:
        check_ranges(self)
        if self.out.suffix not in (".png", ".npy", ".npz"):
            raise UserError(f"--out {self.out} must end in .png, .npy or .npz.")
        if not self.out.parent.is_dir():
            raise UserError(f"there is no folder {self.out.parent} for --out {self.out}.")
        if self.digits is not None and not re.fullmatch("[0-9]+", self.digits):
            raise UserError(f"--digits is {self.digits!r}; it must be a number such as 2026.")
        if self.digits is not None and self.count is not None:
            raise UserError("--digits says how many images there are; leave out --count.")
        if self.out.suffix == ".png" and self.images > LARGEST_GRID:
            raise UserError(f"a picture of {self.images} images is too large; give --out digits.npz.")

    @property
    def images(self) -> int:
        """How many images."""
        return len(self.digits) if self.digits else self.count or 25


@console.command
def main(arguments: Sequence[str] | None = None) -> None:
    """Make images as the command line says."""
    options = tyro.cli(Options, prog="python -m gan_keras.generate", args=arguments, description=__doc__)
    generator = load(options.run)  # its variables live as long as this name
    if options.digits and not hasattr(generator, "classes"):
        raise UserError(f"the model in {options.run} is not told the class, so it cannot draw --digits.")
    digits = np.array(list(options.digits), np.int32) if options.digits else None
    images, labels = make(generator, options.images, options.seed, digits)
    save(options.out, images, labels, columns=None if digits is None else len(digits))
    print(f"{len(images)} images in {options.out}")


def make(generator, count: int, seed: int, labels: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray | None]:
    """Return images uint8 of a generator, and their labels: by default each class in turn.

    A generator that is not told the class has no labels: None.

    Raises:
        UserError: for a label that the generator does not know.
    """
    if not hasattr(generator, "classes"):
        return generator.generate(count, seed).numpy(), None
    classes = int(generator.classes())
    labels = np.arange(count, dtype=np.int32) % classes if labels is None else labels
    if labels.size and labels.max() >= classes:
        raise UserError(f"the model has the classes 0 to {classes - 1}, and no {labels.max()}.")
    return generator.generate(count, seed, labels).numpy(), labels


def load(path: Path):
    """Load a generator from a run's folder or a SavedModel's.

    Raises:
        UserError: if there is none, or it was not exported by this project.
    """
    for folder in (path / "generator", path):
        if (folder / "saved_model.pb").exists():
            try:
                generator = tf.saved_model.load(str(folder))
            except (tf.errors.OpError, OSError) as error:
                raise UserError(f"the SavedModel in {folder} is damaged ({type(error).__name__}): {error}") from None
            if not hasattr(generator, "generate"):
                raise UserError(f"the SavedModel in {folder} has no `generate`: it is not a generator of gan_keras.")
            return generator
    raise UserError(
        f"there is no generator in {path}. Give the folder of a run or of its generator; to train one: "
        "python -m gan_keras.train"
    )


def save(path: Path, images: np.ndarray, labels: np.ndarray | None, columns: int | None) -> None:
    """Write images as a picture or as an array, by the path's suffix; .npz takes the labels too."""
    if path.suffix == ".png":
        pictures.save_png(path, pictures.grid(images, columns))
        return
    with files.replacing(path) as temporary:
        if path.suffix == ".npy":
            np.save(temporary, images)
        else:
            np.savez_compressed(temporary, images=images, **({} if labels is None else {"labels": labels}))


if __name__ == "__main__":
    main(sys.argv[1:])
