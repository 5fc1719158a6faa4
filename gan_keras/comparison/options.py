"""The options of a comparison."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from gan_keras.evaluation.evaluation import FEWEST
from gan_keras.options import (
    Between,
    Count,
    OptionalCount,
    OptionalPath,
    OptionalText,
    check_ranges,
    optional,
    seconds_of,
)
from gan_keras.ui.console import UserError


@dataclass(frozen=True)
class Options:
    """What to compare, and on which terms."""

    # models separated by commas, each with its own options if any; also folders of finished runs
    models: str = "vanilla,cgan,dcgan,wgan,proposed"
    budget: OptionalText = None  # training time of each run, as 300s, 5m or 1h; default: 300s, unless --epochs is given
    epochs: OptionalCount = None  # passes over the images in each run, instead of a budget
    seeds: Count = 3  # runs of each model, with the seeds 0, 1, 2, …
    data_dir: OptionalPath = None  # folder or file with MNIST's digits, in any usual layout; default: download them
    samples: Annotated[int, Between(FEWEST)] = 10_000  # number of images that each run is measured by
    # published values to show beside the measured ones: columns model, fid_mnist, …; default: those of the paper
    paper: Annotated[Path | None, optional("CSV")] = None
    out: Path = Path("saved_models/comparison")  # folder of the comparison

    def __post_init__(self) -> None:
        check_ranges(self)
        if self.budget and self.epochs:
            raise UserError("--budget and --epochs both say how long to train; give one of them.")
        _ = self.seconds  # a budget that cannot be read is an error at once

    @property
    def seconds(self) -> float | None:
        """The budget in seconds; None if the epochs are given."""
        if self.epochs:
            return None
        return seconds_of("budget", self.budget or "300s")
