"""The options of an evaluation."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro

from gan_keras.evaluation.evaluation import FEWEST
from gan_keras.options import Between, Count, Folder, OptionalPath, OptionalText, Seed, Switch, check_ranges


@dataclass(frozen=True)
class Options:
    """What to measure, and with what."""

    # the folder of a run or of a generator's SavedModel, or a file .npy or .npz of uint8 images, with labels if known
    source: tyro.conf.Positional[Path]
    samples: Annotated[int, Between(FEWEST)] = 10_000  # number of images; at most the number of real test images
    dataset: OptionalText = None  # the real images; default: those of the run, or mnist
    data_dir: OptionalPath = None  # folder or file with them, in any usual layout; default: the run's, or a download
    features: Literal["digits", "inception"] = "digits"  # ruler; inception is the literature's: slow, made for photos
    classifier: Folder = None  # ruler made by gan_keras.classifier; default: the digit classifier of the package
    # sets of samples to measure, of which the first is reported; several give a standard error for every value
    repeats: Count = 1
    labelled: Switch = False  # also train a classifier on labelled samples, as many as there are training images
    out: Folder = None  # folder for metrics.json, metrics.jsonl and report.png; default: beside the source
    seed: Seed = 0  # seed of the samples

    def __post_init__(self) -> None:
        check_ranges(self)
