"""What `gan_keras.generate` can make, and the options of each."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from gan_keras.exporting import numbers
from gan_keras.options import (
    Between,
    OptionalCount,
    OptionalText,
    Seed,
    Switch,
    check_out,
    check_ranges,
    flag,
    optional,
)
from gan_keras.ui import pictures
from gan_keras.ui.console import UserError

MOST = 1_000_000  # images at a time
LARGEST_SET = 100_000  # numbers at a time
PLAIN = numbers.Style()
SUFFIXES = (".png", ".npy", ".npz")
TAKES = {  # what there is to make besides plain images → the options that it takes
    "digits": ("truncation",),
    "number": ("count", "style"),
    "mix": (),
    "source": ("backwards",),
}
OPTIONS = {"count", "truncation", "style", "backwards"}


@dataclass(frozen=True)
class Options:
    """What to make, and where."""

    # the folder of a run, or of a generator's SavedModel; default: the generator of digits that comes with the package
    run: tyro.conf.Positional[Annotated[Path | None, optional("RUN")]] = None
    count: OptionalCount = None  # number of images; default: 25
    digits: OptionalText = None  # a number such as 2026 to draw digit by digit, by a model that takes labels
    # a number to write as one picture, each # a random digit; with --count so many, with their truths, into a folder;
    # or a file .txt with a number in each line
    number: OptionalText = None
    style: Annotated[numbers.Style, tyro.conf.arg(name="")] = PLAIN
    # how far styles may be from their average, by a model with styles: below 1 images are clearer, and more alike
    truncation: Annotated[float | None, Between(0, 2), optional("FLOAT")] = None
    # size of a table of mixed styles, by a model with styles: its rows share coarse styles, its columns fine ones
    mix: Annotated[int | None, Between(1, 20), optional("INT")] = None
    # images to translate, by a model that does: a folder or a file, in any usual layout
    source: Annotated[Path | None, tyro.conf.arg(name="from", metavar="PATH"), optional("PATH")] = None
    backwards: Switch = False  # translate them from the model's target to its source
    seed: Seed = 0  # the same seed gives the same images
    # .png: a picture of all; .npy or .npz: uint8 [count, height, width, channels], .npz also with the labels; for many
    # numbers a new folder
    out: Annotated[Path, tyro.conf.arg(metavar="{FILE.png,FILE.npy,FILE.npz,DIR}")] = Path("grid.png")

    def __post_init__(self) -> None:
        check_ranges(self)
        check_ranges(self.style)
        given = [name for name, value in vars(self).items() if value != getattr(type(self), name)]
        what = [name for name in TAKES if name in given]
        if len(what) > 1:
            raise UserError(f"{' and '.join(map(named, what))} make different things; give one of them.")
        for name in set(given) & OPTIONS - set(TAKES[what[0]] if what else ("count", "truncation")):
            raise UserError(
                f"{named(name)} is no option of {named(what[0]) if what else 'plain images'}; leave it out."
            )
        if self.digits is not None and not re.fullmatch("[0-9]+", self.digits):
            raise UserError(f"--digits is {self.digits!r}; it must be a number such as 2026.")
        if self.number is not None:
            numbers.expand(self.number, 1, self.seed)  # raises if it cannot be read
        self.check_form([] if self.is_set else [".png"] if self.number or self.mix else SUFFIXES)
        if self.out.suffix == ".png" and self.images > pictures.MOST_IMAGES:
            raise UserError(f"a picture of {self.images} images is too large; give --out digits.npz.")
        if self.is_set and self.images > LARGEST_SET:
            raise UserError(
                f"--count is {self.images:,}; write {LARGEST_SET:,} numbers at a time, each set with a --seed."
            )
        if self.images > MOST:
            raise UserError(
                f"{self.images:,} images do not fit into memory; make {MOST:,} at a time, each with a --seed."
            )

    def check_form(self, suffixes: Sequence[str]) -> None:
        """Raise a `UserError` unless a file of these suffixes, or without any a new folder, can be written."""
        if suffixes and self.out.suffix not in suffixes:
            raise UserError(f"--out {self.out} must end in {' or '.join(', '.join(suffixes).rsplit(', ', 1))}.")
        if not suffixes and (self.out.suffix or self.out.exists()):
            raise UserError(f"--out {self.out} must be a new folder, for the pictures and their truths.")
        check_out(self.out)

    @property
    def is_set(self) -> bool:
        """Whether numbers are written into a folder, with their truths."""
        return self.number is not None and (self.count is not None or self.number.endswith(numbers.LIST))

    @property
    def images(self) -> int:
        """The number of images."""
        return len(self.digits) if self.digits else self.count or 25


def named(option: str) -> str:
    """Return an option as a user writes it."""
    return {"source": "--from", "style": "--hand, --slant, --spacing, --noise or --paper"}.get(option, flag(option))
