"""Make digits with a trained generator.

Examples:
  python -m gan_keras.generate saved_models/dcgan-mnist --count 25 --out grid.png
  python -m gan_keras.generate saved_models/dcgan-mnist --count 10000 --seed 1 --out digits.npz
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tensorflow as tf
import tyro

from gan_keras import console, files, pictures
from gan_keras.config import Count, Seed, check_ranges
from gan_keras.console import UserError

LARGEST_GRID = 2500


@dataclass(frozen=True)
class Options:
    """What to make, and where."""

    run: tyro.conf.Positional[Path]  # a run's folder, or a generator's SavedModel
    count: Count = 25  # how many images
    seed: Seed = 0  # the same seed gives the same images
    out: Path = Path(
        "grid.png"
    )  # .png: a picture of all of them; .npy or .npz: the images, uint8 [count, height, width, 1]

    def __post_init__(self) -> None:
        check_ranges(self)
        if self.out.suffix not in (".png", ".npy", ".npz"):
            raise UserError(f"--out {self.out} must end in .png, .npy or .npz.")
        if not self.out.parent.is_dir():
            raise UserError(f"there is no folder {self.out.parent} for --out {self.out}.")
        if self.out.suffix == ".png" and self.count > LARGEST_GRID:
            raise UserError(f"a picture of {self.count} images is too large; give --out digits.npz.")


@console.command
def main(arguments: Sequence[str] | None = None) -> None:
    """Make images as the command line says."""
    options = tyro.cli(Options, prog="python -m gan_keras.generate", args=arguments, description=__doc__)
    generator = load(options.run)  # its variables live as long as this name
    images = generator.generate(options.count, options.seed).numpy()
    save(options.out, images)
    print(f"{options.count} images in {options.out}")


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
    raise UserError(f"there is no generator in {path}. Train one: python -m gan_keras.train --out {path}")


def save(path: Path, images: np.ndarray) -> None:
    """Write images as a picture or as an array, by the path's suffix."""
    if path.suffix == ".png":
        pictures.save_png(path, pictures.grid(images))
        return
    with files.replacing(path) as temporary:
        if path.suffix == ".npy":
            np.save(temporary, images)
        else:
            np.savez_compressed(temporary, images=images)


if __name__ == "__main__":
    main(sys.argv[1:])
