"""Time how long the default model takes to be as good as the usual tutorial loop is after its 50 epochs.

As good means: the same `fid_mnist`, of the same number of samples, by the same classifier. Only training is timed, and
no compilation. It takes hours; after Ctrl-C the same command goes on from the last epoch.

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
from gan_keras import callbacks, classifier, console, data, metrics, train, watch
from gan_keras.config import Count, Folder, check_ranges
from gan_keras.models import proposed


@dataclass(frozen=True, kw_only=True)
class Options:
    """What to train, and for how long."""

    data_dir: Folder = None  # holds MNIST's four IDX files; downloaded if not given
    tutorial_epochs: Count = 50
    our_epochs: Count = 15  # the first that is as good counts; the learning rate falls in the last tenth of them
    out: Path = Path("saved_models/time_to_quality")  # both runs are kept here

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
    saved = train.check_folder(ours)
    dataset = data.load("mnist", data_dir)
    train.check_data(ours, dataset, saved)
    folder = out / f"tutorial-{len(dataset.train.images)}"  # not to go on with other data
    real = dataset.test.images[: watch.SAMPLES]
    ruler = classifier.load()
    print(machine.describe(), flush=True)
    tutorial = alone.call(
        "tutorial_epochs",
        data_dir=data_dir and str(data_dir),
        epochs=options.tutorial_epochs,
        count=len(real),
        folder=str(folder),
    )
    samples = np.load(folder / "samples.npy")
    target = metrics.frechet_distance(ruler(real)[0], ruler(samples)[0])["fid"]
    print(
        f"tutorial: {tutorial['seconds'] / 60:.1f} minutes for {tutorial['epochs']} epochs, "
        f"fid_mnist {target:.1f} on {len(real):,} samples",
        flush=True,
    )
    history = callbacks.read_history(train.run(ours) / "history.csv")
    images_per_epoch = train.steps_of_an_epoch(ours, dataset) * ours.images_per_step
    print(verdict(history, images_per_epoch, target, tutorial["seconds"]))


def verdict(history: list[dict[str, str]], images_per_epoch: int, target: float, tutorial_seconds: float) -> str:
    """Return what the epochs of our run say: when it was as good as the target, and in which part of the time."""
    seconds = 0.0
    for row in history:
        seconds += images_per_epoch / float(row["images_per_second"])
        if float(row["fid_mnist"]) <= target:
            return (
                f"ours: {seconds / 60:.1f} minutes for {row['epoch']} epochs, fid_mnist {float(row['fid_mnist']):.1f}: "
                f"{seconds / tutorial_seconds:.0%} of the tutorial's time"
            )
    best = min(float(row["fid_mnist"]) for row in history)
    return f"ours: not yet after {seconds / 60:.1f} minutes and {len(history)} epochs; best fid_mnist {best:.1f}"


if __name__ == "__main__":
    main(sys.argv[1:])
