"""Make digits with a trained generator.

Examples:
  python -m gan_keras.generate --digits 411001
  python -m gan_keras.generate saved_models/quick --count 25 --out grid.png
  python -m gan_keras.generate saved_models/quick --count 10000 --out digits.npz
  python -m gan_keras.generate saved_models/quick --digits 2026
"""

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import tyro

from gan_keras.exporting import loading
from gan_keras.options import Between, OptionalCount, OptionalText, Seed, check_ranges, optional
from gan_keras.ui import console, files, pictures
from gan_keras.ui.console import UserError

LARGEST_GRID = 2500  # images in a picture
MOST = 1_000_000  # images at a time


@dataclass(frozen=True)
class Options:
    """What to make, and where."""

    # the folder of a run, or of a generator's SavedModel; default: the generator of digits that comes with the package
    run: tyro.conf.Positional[Annotated[Path | None, optional("RUN")]] = None
    count: OptionalCount = None  # number of images; default: 25
    digits: OptionalText = None  # a number such as 2026 to draw digit by digit, by a model that takes labels
    # how far styles may be from their average, by a model with styles: below 1 images are clearer, and more alike
    truncation: Annotated[float | None, Between(0, 2), optional("FLOAT")] = None
    # size of a table of mixed styles, by a model with styles: its rows share coarse styles, its columns fine ones
    mix: Annotated[int | None, Between(1, 20), optional("INT")] = None
    seed: Seed = 0  # the same seed gives the same images
    # .png: a picture of all; .npy or .npz: uint8 [count, height, width, channels], .npz also with the labels
    out: Annotated[Path, tyro.conf.arg(metavar="{FILE.png,FILE.npy,FILE.npz}")] = Path("grid.png")

    def __post_init__(self) -> None:
        check_ranges(self)
        if self.out.suffix not in (".png", ".npy", ".npz"):
            raise UserError(f"--out {self.out} must end in .png, .npy or .npz.")
        if not self.out.parent.is_dir():
            raise UserError(f"there is no folder {self.out.parent} for --out {self.out}.")
        if self.digits is not None and not re.fullmatch("[0-9]+", self.digits):
            raise UserError(f"--digits is {self.digits!r}; it must be a number such as 2026.")
        if self.digits is not None and self.count is not None:
            raise UserError("--digits already says how many images to make; leave out --count.")
        if self.mix and (self.digits or self.count or self.truncation is not None or self.out.suffix != ".png"):
            raise UserError("--mix makes a table of its own, as a .png: leave out --count, --digits and --truncation.")
        if self.out.suffix == ".png" and self.images > LARGEST_GRID:
            raise UserError(f"a picture of {self.images} images is too large; give --out digits.npz.")
        if self.images > MOST:
            raise UserError(
                f"{self.images:,} images do not fit into memory; make {MOST:,} at a time, each with a --seed."
            )

    @property
    def images(self) -> int:
        """The number of images."""
        return len(self.digits) if self.digits else self.count or 25


@console.command
def main(arguments: Sequence[str] | None = None) -> None:
    """Make images as the command line says."""
    options = tyro.cli(Options, prog="python -m gan_keras.generate", args=arguments, description=__doc__)
    run = options.run or loading.SHIPPED
    generator = loading.load_generator(run)
    refuse(options, run, generator)
    columns: int | None
    if options.mix:
        images, labels, columns = loading.mix_styles(generator, options.mix, options.seed), None, options.mix + 1
    else:
        digits = np.array(list(options.digits), np.int32) if options.digits else None
        controls = loading.truncated(generator, run, options.truncation)
        images, labels = loading.make(generator, options.images, options.seed, digits, **controls)
        columns = len(digits) if digits is not None else classes_in(labels)
    save(options.out, images, labels, columns)
    print(f"{len(images)} images in {options.out}")


def refuse(options: Options, run: Path, generator: Any) -> None:
    """Raise a `UserError` for what a generator cannot do."""
    if options.digits and not hasattr(generator, "classes"):
        raise UserError(f"the model in {run} takes no labels, so it cannot draw --digits.")
    if options.mix and not hasattr(generator, "synthesize"):
        raise UserError(f"the model in {run} has no styles to --mix.")


def classes_in(labels: np.ndarray | None) -> int | None:
    """Return the number of classes, for a picture with a column for each; None if there are none, or too many."""
    classes = 0 if labels is None or not len(labels) else int(labels.max()) + 1
    return classes if 0 < classes <= pictures.MOST_COLUMNS else None


def save(path: Path, images: np.ndarray, labels: np.ndarray | None, columns: int | None) -> None:
    """Write images as a picture or as an array, by the suffix of the path; .npz takes the labels too."""
    if path.suffix == ".png":
        pictures.save_png(path, pictures.grid(images, columns))
        return
    with files.replacing(path) as temporary:
        if path.suffix == ".npy":
            np.save(temporary, images)
        else:
            arrays: dict[str, Any] = {"images": images} | ({} if labels is None else {"labels": labels})
            np.savez_compressed(temporary, **arrays)


if __name__ == "__main__":
    main(sys.argv[1:])
