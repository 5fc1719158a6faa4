"""A search for better options of a model: many short trainings on validation digits, led by Optuna."""

import dataclasses
import gc
import logging
import os
import platform
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import filelock
import keras
import optuna
from optuna.distributions import BaseDistribution, distribution_to_json
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import TrialState

from gan_keras import data, models
from gan_keras.comparison import budget, search_report
from gan_keras.comparison.records import check_terms
from gan_keras.comparison.space import contains, largest_step, space
from gan_keras.evaluation import classifier
from gan_keras.evaluation.live import LiveEvaluation
from gan_keras.game.config import Config
from gan_keras.options import Count, OptionalCount, OptionalPath, Seed, check_ranges, seconds_of
from gan_keras.training import callbacks, setup
from gan_keras.training.watch import distance
from gan_keras.ui import console, files, pictures
from gan_keras.ui.console import UserError

SEARCHER, SEARCHERS = "searcher", ".searchers"  # what a trial says of its process; the folder where these are
TAKEN = [TrialState.COMPLETE, TrialState.PRUNED, TrialState.RUNNING]  # the last by others, at this moment
FRAMES = 10  # live evaluations in a trial, at each of which a poor one may end


@dataclass(frozen=True, kw_only=True)
class Options:
    """What to search, and for how long."""

    model: str = "proposed"  # the model whose options are searched
    # OPTION=LOW..HIGH or OPTION=ONE,OTHER,…, several of them; default: those above
    over: tuple[str, ...] = ()
    budget: str = "3m"  # training time of each trial, as 300s, 5m or 1h
    trials: Count = 30  # number of trials, with those that were made before
    images: OptionalCount = None  # number of training digits; default: all
    data_dir: OptionalPath = None  # folder or file with MNIST's digits, in any usual layout; default: download them
    seed: Seed = 0  # seed of all trials and of what they try
    # folder for study.log, search.md, search.png and best.json; machines that share it search together
    out: Path = Path("saved_models/search")

    def __post_init__(self) -> None:
        check_ranges(self)
        seconds_of("budget", self.budget)  # a budget that cannot be read is an error at once


def search(options: Options) -> optuna.Study:
    """Make the trials that are missing, and write the report after each; returns the study.

    Any number of processes, on any machines that share the folder, make the trials of one study.

    Raises:
        UserError: for options or data that do not fit together, before anything is trained, or if the folder's study
            searched something else.
    """
    spaces = space(options.model, options.over)
    dataset = data.load("mnist", options.data_dir)
    ruler = classifier.load_for(dataset)
    trains, chosen = validation(options, dataset)
    if (needed := largest_step(options.model, spaces)) > len(trains.images):
        raise UserError(
            f"some trials' steps need {needed} images, and there are {len(trains.images)} to train on. "
            "Give more --images, or smaller batches by --over."
        )
    models.load(options.model).Config().complete(dataclasses.replace(dataset, train=trains))  # can it train on them?
    evaluation = LiveEvaluation(ruler, chosen.images)
    terms = {"model": options.model, "budget": options.budget, "images": len(trains.images), "seed": options.seed}
    terms |= {"data": dataset.sha256, "space": {name: distribution_to_json(one) for name, one in spaces.items()}}
    dataset = dataclasses.replace(dataset, train=trains)
    # Several models compile the same functions of Keras; TensorFlow warns about it as if it were a mistake.
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    options.out.mkdir(parents=True, exist_ok=True)
    lock = filelock.FileLock(options.out / ".lock")  # others may begin at the same moment
    with ExitStack() as until_the_end:
        with lock:
            name = until_the_end.enter_context(searcher(options.out))
            study = open_study(options, terms, spaces)
            retry_abandoned(study, options.out, name)
        while True:
            with lock:
                number = len(study.get_trials(deepcopy=False, states=TAKEN))
                if number >= options.trials:
                    break
                trial = study.ask(spaces)
                trial.set_user_attr(SEARCHER, name)
            given = search_report.written(options.model, trial.params)
            print(f"\n[{number + 1} of {options.trials}] {given}", flush=True)
            attempt(study, trial, options, dataset, evaluation)
            with lock:
                search_report.save(study, options.out)
            keras.backend.clear_session()
            gc.collect()
    return study


def validation(options: Options, dataset: data.Dataset) -> tuple[data.Split, data.Split]:
    """Return the training images, and those that choose, as a run with live evaluation holds them out.

    Raises:
        UserError: if fewer than `--images` are left to train on.
    """
    trains, chosen = setup.hold_out(models.load_sampled(options.model).Config(evaluate_every=1), dataset)
    left, images = len(trains.images), options.images
    if images and left < images:
        raise UserError(f"--images is {images:,}, and only {left:,} are left beside those that choose.")
    return data.Split(*(rows[:images] for rows in trains)), chosen


