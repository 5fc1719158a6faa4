"""Options: one dataclass → command line, config.json, and back.

`Config` has what every model shares; a file in `models/` derives its own from it. The comment behind a field is its
text in `--help`.
"""

import argparse
import dataclasses
import inspect
import json
import math
import re
import typing
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import tyro

from gan_keras import data, files, models
from gan_keras.console import UserError, nearest


@dataclass(frozen=True)
class Between:
    """The range of an option's values, its ends included."""

    low: float
    high: float = math.inf

    def __str__(self) -> str:
        return f"at least {self.low:g}" if self.high == math.inf else f"from {self.low:g} to {self.high:g}"


Count = Annotated[int, Between(1)]
Rate = Annotated[float, Between(1e-8, 1)]
OptionalRate = Annotated[float | None, Between(1e-8, 1), tyro.conf.arg(metavar="FLOAT")]
Positive = Annotated[float, Between(1e-8)]
NotNegative = Annotated[float, Between(0)]
Fraction = Annotated[float, Between(0, 0.999999)]
Seed = Annotated[int, Between(0, 2**31 - 1)]
OptionalCount = Annotated[int | None, Between(1), tyro.conf.arg(metavar="INT")]
Folder = Annotated[Path | None, tyro.conf.arg(metavar="DIR")]
Schedule = Literal["constant", "linear", "cosine", "cooldown"]
Switch = tyro.conf.FlagCreatePairsOff[bool]  # that can only be switched on


@dataclass(frozen=True, kw_only=True)
class Config:
    """What every run has. The values are checked when it is made: a `UserError` names the option and its range."""

    model: str = ""  # which GAN: the name of a file in gan_keras/models; proposed if not given
    preset: Literal["default", "paper", "quick"] = "default"  # where not given: the model's own, the paper's, or quick
    dataset: str = "mnist"  # [fashion_|k|stacked_]mnist, emnist_[digits|letters|balanced], folder:PATH of your own
    data_dir: Folder = None  # holds the data set's four IDX files, gzipped or not; downloaded if not given
    out: Folder = None  # where the run goes: saved_models/MODEL-DATASET if not given
    epochs: Count = 50  # as in the paper
    steps_per_epoch: OptionalCount = None  # once through the images if not given
    batch_size: Count = 128  # as in the paper
    latent_dim: Count = 100  # as in the paper: so many normal numbers become an image
    learning_rate: Rate = 2e-4  # of both players (Radford et al. 2015)
    generator_learning_rate: OptionalRate = None  # of the generator, where it has one of its own
    beta_1: Fraction = 0.5  # with Adam's own 0.9, players that chase each other oscillate (Radford et al. 2015)
    beta_2: Fraction = 0.999  # Adam's own
    schedule: Schedule = "constant"  # of the learning rate: all but constant end at 0, cooldown falls last
    average_decay: Fraction = 0.999  # of the averaged generator, which is shown and exported; ramps up from 0.1
    critic_steps: Count = 1  # of the discriminator for each step of the generator, each on images of its own
    precision: Literal["auto", "float32", "bfloat16", "float16"] = "auto"  # auto: what the processor is fastest in
    steps_per_execution: Count = 20  # at most so many without returning to Python; progress moves in such strides
    evaluate_every: Annotated[int, Between(0)] = 0  # epochs between live evaluations (digits only); 0 for none
    samples: Count = 64  # digits in the picture that is made after every epoch
    seed: Seed = 0  # the same seed, options and machine give the same run; on a CPU bit for bit
    resume: Switch = False  # go on with the run in --out; what is not given is as it was
    overwrite: Switch = False  # delete the run in --out and start again
    dry_run: Switch = False  # show what would be done, and write nothing

    presets: ClassVar[dict[str, dict[str, Any]]] = {
        "default": {},
        "paper": {},
        "quick": {"epochs": 8, "steps_per_epoch": 100},
    }

    def __post_init__(self) -> None:
        if not self.model:  # a Config made in Python knows its model by the file it stands in
            object.__setattr__(self, "model", type(self).__module__.rpartition(".")[2])
        for name in ("out", "data_dir"):
            if place := getattr(self, name):  # in Python it may be text
                object.__setattr__(self, name, Path(place).expanduser())
        check_ranges(self)
        if self.resume and self.overwrite:
            raise UserError("--resume goes on with a run and --overwrite deletes it; give one of them.")

    @property
    def folder(self) -> Path:
        """The run's folder: `out`, or one named after the model and the data set."""
        return self.out or Path("saved_models") / f"{self.model}-{re.sub('[^A-Za-z0-9_]+', '-', self.dataset)}"

    @property
    def images_per_step(self) -> int:
        """How many real images a step takes."""
        return self.batch_size * self.critic_steps

    def to_json(self) -> dict[str, Any]:
        """Return the options that make the run what it is, ready for `json.dump`."""
        options = {name: value for name, value in vars(self).items() if name not in NOT_SAVED}
        if self.data_dir:
            options["data_dir"] = str(self.data_dir.resolve())  # a run may be resumed from elsewhere
        if self.dataset.startswith(data.FOLDER):
            options["dataset"] = data.FOLDER + str(data.own_folder(self.dataset).resolve())
        return options

    def check_same_run(self, saved: "Config") -> None:
        """Raise a `UserError` if these options are not those of the run `saved`; epochs and places may differ."""
        ours, theirs = self.to_json(), saved.to_json()
        # A schedule that ended cannot have been a longer one's beginning.
        free = {"data_dir"} | ({"epochs"} if self.schedule == "constant" else set())
        for name in ours.keys() - free:
            if ours[name] != theirs.get(name):
                reason = "Its learning rate fell with them. " if name == "epochs" else ""
                raise UserError(
                    f"the run in {self.folder} was made with {flag(name)} {theirs.get(name)}, not {ours[name]}. "
                    f"{reason}Leave the option out to go on with that run, or give another --out to start a new one."
                )


