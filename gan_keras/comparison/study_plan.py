"""What the study compares: ways to train a classifier with few labelled images, and the cells of its table."""

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from gan_keras import data
from gan_keras.options import Count, OptionalPath, check_ranges
from gan_keras.ui.console import UserError, nearest

LABELLED_ONLY = "proposed"  # a conditional GAN, which sees nothing but the labelled images
SEMI_SUPERVISED = "sgan"  # a GAN that also sees all the images whose labels are not used


class Method(NamedTuple):
    """A way to train a classifier with few labelled images."""

    about: str
    moves: bool = False  # classical augmentation: each image is slightly shifted, turned and scaled
    gan: str = ""  # the model whose digits are mixed in, if any
    of_gan: bool = False  # whether the classifier is the GAN's own instead

    @property
    def mixes(self) -> bool:
        """Whether a classifier is trained on real and synthetic images together."""
        return bool(self.gan) and not self.of_gan


METHODS = {  # the rows of the table
    "real": Method("the labelled images alone"),
    "classical": Method("the same, slightly shifted, turned and scaled", moves=True),
    "gan": Method("and images of a conditional GAN trained on them alone", gan=LABELLED_ONLY),
    "classical+gan": Method("both", moves=True, gan=LABELLED_ONLY),
    "sgan-images": Method("and images of a GAN that has seen unlabelled images too", gan=SEMI_SUPERVISED),
    "classical+sgan-images": Method("both", moves=True, gan=SEMI_SUPERVISED),
    "sgan": Method("that GAN's own classifier", gan=SEMI_SUPERVISED, of_gan=True),
}


@dataclass(frozen=True, kw_only=True)
class Options(data.Conversion):
    """What to study, and on which terms. The data are named as for `gan_keras.train`."""

    labels: tuple[int, ...] = (50, 100, 500, 1000, 5000)  # numbers of labelled images
    methods: tuple[str, ...] = tuple(METHODS)  # some of the methods above
    seeds: Count = 5  # runs of each method, with the seeds 0, 1, 2, …
    gan_steps: Count = 2000  # training steps of each GAN, rounded up to tens
    classifier_steps: Count = 1000  # training steps of each classifier, the same for all methods
    dataset: str = ""  # the data set; default: what --data-dir holds, or else mnist
    data_dir: OptionalPath = None  # folder or file with labelled images, in any usual layout; default: download them
    out: Path = Path("saved_models/augmentation")  # folder of the study

    def __post_init__(self) -> None:
        check_ranges(self)
        for method in self.methods:
            if method not in METHODS:
                raise nearest("method", method, METHODS)
        for name in ("labels", "methods"):
            given = getattr(self, name)
            if not given or len(set(given)) < len(given):
                raise UserError(f"--{name} is {' '.join(map(str, given)) or 'empty'}; name at least one, each once.")


class Cell(NamedTuple):
    """A number of the table, for one seed."""

    method: str
    labels: int
    seed: int


def cells(options: Options) -> list[Cell]:
    """Return what is to be made: all with the first seed, then all with the next, so that a whole table comes soon."""
    return [
        Cell(method, labels, seed)
        for seed in range(options.seeds)
        for labels in options.labels
        for method in options.methods
    ]
