"""Make digits with a trained generator.

Examples:
  python -m gan_keras.generate --digits 411001
  python -m gan_keras.generate saved_models/quick --count 25 --out grid.png
  python -m gan_keras.generate saved_models/quick --count 10000 --out digits.npz
  python -m gan_keras.generate saved_models/quick --digits 2026
  python -m gan_keras.generate saved_models/cyclegan-mnist --from scans/ --out out.npz
"""

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import tyro

from gan_keras.exporting import loading, translation
from gan_keras.options import Between, OptionalCount, OptionalText, Seed, Switch, check_ranges, optional
from gan_keras.ui import console, pictures
from gan_keras.ui.console import UserError

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
    # images to translate, by a model that does: a folder or a file, in any usual layout
    source: Annotated[Path | None, tyro.conf.arg(name="from", metavar="PATH"), optional("PATH")] = None
    backwards: Switch = False  # translate them from the model's target to its source
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
        if self.source and (self.digits or self.count or self.truncation is not None or self.mix):
            raise UserError("--from translates all images that it names, and takes only --backwards and --out.")
        if self.backwards and not self.source:
            raise UserError("--backwards is a direction of --from; give the images to translate.")
        if self.out.suffix == ".png" and self.images > pictures.MOST_IMAGES:
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
    if options.source:
        direction = translation.TO_SOURCE if options.backwards else translation.TO_TARGET
        count = translation.translate(run, direction, options.source, options.out)
        print(f"{count:,} images translated, in {options.out}")
        return
    generator = loading.load_generator(run)
    refuse(options, run, generator)
    columns: int | None
    if options.mix:
        images, labels, columns = loading.mix_styles(generator, options.mix, options.seed), None, options.mix + 1
    else:
        digits = np.array(list(options.digits), np.int32) if options.digits else None
        controls = loading.truncated(generator, run, options.truncation)
        images, labels = loading.make(generator, options.images, options.seed, digits, **controls)
        columns = len(digits) if digits is not None else pictures.columns_for(labels)
    pictures.save_images(options.out, images, labels, columns)
    print(f"{len(images)} images in {options.out}")


def refuse(options: Options, run: Path, generator: Any) -> None:
    """Raise a `UserError` for what a generator cannot do."""
    if options.digits and not hasattr(generator, "classes"):
        raise UserError(f"the model in {run} takes no labels, so it cannot draw --digits.")
    if options.mix and not hasattr(generator, "synthesize"):
        raise UserError(f"the model in {run} has no styles to --mix.")


if __name__ == "__main__":
    main(sys.argv[1:])
