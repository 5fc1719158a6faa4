"""Look around in a generator's latent space.

Examples:
  python -m gan_keras.latent --walk 3,8,5 --out walk.gif
  python -m gan_keras.latent --table 6 --out hands.png
  python -m gan_keras.latent RUN --directions 8 --out directions.png
  python -m gan_keras.latent --invert scans --out inverted.png
"""

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import tyro

from gan_keras import data
from gan_keras.evaluation import latent_space
from gan_keras.exporting import loading
from gan_keras.options import Between, OptionalPath, OptionalText, Seed, check_out, check_ranges, optional, read_options
from gan_keras.ui import console, files, pictures
from gan_keras.ui.console import UserError

WHAT = {"walk": (".gif", ".mp4"), "table": (".png",), "directions": (".png",), "invert": (".png", ".npz")}
COLUMNS = 9  # images along a direction
MOST = 200  # images that can be inverted at a time
Rows = Annotated[int | None, Between(1, 50), optional("INT")]


@dataclass(frozen=True, kw_only=True)
class Options:
    """What to look for, and where to write it."""

    # the folder of a run, or of a generator's SavedModel; default: the generator of digits that comes with the package
    run: tyro.conf.Positional[Annotated[Path | None, optional("RUN")]] = None
    walk: OptionalText = None  # digits such as 3,8,5 to go through and back, as a film
    frames: Annotated[int, Between(2, 2000)] = 90  # pictures in that film
    table: Rows = None  # the number of rows of a table: a row for each latent, a column for each class
    directions: Rows = None  # how many of the directions that change the images most to show, each in a row
    # images to find the latents of: a folder or a file; a picture shows each above what was found, .npz has the latents
    invert: OptionalPath = None
    seed: Seed = 0  # the same seed gives the same pictures
    out: Path  # .gif or .mp4 for --walk, .png for the others

    def __post_init__(self) -> None:
        check_ranges(self)
        given = [name for name in WHAT if getattr(self, name) is not None]
        if len(given) != 1:
            raise UserError(f"give one of {', '.join(f'--{name}' for name in WHAT)}.")
        if self.walk is not None and not re.fullmatch(r"\d+(,\d+)+", self.walk):
            raise UserError(f"--walk is {self.walk!r}; it must be two digits or more, such as 3,8,5.")
        if self.out.suffix not in WHAT[given[0]]:
            raise UserError(f"--out {self.out} must end in {' or '.join(WHAT[given[0]])}.")
        check_out(self.out)


@console.command
def main(arguments: Sequence[str] | None = None) -> None:
    """Draw what the command line says."""
    options = read_options(Options, "latent", arguments, __doc__)
    generator = loading.load_generator(options.run or loading.SHIPPED)
    if options.walk:
        stops = list(map(int, options.walk.split(",")))
        pictures.save_film(options.out, latent_space.walk(generator, stops, options.frames, options.seed))
    elif options.table:
        images = latent_space.table(generator, options.table, options.seed)
        pictures.save_png(options.out, pictures.grid(images, latent_space.classes(generator)))
    elif options.directions:
        found = latent_space.directions(generator, options.seed)
        chosen = found.vectors[: options.directions]
        pictures.save_png(
            options.out, pictures.grid(latent_space.sheet(generator, chosen, COLUMNS, options.seed), COLUMNS)
        )
        share = found.changes[: options.directions].sum() / found.changes.sum()
        print(f"{len(chosen)} of {len(found.vectors)} directions make {share:.0%} of all changes.")
    elif options.invert:
        invert(generator, options.invert, options)
    print(f"In {options.out}")


def invert(generator: Any, source: Path, options: Options) -> None:
    """Find the latents of the images of a folder or a file, and say how near they come."""
    images, labels = data.read(source, loading.image_shape(generator))
    if len(images) > MOST:
        raise UserError(f"{source} has {len(images):,} images; --invert takes {MOST} at a time.")
    found = latent_space.invert(generator, images, labels, options.seed)
    if options.out.suffix == ".png":
        pictures.save_png(options.out, pictures.pairs(images, found.images))
    else:
        with files.replacing(options.out) as temporary:
            np.savez_compressed(temporary, **found._asdict())
    print(f"Pixels differ by {np.median(found.errors):.0f} of 255 (median over the images of the root mean square).")


if __name__ == "__main__":
    main(sys.argv[1:])