# Where a run is, how its options were chosen, and what to do with it: not what it is.
NOT_SAVED = ("out", "preset", "resume", "overwrite", "dry_run")


def check_ranges(options: Any) -> None:
    """Raise a `UserError` for the first field that is none of its `Literal`s, or outside its `Between`."""
    for name, hint in typing.get_type_hints(type(options), include_extras=True).items():
        value = getattr(options, name)
        if typing.get_origin(hint) is Literal and value not in typing.get_args(hint):
            raise nearest(flag(name), value, typing.get_args(hint))
        for limit in getattr(hint, "__metadata__", ()):
            if isinstance(limit, Between) and value is not None and not limit.low <= value <= limit.high:
                raise UserError(f"{flag(name)} is {value}; it must be {limit}.")


def flag(name: str) -> str:
    """Return the command-line form of an option's name."""
    return "--" + name.replace("_", "-")


def save(config: Config, facts: dict[str, Any]) -> None:
    """Write config.json into the run's folder: the options, and facts about versions and data."""
    files.write_json(config.folder / "config.json", {"options": config.to_json(), **facts})


def load(run: Path) -> tuple[Config, dict[str, Any]]:
    """Return a run's options and facts from its config.json.

    Raises:
        UserError: if the folder holds no run, or its config.json cannot be understood.
    """
    facts = read(run)
    try:
        options = facts.pop("options")
        options["data_dir"] = options["data_dir"] and Path(options["data_dir"])
        return models.load(options["model"]).Config(out=run, **options), facts
    except (KeyError, TypeError, AttributeError) as error:
        raise _damaged(run, error) from None


def read(run: Path) -> dict[str, Any]:
    """Return what is in a run's config.json: its options and facts.

    Raises:
        UserError: if the folder holds no run, or its config.json is no JSON.
    """
    try:
        content = json.loads((run / "config.json").read_text())
    except FileNotFoundError:
        raise UserError(f"there is no run in {run}: it has no config.json.") from None
    except ValueError as error:
        raise _damaged(run, error) from None
    if not isinstance(content, dict) or "options" not in content:
        raise _damaged(run, "it holds no options")
    return content


def _damaged(run: Path, problem: object) -> UserError:
    return UserError(f"{run}/config.json is damaged ({problem}). Restore it, or start a new run with another --out.")


def from_command_line(arguments: Sequence[str] | None, description: str) -> Config:
    """Read the options of the model that `--model` names; what is not given is the preset's, or the resumed run's.

    Raises:
        UserError: for a value out of its range, an unknown model, or a run to resume that is not there.
        SystemExit: with code 2 for options that do not exist, with code 0 after `--help`.
    """
    first = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    for name in ("model", "preset", "dataset", "out"):  # what the defaults of the other options depend on
        first.add_argument(flag(name), type=Path if name == "out" else str, default=argparse.SUPPRESS)
    first.add_argument("--resume", action="store_true")
    given = vars(first.parse_known_args(arguments)[0])
    config_class = models.load(given.get("model", "proposed")).Config  # the best in the least time
    if given.get("preset") not in config_class.presets:
        given.pop("preset", None)  # tyro will say so
    defaults = config_class(**given, **config_class.presets.get(given.get("preset"), {}))
    if defaults.resume and (defaults.folder / "config.json").exists():
        defaults, _ = load(defaults.folder)
    return tyro.cli(
        type(defaults),
        prog=f"python -m gan_keras.train --model {defaults.model}",
        args=arguments,
        default=dataclasses.replace(defaults, out=given.get("out"), resume=False),
        description=f"{description}\n\nModels: {', '.join(models.names())}. This one:\n\n"
        f"{inspect.getdoc(models.load(defaults.model))}",
    )
