"""Compare models that train for the same time: the tables and figures of the paper, measured.

Examples:
  python -m gan_keras.compare --models vanilla,dcgan,wgan,proposed --budget 300s --seeds 3
  python -m gan_keras.compare --models "dcgan,proposed,proposed --noise 0.1" --epochs 5 --out saved_models/noise
  python -m gan_keras.compare --models dcgan,saved_models/mine --budget 20m --data-dir DIR

It can be stopped at any time; the same command goes on. More --models or --seeds add to what is there.
"""

import gc
import json
import logging
import re
import shlex
import sys
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import keras
import numpy as np
import tyro

from gan_keras import budget, callbacks, classifier, config, console, data, evaluate, files, models, standings, train
from gan_keras.config import Between, Config, Count, Folder, OptionalCount, check_ranges
from gan_keras.console import UserError

FRAMES = 10  # pictures and live evaluations in a run that has a budget
CALIBRATION = 1 / 15  # of the budget is for timing a model's steps before


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
            raise UserError(f"--budget is {self.budget!r}; it must be a time such as 300s, 5m or 1h, above 0.")
        return float(match[1]) * {"s": 1, "m": 60, "h": 3600}[match[2]]


@dataclass(frozen=True)
class Run:
    """One run of a comparison: to be trained, or finished before and given as a folder."""

    model: str  # as it stands in --models
    options: Config
    facts: dict[str, Any] | None = None  # of a given run, from its config.json


@console.command
def main(arguments: Sequence[str] | None = None) -> None:
    """Compare as the command line says."""
    options = tyro.cli(Options, prog="python -m gan_keras.compare", args=arguments, description=__doc__)
    compare(options)


def compare(options: Options) -> dict[str, Any]:
    """Train what is not trained yet, measure it, and write comparison.json, tables and pictures after each run.

    Raises:
        UserError: for options or data that do not fit together, before anything is trained.
        KeyboardInterrupt: after Ctrl-C, when what can be saved is saved.
    """
    # Several models compile the same functions of Keras, which TensorFlow warns of as if it were a mistake.
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    runs = plan(options)
    published = standings.read_published(options.paper, {run.model for run in runs}) if options.paper else {}
    dataset = data.load("mnist", options.data_dir)
    for run in runs:
        train.check_data(run.options, dataset, run.facts)
    result = load_or_begin(options, dataset)
    try:
        if options.seconds:
            runs = within_budget(options, runs, dataset, result["seconds_per_step"])
        save(options, result)
        missing = [run for run in runs if recorded(result, run) is None]
        for run in missing:
            print(f"\n[{runs.index(run) + 1} of {len(runs)}] {run.model}, seed {run.options.seed}", flush=True)
            result["runs"].append(measure(options, run, dataset))
            save(options, result)
            show(options, result, runs, published)
            keras.backend.clear_session()
            gc.collect()
    except KeyboardInterrupt:
        print("The same command of gan_keras.compare goes on with the whole comparison.")
        raise
    if not missing:  # other published values, or fewer models than before, make other tables
        show(options, result, runs, published)
    print(f"\n{(options.out / 'comparison.md').read_text()}")
    print(f"In {options.out}: comparison.json, comparison.md, curves.png, samples.png")
    return result


# Who takes part


def plan(options: Options) -> list[Run]:
    """Return the runs: all models with the first seed, then all with the next, so that there is soon a whole table.

    Raises:
        UserError: for a model or options that do not exist, or that the comparison sets itself.
    """
    names = [name.strip() for name in options.models.split(",")]
    runs = []
    for seed in range(options.seeds):
        for name in names:
            if name and name not in models.names() and Path(name).expanduser().is_dir():
                if not seed:
                    runs.append(given_run(name))
                continue
            if "/" in name.partition(" ")[0]:
                raise UserError(f"--models has {name!r}, and there is no such folder.")
            folder = options.out / f"{folder_name(name)}-seed{seed}"
            terms = {
                "seed": seed,
                "out": folder,
                "dataset": "mnist",
                "data_dir": options.data_dir,
                "epochs": options.epochs or FRAMES,
                "steps_per_epoch": None,
                "evaluate_every": 1,
                "resume": (folder / "config.json").exists(),
                "overwrite": False,
                "dry_run": False,
            }
            runs.append(Run(name, replace(own_options(name, terms.keys()), **terms)))
    places = [(folder_name(run.model), run.options.seed) for run in runs]
    if twice := {run.model for run, place in zip(runs, places, strict=True) if places.count(place) > 1}:
        raise UserError(f"--models names the same model twice, or too much alike: {', '.join(sorted(twice))}.")
    return runs


def folder_name(model: str) -> str:
    """Return what a model is called in a path."""
    return re.sub("[^A-Za-z0-9.]+", "-", str(Path(model)))  # "a/" and "./a" are "a"


def given_run(name: str) -> Run:
    """Return the run in a folder, to be taken as it is.

    Raises:
        UserError: if the folder holds no run, or one that has not all its epochs, or was not exported.
    """
    folder = Path(name).expanduser()
    options, facts = config.load(folder)
    exported = all((folder / part / "saved_model.pb").exists() for part in ("generator", "discriminator"))
    if not exported or len(callbacks.read_history(folder / "history.csv")) < options.epochs:
        raise UserError(f"the run in {folder} is not finished. Go on with: {train.resume_command(options)}")
    return Run(name, options, facts)


