"""Time how long the default model takes to be as good as a tutorial's loop.

As good means: the same `fid_mnist`, for the same number of samples and with the
same classifier. Only training is timed, without compilation. It takes hours;
after Ctrl-C the same command continues from the last epoch.

Examples:
  python -m benchmarks.time_to_quality --data-dir DIR
  python -m benchmarks.time_to_quality --data-dir DIR --tutorial-epochs 5 --our-epochs 3
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tyro

from benchmarks import alone, machine
from gan_keras import data
from gan_keras.evaluation import live
from gan_keras.evaluation.classifier import load
from gan_keras.models import proposed
from gan_keras.options import Count, OptionalPath, check_ranges
from gan_keras.training import history, setup
from gan_keras.training.run import run as train
from gan_keras.ui import console


@dataclass(frozen=True, kw_only=True)
class Options:
    """What to train, and for how long."""

    data_dir: OptionalPath = None  # folder or file with MNIST's digits, in any usual layout; default: download them
    tutorial_epochs: Count = 50  # epochs of the tutorial's loop
    our_epochs: Count = 15  # epochs of the default model; the first that is as good counts
    out: Path = Path("saved_models/time_to_quality")  # folder for both runs

    def __post_init__(self) -> None:
        check_ranges(self)


@console.command
def main(arguments: Sequence[str] | None = None) -> None:
    """Train both and print their times."""
    options = tyro.cli(Options, prog="python -m benchmarks.time_to_quality", args=arguments, description=__doc__)
    out, data_dir = options.out.expanduser().resolve(), options.data_dir and options.data_dir.expanduser().resolve()
    run = out / f"ours-{options.our_epochs}"  # whose rate falls at the end: another number of epochs is another run
    resume = (run / "config.json").exists()
    ours = proposed.Config(data_dir=data_dir, out=run, epochs=options.our_epochs, evaluate_every=1, resume=resume)
    saved = setup.check_folder(ours)
    dataset = data.load("mnist", data_dir)
    setup.check_data(ours, dataset, saved)
    folder = out / f"tutorial-{len(dataset.train.images)}"  # other data are another training
    evaluation = live.LiveEvaluation(load(), dataset.test.images)
    print(machine.describe(), flush=True)
    tutorial = alone.call(
        "tutorial_epochs",
        data_dir=data_dir and str(data_dir),
        epochs=options.tutorial_epochs,
        count=evaluation.count,
        folder=str(folder),
    )
    target = evaluation(np.load(folder / "samples.npy"))["fid_mnist"]
    print(
        f"tutorial: {tutorial['seconds'] / 60:.1f} minutes for {tutorial['epochs']} epochs, "
        f"fid_mnist {target:.1f} with {evaluation.count:,} samples",
        flush=True,
    )
    rows = history.read(train(ours) / "history.csv")
    images_per_epoch = setup.steps_of_an_epoch(ours, dataset) * ours.images_per_step
    print(verdict(rows, images_per_epoch, target, tutorial["seconds"]))


def verdict(rows: list[dict[str, str]], images_per_epoch: int, target: float, tutorial_seconds: float) -> str:
    """Return what the epochs of our run say: when it was as good as the target, and in which part of the time."""
    seconds = 0.0
    for row in rows:
        seconds += images_per_epoch / float(row["images_per_second"])
        if float(row["fid_mnist"]) <= target:
            return (
                f"ours: {seconds / 60:.1f} minutes for {row['epoch']} epochs, fid_mnist {float(row['fid_mnist']):.1f}: "
                f"{seconds / tutorial_seconds:.0%} of the tutorial's time"
            )
    best = min(float(row["fid_mnist"]) for row in rows)
    return f"ours: not yet after {seconds / 60:.1f} minutes and {len(rows)} epochs; best fid_mnist {best:.1f}"


if __name__ == "__main__":
    main(sys.argv[1:])
