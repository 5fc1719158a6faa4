"""Compare models that train for the same time: the tables and figures of the paper, measured.

Examples:
  python -m gan_keras.compare --models vanilla,dcgan,wgan,proposed --budget 300s --seeds 3
  python -m gan_keras.compare --models "dcgan,proposed,proposed --noise 0" --epochs 5 --out saved_models/noise
  python -m gan_keras.compare --models dcgan,saved_models/mine --budget 20m --data-dir DIR

It can be stopped at any time; the same command goes on. More --models or --seeds add to what is there.
"""

import csv
import gc
import json
import re
import shlex
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import keras
import numpy as np
import tyro

from gan_keras import callbacks, config, console, data, evaluate, files, standings, train
from gan_keras.config import Between, Config, Count, Folder, OptionalCount, check_ranges
from gan_keras.console import UserError

FRAMES = 10  # pictures and live evaluations in a run that has a budget
STRIDE = 8  # a frame's steps are a multiple of it, so that several of them run without returning to Python
CALIBRATION = 10.0  # seconds for which a model's steps are timed


@dataclass(frozen=True)
class Options:
    """What to compare, and on which terms."""

    # With commas: names of models, each with options of its own if there are any; also folders of finished runs.
    models: str = "vanilla,cgan,dcgan,wgan,proposed"
    budget: str | None = None  # training time of each run, as 300s, 5m or 1h: 300s if --epochs is not given either
    epochs: OptionalCount = None  # of each run, in the place of a budget
    seeds: Count = 3  # runs of each model
    data_dir: Folder = None  # holds MNIST's four IDX files, gzipped or not; downloaded if not given
    samples: Annotated[int, Between(evaluate.FEWEST)] = 10_000  # that each run is measured by
    # A .csv of published values to show beside the measured: model, and any of fid_mnist, score_mnist, epochs, ….
    paper: Annotated[Path | None, tyro.conf.arg(metavar="CSV")] = None
    out: Path = Path("saved_models/comparison")  # where everything goes

    def __post_init__(self) -> None:
        check_ranges(self)
        if self.budget and self.epochs:
            raise UserError("--budget and --epochs are two ways to say how long to train; give one of them.")
        _ = self.seconds

    @property
    def seconds(self) -> float | None:
        """The budget in seconds; None where the epochs are given."""
        if self.epochs:
            return None
        match = re.fullmatch(r"([0-9]*\.?[0-9]+)(s|m|h)", self.budget or "300s")
        if not match or not float(match[1]):
            raise UserError(f"--budget is {self.budget!r}; it must be a time such as 300s, 5m or 1h.")
        return float(match[1]) * {"s": 1, "m": 60, "h": 3600}[match[2]]


@dataclass(frozen=True)
class Run:
    """One run of a comparison: to be trained, or a folder that holds a finished one."""

    model: str  # as it stands in --models
    options: Config
    finished: bool = False


@console.command
def main(arguments: Sequence[str] | None = None) -> None:
    """Compare as the command line says."""
    options = tyro.cli(Options, prog="python -m gan_keras.compare", args=arguments, description=__doc__)
    compare(options)


def compare(options: Options) -> dict:
    """Train what is not trained yet, measure it, and write comparison.json, tables and pictures after each run.

    Raises:
        UserError: for options or data that do not fit together, before anything is trained.
        KeyboardInterrupt: after Ctrl-C, when everything is saved.
    """
    runs = enter(options)
    published = read_published(options.paper) if options.paper else {}
    dataset = data.load("mnist", options.data_dir)
    for run in runs:
        train.check_data(run.options, dataset, None)
    result = begin(options, dataset)
    if options.seconds:
        runs = within_budget(options, runs, dataset, result["seconds_per_step"])
    save(options, result)
    for number, run in enumerate(runs, 1):
        if recorded(result, run) is None:
            print(f"\n[{number} of {len(runs)}] {run.model}, seed {run.options.seed}", flush=True)
            result["runs"].append(measure(options, run, dataset))
            save(options, result)
            keras.backend.clear_session()
            gc.collect()
        shown = [one for other in runs if (one := recorded(result, other))]  # of this command's models only
        standings.write(options.out, result, shown, command_line(options), published)
    print(f"\n{(options.out / 'comparison.md').read_text()}")
    print(f"In {options.out}: comparison.json, comparison.md, curves.png, samples.png")
    return result