def own_options(name: str, taken: Collection[str]) -> Config:
    """Return the options of a model that is written as on the command line of `gan_keras.train`."""
    try:
        model, *arguments = shlex.split(name) or [""]
    except ValueError as error:
        raise UserError(f"--models has {name!r}, which cannot be read ({error}).") from None
    given = {argument.partition("=")[0].replace("_", "-") for argument in arguments}
    if same := given & set(map(config.flag, taken)):
        raise UserError(f"--models has {name!r}, but {', '.join(same)} is the same for all models of a comparison.")
    return config.from_command_line(["--model", model, *arguments], __doc__)


# How long they train


def load_or_begin(options: Options, dataset: data.Dataset) -> dict[str, Any]:
    """Return what comparison.json holds: of this comparison so far, or of a new one.

    Raises:
        UserError: if the folder holds a comparison on other terms, or something else.
    """
    terms = {
        "budget_seconds": options.seconds,
        "epochs": options.epochs,
        "samples": min(options.samples, len(dataset.test.images)),
        "data": dataset.facts()["sha256"],
        "ruler": classifier.load_for(dataset.name).sha256,
    }
    path = options.out / "comparison.json"
    if path.exists():
        try:
            result = json.loads(path.read_text())
            before, _ = result["terms"], result["runs"]
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

    So the time that a run takes in the end, which is written down with it, is the budget only if the machine stays as
    fast as it was. `seconds` is how long a step of each model takes, as far as it is known already, and gets the rest.

    Raises:
        UserError: for a budget of less than a step for each frame.
    """
    unknown = {run.model: run.options for run in runs if run.facts is None and run.model not in seconds}
    seconds |= budget.seconds_per_step(unknown, dataset, options.seconds * CALIBRATION)

    def limited(run: Run) -> Run:
        steps = options.seconds / seconds[run.model] / FRAMES
        if steps < 1:
            raise UserError(
                f"--budget is too short for {run.model}: {FRAMES} of its steps take "
                f"{FRAMES * seconds[run.model]:.1f} seconds."
            )
        whole = train.in_executions(round(steps), run.options)
        return replace(run, options=replace(run.options, steps_per_epoch=whole))

    return [run if run.facts else limited(run) for run in runs]


# What becomes of them


def recorded(result: dict[str, Any], run: Run) -> dict[str, Any] | None:
    """Return what is known of a run that was measured before, or that failed.

    Raises:
        UserError: if that run had other options than this one.
    """
    for one in result["runs"]:
        if (one["model"], one["options"]["seed"]) == (run.model, run.options.seed):
            options = run.options.to_json()
            for name in options.keys() - {"data_dir"}:
                if one["options"].get(name) != options[name]:
                    raise UserError(
                        f"the comparison holds {run.model} with {config.flag(name)} {one['options'].get(name)}, "
                        f"not {options[name]}. Give another --out."
                    )
            return one
    return None


def measure(options: Options, run: Run, dataset: data.Dataset) -> dict[str, Any]:
    """Train a run if it is not given, evaluate it, and return its values and how they came about."""
    folder = run.options.folder
    record = {"model": run.model, "options": run.options.to_json()}
    if run.facts is None:
        try:
            train.run(run.options)
        except callbacks.Diverged as error:
            print(f"{run.model}, seed {run.options.seed}, failed: {error}")
            return record | {"failed": str(error)}
    evaluated = evaluate.evaluate(
        evaluate.Options(
            source=folder,
            samples=options.samples,
            dataset="mnist",
            data_dir=options.data_dir,
            out=options.out / f"{folder_name(run.model)}-metrics" if run.facts else None,  # a given run stays as it is
        )
    )
    history = callbacks.read_history(folder / "history.csv")
    images_per_epoch = train.steps_of_an_epoch(run.options, dataset) * run.options.images_per_step
    minutes = np.cumsum([images_per_epoch / float(row["images_per_second"]) / 60 for row in history]).tolist()
    values = evaluated["metrics"]
    values |= {
        "epochs": len(history) * images_per_epoch / len(dataset.train.images),
        "minutes": minutes[-1],
        "accuracy": (values["discriminator_real_accuracy"] + values["discriminator_fake_accuracy"]) / 2,
    }
    curve = [
        {"minutes": minute} | {name: float(row[name]) for name in standings.CURVES if row.get(name)}
        for minute, row in zip(minutes, history, strict=True)
    ]
    return record | {"date": evaluated["date"], "values": values, "real": evaluated["real"], "curve": curve}


def show(options: Options, result: dict[str, Any], runs: list[Run], published: standings.Published) -> None:
    """Write the tables and pictures of this command's runs, as far as they are measured."""
    known = [(one, run.options.folder) for run in runs if (one := recorded(result, run))]
    standings.write(options.out, result, known, command_line(options), published)


def save(options: Options, result: dict[str, Any]) -> None:
    """Write comparison.json."""
    options.out.mkdir(parents=True, exist_ok=True)
    files.write_json(options.out / "comparison.json", result)


def command_line(options: Options) -> str:
    """Return the command that makes this comparison."""
    given = {config.flag(name): str(value) for name, value in vars(options).items() if value is not None}
    return shlex.join(["python", "-m", "gan_keras.compare", *(part for pair in given.items() for part in pair)])


if __name__ == "__main__":
    main(sys.argv[1:])
