"""The options that every model shares; a file in `models/` derives its own from them."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

from gan_keras.data import FOLDER, Conversion, Dataset, load, path_of
from gan_keras.distribution import Strategy
from gan_keras.options import (
    Count,
    Every,
    Folder,
    Fraction,
    Images,
    OptionalCount,
    OptionalPath,
    OptionalRate,
    Rate,
    Schedule,
    Seed,
    Size,
    Switch,
    check_ranges,
    flag,
)
from gan_keras.ui.console import UserError

# Where a run is, how its options were chosen, and what to do with it: these do not change what the run is.
NOT_SAVED = ("out", "preset", "resume", "overwrite", "dry_run", "strategy")
RATES = ("learning_rate", "generator_learning_rate")  # what may change when a run is resumed, as after a divergence


@dataclass(frozen=True, kw_only=True)
class Config(Conversion):
    """The options of a run. They are checked when a `Config` is made: a `UserError` names the option and its range."""

    model: str = ""  # the GAN to train, one of the models above
    # a set of defaults: the model's own, the paper's, or those of a few minutes
    preset: Literal["default", "paper", "quick"] = "default"
    dataset: str = ""  # one of the data sets above; default: what --data-dir holds, or else mnist
    # folder or file with the images, in any usual layout; default: download them
    data_dir: OptionalPath = None
    # devices and machines to train on; auto: all workers that TF_CONFIG or Slurm name, or all GPUs, or one device
    strategy: Strategy = "auto"
    resume: Switch = False  # continue the run in --out; options that are not given stay as they were
    dry_run: Switch = False  # show what would be done, and write nothing

    epochs: Count = 50  # passes over the images; 50 as in the paper
    steps_per_epoch: OptionalCount = None  # training steps in an epoch; default: once through the images
    batch_size: Count = 128  # images in a batch; 128 as in the paper
    learning_rate: Rate = 2e-4  # learning rate of both players; 2e-4 as in Radford et al. 2015
    generator_learning_rate: OptionalRate = None  # the generator's learning rate, if different
    beta_1: Fraction = 0.5  # Adam's momentum; with the usual 0.9 the players oscillate (Radford et al. 2015)
    beta_2: Fraction = 0.999  # decay of Adam's average of squared gradients; 0.999 is Adam's own default
    schedule: Schedule = "constant"  # learning rate over time: the others end at 0; cooldown is constant at first
    cooldown: Fraction = 0.5  # part of the steps, at the end, in which the rate of --schedule cooldown falls
    # decay of the averaged generator, which is shown and exported; rises from 0.1 to this
    average_decay: Fraction = 0.999
    critic_steps: Count = 1  # discriminator steps for each generator step, each on different images
    augment: Switch = False  # move and cover what the discriminator sees; for few images (Zhao et al. 2020)
    # number format; auto: the fastest on this machine
    precision: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    # most training steps per Python call; more is faster, but progress is shown less often
    steps_per_execution: Count = 20
    seed: Seed = 0  # seed of all random numbers; on the same CPU, the same seed and options give the same run

    latent_dim: Size = 100  # size of the latent vector; 100 as in the paper

    out: Folder = None  # folder of the run; default: saved_models/MODEL-DATASET
    overwrite: Switch = False  # delete the run in --out and start again
    samples: Images = 64  # images in the picture that is drawn after each epoch
    evaluate_every: Every = 0  # epochs between live evaluations (MNIST and EMNIST digits only); 0: none

    presets: ClassVar[dict[str, dict[str, Any]]] = {
        "default": {},
        "paper": {},
        "quick": {"epochs": 8, "steps_per_epoch": 100},
    }
    groups: ClassVar[dict[str, tuple[str, ...]]] = {  # how `--help` groups them; a model's own are under "model"
        "basic": ("model", "preset", "strategy", "resume", "dry_run"),
        "data": ("dataset", "data_dir", "image_size", "channels", "invert", "skip_damaged"),
        "training": (
            "epochs",
            "steps_per_epoch",
            "batch_size",
            "learning_rate",
            "generator_learning_rate",
            "beta_1",
            "beta_2",
            "schedule",
            "cooldown",
            "average_decay",
            "critic_steps",
            "augment",
            "precision",
            "steps_per_execution",
            "seed",
        ),
        "model": ("latent_dim",),
        "output": ("out", "overwrite", "samples", "evaluate_every"),
    }

    def __post_init__(self) -> None:
        if not self.model:  # a Config made in Python takes the name of the file that defines it
            object.__setattr__(self, "model", type(self).__module__.rpartition(".")[2])
        if self.dataset.startswith(FOLDER):  # another way to write a data_dir
            if self.data_dir not in (None, path_of(self.dataset)):
                raise UserError(
                    f"--dataset {self.dataset} and --data-dir both say where the images are; give one of them."
                )
            object.__setattr__(self, "data_dir", path_of(self.dataset))
            object.__setattr__(self, "dataset", "")
        for name in ("out", "data_dir"):
            if place := getattr(self, name):  # in Python it may be a string
                object.__setattr__(self, name, Path(place).expanduser())
        object.__setattr__(self, "dataset", self.dataset.replace("-", "_"))
        check_ranges(self)
        self.check_images()
        if self.resume and self.overwrite:
            raise UserError("--resume continues a run and --overwrite deletes it; give one of them.")

    def load_data(self) -> Dataset:
        """Load the data that the options name.

        Raises:
            UserError: if they cannot be found, understood or read.
        """
        return self.complete(load(self.dataset, self.data_dir, self))

    def complete(self, dataset: Dataset) -> Dataset:
        """Return loaded data with whatever else the model trains on.

        Raises:
            UserError: if it cannot train on these data.
        """
        return dataset

    @property
    def folder(self) -> Path:
        """The run's folder: `out`, or one named after the model and the data set."""
        name = self.dataset or (self.data_dir.resolve().name if self.data_dir else "mnist")
        return self.out or Path("saved_models") / f"{self.model}-{path_name(name)}"

    @property
    def images_per_step(self) -> int:
        """The number of real images that a step uses."""
        return self.batch_size * self.critic_steps

    def to_json(self) -> dict[str, Any]:
        """Return the options that make the run what it is, ready for `json.dump`."""
        options = {name: value for name, value in vars(self).items() if name not in NOT_SAVED}
        if self.data_dir:
            options["data_dir"] = str(self.data_dir.resolve())  # a run may be resumed from another folder
        return options

    def changes_since(self, saved: "Config") -> dict[str, Any]:
        """Return the learning rates that differ from those of the run `saved`, with which it was made so far.

        Raises:
            UserError: if these are not the options of that run; epochs, places and learning rates may differ.
        """
        ours, theirs = self.to_json(), saved.to_json()
        # With a schedule, the learning rates so far depend on the number of epochs.
        free = {"data_dir", *RATES} | ({"epochs"} if self.schedule == "constant" else set())
        for name in ours.keys() - free:
            if ours[name] != theirs.get(name):
                reason = f"Its --schedule {self.schedule} depends on them. " if name == "epochs" else ""
                raise UserError(
                    f"the run in {self.folder} was made with {flag(name)} {theirs.get(name)}, not {ours[name]}. "
                    f"{reason}Leave the option out to continue that run, or give another --out to start a new one."
                )
        return {name: theirs[name] for name in RATES if ours[name] != theirs[name]}


def path_name(text: str) -> str:
    """Return a text as part of the name of a folder."""
    return re.sub("[^A-Za-z0-9_]+", "-", text)