# Who takes part


def enter(options: Options) -> list[Run]:
    """Return the runs: all models with the first seed, then all with the next, so that there is soon a whole table.

    Raises:
        UserError: for a model or options that do not exist, or that the comparison sets itself.
    """
    names = [name.strip() for name in options.models.split(",")]
    if twice := {name for name in names if names.count(name) > 1}:
        raise UserError(f"--models names {', '.join(twice)} twice.")
    runs = []
    for seed in range(options.seeds):
        for name in names:
            if (Path(name) / "config.json").exists():
                if not seed:
                    runs.append(Run(name, config.load(Path(name))[0], finished=True))
                continue
            folder = options.out / f"{re.sub('[^A-Za-z0-9.]+', '-', name)}-seed{seed}"
            terms = {"seed": seed, "out": folder, "data_dir": options.data_dir, "evaluate_every": 1}
            terms |= {"epochs": options.epochs or FRAMES, "resume": (folder / "config.json").exists()}
            runs.append(Run(name, replace(own_options(name, terms.keys()), **terms)))
    return runs


def own_options(name: str, taken: Sequence[str]) -> Config:
    """Return the options of a model that is written as on the command line of `gan_keras.train`."""
    try:
        model, *arguments = shlex.split(name) or [""]
    except ValueError as error:
        raise UserError(f"--models has {name!r}, which cannot be read ({error}).") from None
    given = {argument.partition("=")[0] for argument in arguments}
    for option in (*map(config.flag, taken), "--steps-per-epoch", "--dataset", "--overwrite", "--dry-run"):
        if option in given:
            raise UserError(f"--models has {name!r}, but {option} is the same for all models of a comparison.")
    return config.from_command_line(["--model", model, *arguments], __doc__)


def read_published(path: Path) -> dict[str, dict[str, str]]:
    """Return a table of published values by model and column.

    Raises:
        UserError: if the file has no column `model`, or one that no table has.
    """
    try:
        with path.open(newline="") as file:
            reader = csv.DictReader(file)
            columns, rows = reader.fieldnames or [], list(reader)
    except (UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"{path} cannot be read as CSV ({error}).") from None
    known = ["model", *standings.QUALITY, *standings.DISCRIMINATOR]
    if "model" not in columns or set(columns) - set(known):
        raise UserError(f"{path} has the columns {', '.join(columns)}; it needs model, and may have {known[1:]}.")
    return {row["model"]: row for row in rows}


# How long they train


def begin(options: Options, dataset: data.Dataset) -> dict[str, Any]:
    """Return what comparison.json holds: of this comparison so far, or of a new one.

    Raises:
        UserError: if the folder holds a comparison on other terms, or something else.
    """
    terms = {
        "budget_seconds": options.seconds,
        "epochs": options.epochs,
        "samples": options.samples,
        "data": dataset.facts()["sha256"],
    }
    path = options.out / "comparison.json"
    if path.exists():
        try:
            result = json.loads(path.read_text())
            before = result["terms"]
        except (ValueError, KeyError, TypeError) as error:
            raise UserError(f"{path} is damaged ({error}). Give another --out.") from None
        for name, value in terms.items():
            if before.get(name) != value:
                raise UserError(
                    f"the comparison in {options.out} has {name} {before.get(name)}, not {value}. Give another --out."
                )
        return result
    if options.out.exists() and (not options.out.is_dir() or any(options.out.iterdir())):
        raise UserError(f"{options.out} is not empty and holds no comparison. Give another --out.")
    return {"terms": terms, **train.facts(dataset, None), "seconds_per_step": {}, "runs": []}


