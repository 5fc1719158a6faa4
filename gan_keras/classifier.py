"""Train a classifier whose features can measure images of its data set.

Examples:
  python -m gan_keras.classifier --data-dir DIR --out my_classifier
  python -m gan_keras.classifier --dataset fashion_mnist --out clothes
"""

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gan_keras import data
from gan_keras.data.dataset import TEST_EVERY
from gan_keras.evaluation import classifier
from gan_keras.options import OptionalPath, command, read_options
from gan_keras.ui import console
from gan_keras.ui.console import UserError


@dataclass(frozen=True, kw_only=True)
class Options(classifier.Training, data.Conversion):
    """What to train on, how, and where the classifier goes. The data are named as for `gan_keras.train`."""

    dataset: str = ""  # the data set; default: what --data-dir holds, or else mnist
    data_dir: OptionalPath = None  # folder or file with the images, in any usual layout; default: download them
    out: Path = Path("digit_classifier")  # a new folder for classifier.keras and card.json


@console.command
def main(arguments: Sequence[str] | None = None) -> None:
    """Train a classifier and write it with its card."""
    options = read_options(Options, "classifier", arguments, __doc__)
    if options.out.exists():
        raise UserError(f"{options.out} exists already. Give another --out.")
    dataset = data.load(options.dataset, options.data_dir, options)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    if not len(dataset.test.images):
        raise UserError(f"{dataset.source}: no image is left for the test. Each class needs at least {TEST_EVERY}.")
    start = time.monotonic()
    network = classifier.train(dataset.train, len(dataset.class_names), options)
    given = {name: value for name, value in vars(options).items() if name not in ("data_dir", "out")}
    card = classifier.describe(network, dataset, command("classifier", **given), time.monotonic() - start)
    classifier.write(network, card, options.out)
    print(f"{card['test_accuracy']:.2%} of {len(dataset.test.images):,} test images right; in {options.out}")


if __name__ == "__main__":
    main(sys.argv[1:])
