"""Make a labelled set of digits that other tools read as they read MNIST.

Examples:
  python -m gan_keras.synthesize --count 60000 --test-count 10000 --out digits
  python -m gan_keras.synthesize RUN --format csv --balance 0:10,1:90 --out ones
  python -m gan_keras.synthesize --spread 1 --min-confidence 0 --out plain

It can be stopped at any time: the same command goes on.
"""

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import tyro

from gan_keras import data, distribution
from gan_keras.evaluation import rejection
from gan_keras.exporting import loading, synthesis
from gan_keras.options import Between, Count, OptionalPath, Seed, check_out, check_ranges, optional, read_options
from gan_keras.training import run_folder
from gan_keras.ui import console
from gan_keras.ui.console import UserError

PLAIN = (1.0, 0.0)  # spread of the latents, as in training, and least confidence, which judges none
TEACHING = (1.6, 0.5)  # those with which the package's generator teaches a classifier best: docs/results.md


@dataclass(frozen=True, kw_only=True)
class Options:
    """What to make, and where."""

    # the folder of a run, or of a generator's SavedModel, that takes labels; default: the generator of the package
    run: tyro.conf.Positional[Annotated[Path | None, optional("RUN")]] = None
    count: Count = 60_000  # number of training images; 60,000 as MNIST has
    test_count: Annotated[int, Between(0, 10**9)] = 0  # number of test images, of other latents but made alike
    # shares of the classes: all even, as CLASS:SHARE,CLASS:SHARE,…, or as-data for those of the run's training images
    balance: str = "even"
    format: Literal["idx", "png", "csv", "npz", "tfrecord", "parquet"] = "idx"  # how it is written
    # make an image again unless the digit classifier of the package is as sure of its class; this costs variety;
    # default: 0, which judges none, and 0.5 without RUN
    min_confidence: Annotated[float | None, Between(0, 0.999), optional("FLOAT")] = None
    # width of the latents: above 1 more unusual hands, and failures; default: 1, as in training, and 1.6 without RUN
    spread: Annotated[float | None, Between(0.1, 4), optional("FLOAT")] = None
    truncation: Annotated[float | None, Between(0, 2), optional("FLOAT")] = None  # of a model with styles
    mix_real: Annotated[float, Between(0, 0.999)] = 0.0  # share of the training images that are real ones
    data_dir: OptionalPath = None  # folder or file with the real ones, in any usual layout; default: MNIST's
    seed: Seed = 0  # the same seed gives the same set
    out: Path  # the folder to write, which must not exist

    def __post_init__(self) -> None:
        check_ranges(self)
        if self.data_dir and not self.mix_real:
            raise UserError("--data-dir names the images of --mix-real; give that too.")
        check_out(self.out, must_be_new=True)

    @property
    def spread_and_confidence(self) -> tuple[float, float]:
        """Those that are given, or else those that suit the generator."""
        spread, confidence = PLAIN if self.run else TEACHING
        spread = spread if self.spread is None else self.spread
        return spread, confidence if self.min_confidence is None else self.min_confidence


@console.command
def main(arguments: Sequence[str] | None = None) -> None:
    """Make a set as the command line says."""
    options = read_options(Options, "synthesize", arguments, __doc__)
    start = time.monotonic()
    with distribution.shared_work("Start all of them again: what was made stays.") as cluster:
        card = synthesize(options)
    if not cluster.is_chief:
        return
    total, kept = options.count + options.test_count, card.get("variety_kept")
    variety = f", and lie {kept:.0%} as far apart as all would" if kept else ""  # what rejection has cost
    print(
        f"{total:,} labelled images in {options.out}, {total / (time.monotonic() - start):,.0f} a second; "
        f"{card['accepted_share']:.1%} of those made were accepted{variety}. card.json says how they were made."
    )


def synthesize(options: Options) -> dict[str, Any]:
    """Make a set, and return what its card says.

    Raises:
        UserError: if the model makes no labelled images, or none as they are asked for.
    """
    run = options.run or loading.SHIPPED
    spread, min_confidence = options.spread_and_confidence
    with distribution.sharing().agreed():
        generator = loading.load_generator(run)
        if not hasattr(generator, "classes"):
            raise UserError(f"the model in {run} takes no labels, so it makes no labelled set.")
        seen = run_folder.class_counts(run) if options.balance == "as-data" else None
        order = synthesis.Order(
            counts={"train": options.count, "test": options.test_count},
            balance=synthesis.shares(options.balance, int(generator.classes()), seen),
            seed=options.seed,
            controls=loading.controls_of(generator, run, options.truncation, spread),
        )
    facts = {"generator": str(run), "sha256": synthesis.weights_sha256(generator), "mix_real": options.mix_real}
    facts["min_confidence"] = min_confidence
    measured, real, accept = {}, None, None
    if options.mix_real:
        dataset = data.load("", options.data_dir)
        real = synthesis.real_images(dataset, options.mix_real, generator)
        facts |= {"real": dataset.name, "real_sha256": dataset.sha256}
    if min_confidence:
        accept = rejection.confident(generator, min_confidence)
        measured["variety_kept"] = rejection.variety_kept(generator, order, accept)
    return synthesis.synthesize(
        generator, order, options.out, options.format, facts=facts, measured=measured, accept=accept, real=real
    )


if __name__ == "__main__":
    main(sys.argv[1:])
