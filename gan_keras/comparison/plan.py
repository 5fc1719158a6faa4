"""Who takes part in a comparison, and for how many steps."""

import re
import shlex
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gan_keras import data, models
from gan_keras.comparison import budget
from gan_keras.comparison.options import Options
from gan_keras.game.config import Config
from gan_keras.options import flag
from gan_keras.training import command_line, history, run_folder, setup
from gan_keras.ui.console import UserError

FRAMES = 10  # pictures and live evaluations in a run
STUDY = {"proposed": ["--no-conditional", "--modes", "0"]}  # how the study has a model, where the default here differs
TERMS = (  # the options that are the same for all models of a comparison
    "seed",
    "out",
    "dataset",
    "data_dir",
    "epochs",
    "steps_per_epoch",
    "evaluate_every",
    "resume",
    "overwrite",
    "dry_run",
    "strategy",
)


@dataclass(frozen=True)
class Run:
    """One run of a comparison: to be trained, or finished before and given as a folder."""

    model: str  # as it stands in --models
    options: Config
    facts: dict[str, Any] | None = None  # those of a finished run, from its config.json


def plan(options: Options) -> list[Run]:
    """Return the runs: all models with the first seed, then all with the next, so that a whole table comes soon.

    Raises:
        UserError: for a model or options that do not exist, or that are the same for all runs of a comparison.
    """
    names = [name.strip() for name in options.models.split(",")]
    finished = {name for name in names if name and name not in models.names() and Path(name).expanduser().is_dir()}
    own = {name: own_options(name) for name in names if name not in finished}
    runs = []
    for seed in range(options.seeds):
        for name in names:
            if name in finished:
                runs += [] if seed else [finished_run(name)]
                continue
            folder = options.out / f"{folder_name(name)}-seed{seed}"
            config = replace(
                own[name],
                seed=seed,
                out=folder,
                dataset="mnist",
                data_dir=options.data_dir,
                epochs=options.epochs or FRAMES,
                steps_per_epoch=None,
                evaluate_every=1,
                resume=(folder / "config.json").exists(),
                overwrite=False,
                dry_run=False,
                strategy="none",
            )
            runs.append(Run(name, config))
    places = [(folder_name(run.model), run.options.seed) for run in runs]
    if twice := {run.model for run, place in zip(runs, places, strict=True) if places.count(place) > 1}:
        raise UserError(f"--models names the same model twice, or too much alike: {', '.join(sorted(twice))}.")
    return runs


def folder_name(model: str) -> str:
    """Return what a model is called in a path."""
    return re.sub("[^A-Za-z0-9.]+", "-", str(Path(model)))  # "a/" and "./a" are "a"


def finished_run(name: str) -> Run:
    """Return the run in a folder, to be compared as it is.

    Raises:
        UserError: if the folder holds no run, or one that lacks epochs or exported networks.
    """
    folder = Path(name).expanduser()
    options, facts = run_folder.load(folder)
    if not is_finished(folder, options.epochs):
        raise UserError(f"the run in {folder} is not finished. Continue with: {run_folder.resume_command(options)}")
    return Run(name, options, facts)


def is_finished(folder: Path, epochs: int) -> bool:
    """Return whether a run has all of its epochs and its exported networks."""
    exported = (folder / "generator.keras").exists()  # it is written last
    return exported and len(history.read(folder / "history.csv")) >= epochs


def own_options(name: str) -> Config:
    """Return the options of a model that is written as on the command line of `gan_keras.train`.

    Those that are not given are the study's, or else the defaults.
    """
    if "/" in name.partition(" ")[0]:
        raise UserError(f"--models has {name!r}, and there is no such folder.")
    try:
        model, *arguments = shlex.split(name) or [""]
    except ValueError as error:
        raise UserError(f"--models has {name!r}, which cannot be read ({error}).") from None
    given = {argument.partition("=")[0].replace("_", "-") for argument in arguments}
    if same := given & set(map(flag, TERMS)):
        raise UserError(f"--models has {name!r}, but {', '.join(same)} is the same for all models of a comparison.")
    models.load_sampled(model)
    return command_line.read(["--model", model, *STUDY.get(model, []), *arguments], "")


def within_terms(options: Options, runs: list[Run], dataset: data.Dataset, seconds: dict[str, float]) -> list[Run]:
    """Turn the budget or the epochs into steps of each model, in about `FRAMES` frames.

    A number of steps can be repeated and resumed, and the learning rate's schedule ends with it. The time that a run
    takes in the end is recorded with it: it is the budget only if the machine stays as fast as it was when timed.

    Args:
        options: the comparison's.
        runs: its runs.
        dataset: the images.
        seconds: how long a step of each model takes, as far as it is known; the others are timed and added.

    Raises:
        UserError: for a budget of less than a step for each frame.
    """
    budgeted = options.seconds
    if budgeted is None:
        return [run if run.facts else _framed(run, dataset) for run in runs]
    unknown = {run.model: run.options for run in runs if run.facts is None and run.model not in seconds}
    seconds |= budget.seconds_per_step(unknown, dataset, budgeted)

    def limited(run: Run) -> Run:
        steps = budgeted / seconds[run.model] / FRAMES
        if steps < 1:
            raise UserError(
                f"--budget is too short for {run.model}: {FRAMES} of its steps take "
                f"{FRAMES * seconds[run.model]:.1f} seconds."
            )
        whole = setup.in_executions(round(steps), run.options)
        return replace(run, options=replace(run.options, steps_per_epoch=whole))

    return [run if run.facts else limited(run) for run in runs]


def _framed(run: Run, dataset: data.Dataset) -> Run:
    """Divide a run of few epochs into more and shorter ones, so that its curve has more than a few points."""
    epochs, steps = run.options.epochs, setup.steps_of_an_epoch(run.options, dataset)
    if epochs >= FRAMES:
        return run
    total = epochs * steps
    # From half to twice as many frames: whichever leaves out the fewest steps, and then is nearest to `FRAMES`.
    frames = min(range(FRAMES // 2, 2 * FRAMES), key=lambda number: (total % number, abs(number - FRAMES)))
    if total < frames:
        return run
    return replace(run, options=replace(run.options, epochs=frames, steps_per_epoch=total // frames))
