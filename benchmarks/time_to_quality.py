"""Time how long the default model takes to be as good as what others publish.

They are the usual tutorial's loop and the conditional GANs of `benchmarks.rivals`,
each with its own networks and numbers. As good means: the same `fid_mnist`, for
the same number of samples, real digits and classifier. Only training is timed,
without compilation. It takes hours; after Ctrl-C the same command continues.

Examples:
  python -m benchmarks.time_to_quality --data-dir DIR
  python -m benchmarks.time_to_quality --data-dir DIR --contestants keras_io
  python -m benchmarks.time_to_quality --data-dir DIR --contestants tutorial --tutorial-epochs 5
"""

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tyro

from benchmarks import alone, machine
from gan_keras import data
from gan_keras.evaluation import metrics
from gan_keras.evaluation.classifier import load
from gan_keras.evaluation.live import LiveEvaluation
from gan_keras.models import proposed
from gan_keras.options import Count, OptionalCount, OptionalPath, check_ranges
from gan_keras.training import history, setup
from gan_keras.training.run import run as train
from gan_keras.ui import console, files

CONTESTANTS = ("tutorial", "keras_gan_cgan", "keras_gan_acgan", "keras_io")
SHOWN = ("fid_mnist", "sfid_mnist", "label_accuracy")


@dataclass(frozen=True, kw_only=True)
class Options:
    """What to train, and for how long."""

    contestants: tuple[str, ...] = CONTESTANTS  # whom to compare with
    data_dir: OptionalPath = None  # folder or file with MNIST's digits, in any usual layout; default: download them
    tutorial_epochs: Count = 50  # epochs of the tutorial's loop
    rival_steps: OptionalCount = None  # steps of each of the others; default: as many as were published
    our_epochs: Count = 15  # epochs of the default model; the first that is as good counts
    out: Path = Path("saved_models/time_to_quality")  # folder for the runs, and for results.json with all numbers

    def __post_init__(self) -> None:
        check_ranges(self)
        for name in self.contestants:
            if name not in CONTESTANTS:
                raise console.nearest("contestant", name, CONTESTANTS)

    @property
    def folder(self) -> Path:
        """The folder as an absolute path: each contestant runs in a process of its own."""
        return self.out.expanduser().resolve()

    @property
    def place(self) -> Path | None:
        """Where the digits are, as an absolute path."""
        return self.data_dir and self.data_dir.expanduser().resolve()


@console.command
def main(arguments: Sequence[str] | None = None) -> None:
    """Train all and print their times."""
    options = tyro.cli(Options, prog="python -m benchmarks.time_to_quality", args=arguments, description=__doc__)
    data_dir = options.place
    run = (
        options.folder / f"ours-{options.our_epochs}"
    )  # whose rate falls at the end: another number of epochs is another run
    resume = (run / "config.json").exists()
    ours = proposed.Config(data_dir=data_dir, out=run, epochs=options.our_epochs, evaluate_every=1, resume=resume)
    saved = setup.check_folder(ours)
    dataset = data.load("mnist", data_dir)
    setup.check_data(ours, dataset, saved)
    evaluation = LiveEvaluation(load(), setup.hold_out(ours, dataset)[1].images)
    print(machine.describe(), flush=True)
    digits = len(dataset.train.images)
    results = {name: contend(name, options, digits, evaluation) for name in options.contestants}
    rows = history.read(train(ours) / "history.csv")
    images_per_epoch = setup.steps_of_an_epoch(ours, dataset) * ours.images_per_step
    curve = [{"epoch": int(row["epoch"]), "images_per_second": float(row["images_per_second"])} for row in rows]
    curve = [point | {name: float(row[name]) for name in SHOWN[:2]} for point, row in zip(curve, rows, strict=True)]
    whole = {"machine": machine.describe(), "samples": evaluation.count, "contestants": results, "ours": curve}
    files.write_json(options.folder / "results.json", whole)
    print(table(results, rows, images_per_epoch))


def contend(name: str, options: Options, digits: int, evaluation: LiveEvaluation) -> dict[str, Any]:
    """Return the time of a contestant and how good it became; train it on all `digits` if that is not done yet."""
    out, place = options.folder, options.place and str(options.place)
    if name == "tutorial":
        folder = out / f"tutorial-{digits}"  # other data are another training
        amount = {"epochs": options.tutorial_epochs}
        done = alone.call("tutorial_epochs", data_dir=place, count=evaluation.count, folder=str(folder), **amount)
        return done | measure(evaluation, np.load(folder / "samples.npy"))
    out.mkdir(parents=True, exist_ok=True)
    file = out / f"{name}-{options.rival_steps or 'published'}-{digits}"
    record = file.with_suffix(".json")
    if not record.exists():
        samples = file.with_suffix(".npz")
        arguments = {"data_dir": place, "steps": options.rival_steps, "count": evaluation.count, "file": str(samples)}
        done = alone.call("rival", name=name, **arguments)
        with np.load(samples) as content:
            files.write_json(record, done | measure(evaluation, content["images"], content["labels"]))
    return json.loads(record.read_text(encoding="utf-8"))


def measure(evaluation: LiveEvaluation, images: np.ndarray, labels: np.ndarray | None = None) -> dict[str, float]:
    """Return how good samples are, and if they have labels, the share that a classifier reads as these."""
    values = evaluation(images)
    if labels is not None:
        values |= metrics.classes.label_accuracy(evaluation.classifier(images).logits[:, 0], labels)
    return {name: values[name] for name in SHOWN if name in values}


def table(results: dict[str, dict[str, Any]], rows: list[dict[str, str]], images_per_epoch: int) -> str:
    """Return a row for each contestant, with our time to its quality, in Markdown."""
    lines = [
        f"| | minutes | {' | '.join(SHOWN)} | ours is as good after |",
        f"| --- | --- |{' --- |' * (len(SHOWN) + 1)}",
    ]
    for name, result in results.items():
        cells = [f"{result[value]:.3g}" if value in result else "" for value in SHOWN]
        after = verdict(rows, images_per_epoch, result["fid_mnist"], result["seconds"])
        lines.append(f"| {name} | {result['seconds'] / 60:.1f} | {' | '.join(cells)} | {after} |")
    return "\n".join(lines)


def verdict(rows: list[dict[str, str]], images_per_epoch: int, target: float, their_seconds: float) -> str:
    """Return what the epochs of our run say: when it was as good as the target, and in which part of the time."""
    seconds = 0.0
    for row in rows:
        seconds += images_per_epoch / float(row["images_per_second"])
        if float(row["fid_mnist"]) <= target:
            return (
                f"{seconds / 60:.1f} minutes and {row['epoch']} epochs, with {float(row['fid_mnist']):.2g}: "
                f"{seconds / their_seconds:.0%} of the time"
            )
    best = min(float(row["fid_mnist"]) for row in rows)
    return f"not yet after {seconds / 60:.1f} minutes and {len(rows)} epochs, with {best:.2g}"


if __name__ == "__main__":
    main(sys.argv[1:])