def open_study(options: Options, terms: dict[str, Any], spaces: dict[str, BaseDistribution]) -> optuna.Study:
    """Return the study in the folder, or a new one that begins with the model's own options, as far as it tries them.

    Raises:
        UserError: if the folder's study has other terms, or is damaged.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    path = options.out / "study.log"
    pruner = optuna.pruners.MedianPruner(n_startup_trials=5, n_warmup_steps=1)
    try:
        storage = JournalStorage(JournalFileBackend(str(path)))
        study = optuna.create_study(study_name="search", storage=storage, pruner=pruner, load_if_exists=True)
    except Exception as error:  # damage makes Optuna raise whatever it comes upon
        raise UserError(f"{path} cannot be read ({type(error).__name__}: {error}). Give another --out.") from None
    if not study.trials:
        for name, value in terms.items():
            study.set_user_attr(name, value)
    check_terms(f"the search in {options.out}", study.user_attrs, terms)
    # Each start draws with another seed, and so does each process: with the same one they would repeat each other.
    others = len(list((options.out / SEARCHERS).iterdir())) - 1
    seed = options.seed + len(study.trials) + 10_000 * others
    study.sampler = optuna.samplers.TPESampler(seed=seed, multivariate=True)
    if not study.trials:
        config = models.load(options.model).Config()
        own = {name: getattr(config, name) for name in spaces}
        study.enqueue_trial({name: value for name, value in own.items() if contains(spaces[name], value)})
    return study


@contextmanager
def searcher(folder: Path) -> Iterator[str]:
    """Yield the name of this process in the folder of a search, where the others see that it is there."""
    name = f"{platform.node()}-{os.getpid()}"
    place = folder / SEARCHERS / name
    try:
        with files.locked(place):
            yield name
    finally:
        files.remove(place)


def retry_abandoned(study: optuna.Study, folder: Path, name: str) -> None:
    """Let trials be made again whose process was stopped; what one on another machine left waits for that machine."""
    for trial in study.get_trials(states=[TrialState.RUNNING]):
        whose = trial.user_attrs.get(SEARCHER, name)
        here = whose.rpartition("-")[0] == platform.node()
        if whose == name or (here and not files.process_in(folder / SEARCHERS / whose)):
            study.tell(trial.number, state=TrialState.FAIL)
            study.enqueue_trial(trial.params)


def attempt(
    study: optuna.Study, trial: optuna.Trial, options: Options, dataset: data.Dataset, evaluation: LiveEvaluation
) -> None:
    """Make a trial and tell the study how good it is; one that cannot be trained or falls behind ends early."""
    try:
        study.tell(trial, measure(trial, options, dataset, evaluation))
    except Exception as error:
        if not isinstance(error, optuna.TrialPruned | UserError) and not console.out_of_memory(error):
            raise
        study.tell(trial, state=TrialState.PRUNED)
        print(f"ended early: {'out of memory' if console.out_of_memory(error) else error}", flush=True)


def measure(trial: optuna.Trial, options: Options, dataset: data.Dataset, evaluation: LiveEvaluation) -> float:
    """Train a model with the options of a trial for the budget's time, and return its distance from validation digits.

    Raises:
        TrialPruned: if it is worse than most of the others at the same part of their training.
        Diverged: if its weights become infinite or not a number.
    """
    config = models.load(options.model).Config(seed=options.seed, epochs=FRAMES, **trial.params)
    seconds = seconds_of("budget", options.budget)
    (step,) = budget.seconds_per_step({options.model: config}, dataset, seconds).values()
    steps = setup.in_executions(max(1, round(seconds / step / FRAMES)), config)
    trial.set_user_attr("steps", FRAMES * steps)
    for frame, values in enumerate(train(config, dataset, steps, evaluation)):
        trial.set_user_attr("values", values)
        trial.report(distance(values), frame)
        if frame + 1 < FRAMES and trial.should_prune():
            raise optuna.TrialPruned("others were better by then")
    print(f"distance {distance(values):.3g}", flush=True)
    return distance(values)


def train(config: Config, dataset: data.Dataset, steps: int, evaluation: LiveEvaluation) -> Iterator[dict[str, float]]:
    """Train in `FRAMES` frames of this many steps, and yield the live values after each."""
    dataset = config.complete(dataset)
    model = setup.build(config, dataset, steps)
    for frame in range(FRAMES):
        batches = setup.batches(config, dataset.train, dataset.partner, skip=frame * steps)
        model.fit(batches, steps_per_epoch=steps, callbacks=[callbacks.Finite(model)], shuffle=False, verbose=0)
        yield evaluation(pictures.to_uint8(model.images_of(model.sample_latents(evaluation.count))))