def within_budget(options: Options, runs: list[Run], dataset: data.Dataset, seconds: dict[str, float]) -> list[Run]:
    """Turn the budget into steps of each model, so that its schedule ends with it and its runs can be repeated.

    All models are timed before the first is trained. `seconds` is how long a step of each takes, as far as it is known
    already, and gets the rest.
    """
    for run in runs:
        if not run.finished and run.model not in seconds:
            seconds[run.model] = seconds_per_step(run.options, dataset)
            print(f"{run.model}: {1000 * seconds[run.model]:.0f} ms for a step", flush=True)

    def limited(run: Run) -> Run:
        steps = options.seconds / seconds[run.model] / FRAMES
        return replace(
            run, options=replace(run.options, steps_per_epoch=STRIDE * round(steps / STRIDE) or max(1, round(steps)))
        )

    return [run if run.finished else limited(run) for run in runs]


def seconds_per_step(options: Config, dataset: data.Dataset) -> float:
    """Time the steps of an untrained model. The first ones do not count: TensorFlow compiles them."""
    model = train.build(options, dataset, options.steps_per_execution)
    batches = data.batches(dataset.train, options.batch_size * options.critic_steps, options.seed)

    def some_steps() -> None:
        model.fit(batches, steps_per_epoch=options.steps_per_execution, verbose=0, shuffle=False)

    some_steps()
    start, before = time.perf_counter(), int(model.step)
    while (seconds := time.perf_counter() - start) < CALIBRATION:
        some_steps()
    return seconds / (int(model.step) - before)


# What becomes of them


def recorded(result: dict[str, Any], run: Run) -> dict[str, Any] | None:
    """Return what is known of a run that was measured before."""
    return next((one for one in result["runs"] if (one["model"], one["seed"]) == (run.model, run.options.seed)), None)


def measure(options: Options, run: Run, dataset: data.Dataset) -> dict[str, Any]:
    """Train a run if that is not done, evaluate it, and return its values and how they came about."""
    try:
        folder = run.options.folder if run.finished else train.run(run.options)
    except KeyboardInterrupt:
        print("The same command of gan_keras.compare goes on with the comparison.")
        raise
    evaluated = evaluate.evaluate(
        evaluate.Options(source=folder, samples=options.samples, dataset="mnist", data_dir=options.data_dir)
    )
    images = train.check_data(run.options, dataset, None) * run.options.batch_size * run.options.critic_steps
    history = callbacks.read_history(folder / "history.csv")
    minutes = np.cumsum([images / float(row["images_per_second"]) / 60 for row in history]).tolist()
    values = evaluated["metrics"]
    accuracies = (values["discriminator_real_accuracy"], values["discriminator_fake_accuracy"])
    values |= {
        "epochs": len(history) * images / len(dataset.train.images),
        "minutes": minutes[-1],
        "accuracy": float(np.mean(accuracies)),
    }
    curve = [
        {"minutes": minute} | {name: float(row[name]) for name in ("fid_mnist", "score_mnist")}
        for minute, row in zip(minutes, history, strict=True)
        if row.get("fid_mnist")
    ]
    return {
        "model": run.model,
        "seed": run.options.seed,
        "folder": str(folder),
        "values": values,
        "real": evaluated["real"],
        "curve": curve,
    }


def save(options: Options, result: dict[str, Any]) -> None:
    """Write comparison.json."""
    options.out.mkdir(parents=True, exist_ok=True)
    with files.replacing(options.out / "comparison.json") as temporary:
        temporary.write_text(json.dumps(result, indent=2) + "\n")


def command_line(options: Options) -> str:
    """Return the command that makes this comparison."""
    given = {config.flag(name): str(value) for name, value in vars(options).items() if value is not None}
    return shlex.join(["python", "-m", "gan_keras.compare", *(part for pair in given.items() for part in pair)])


if __name__ == "__main__":
    main(sys.argv[1:])
