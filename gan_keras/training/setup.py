"""From options and data to a model that is ready to train, with all checks made before anything is written."""

import platform
from contextlib import nullcontext
from typing import Any

import keras
import numpy as np
import tensorflow as tf

import gan_keras
from gan_keras import data, models
from gan_keras.evaluation import live
from gan_keras.evaluation.classifier import Classifier
from gan_keras.game.config import Config
from gan_keras.game.gan import GAN
from gan_keras.layers.precision import native_precision
from gan_keras.options import flag
from gan_keras.training import run_folder
from gan_keras.ui import files
from gan_keras.ui.console import UserError

HELD_OUT = f"every tenth training image, at most {live.SAMPLES}"
FEWEST = 2  # images that live evaluation needs


def check_folder(options: Config) -> dict[str, Any] | None:
    """Return the facts of the run to continue, or None for a new one.

    Raises:
        UserError: if the run to resume is another one, or if a new one would overwrite something unasked.
    """
    folder = options.folder
    files.check_name(folder)
    if options.resume:
        saved, facts = run_folder.load(folder)
        options.changes_since(saved)
        return facts
    if folder.exists() and not folder.is_dir():
        raise UserError(f"{folder} is a file. Give another --out.")
    if not folder.exists() or all(map(files.is_ours, folder.iterdir())):
        return None
    if not (folder / "config.json").exists():
        raise UserError(f"{folder} is not empty and holds no run. Give another --out.")
    if not (options.overwrite or options.dry_run or run_folder.was_never_saved(folder)):
        raise UserError(
            f"{folder} already holds a run. Give --resume to continue it, --overwrite to delete it, or another --out."
        )
    return None


def held_out(options: Config, dataset: data.Dataset) -> np.ndarray:
    """Return the indices of the training images that choose between the epochs of a run instead of being trained on.

    They are every tenth one, or less for no more than `live.SAMPLES`; none without live evaluation. The test images
    only report.
    """
    count = len(dataset.train.images)
    return np.arange(0, count if options.evaluate_every else 0, max(10, -(-count // live.SAMPLES)))


def hold_out(options: Config, dataset: data.Dataset) -> tuple[data.Split, data.Split]:
    """Return the images to train on, and those that `held_out` names."""
    chosen = held_out(options, dataset)
    trains = data.Split(*(np.delete(rows, chosen, axis=0) if len(chosen) else rows for rows in dataset.train))
    return trains, data.Split(*(rows[chosen] for rows in dataset.train))


def batches(
    options: Config,
    trains: data.Split,
    partner: data.Dataset | None,
    skip: int,
    strategy: tf.distribute.Strategy | None = None,
) -> tf.data.Dataset | tf.distribute.DistributedDataset:
    """Return the batches of a run from a step on; with another domain, those of both. Each worker reads its shares."""

    def of_worker(context: tf.distribute.InputContext) -> tf.data.Dataset:
        number = context.num_replicas_in_sync // context.num_input_pipelines
        first = context.input_pipeline_id * number
        shares = data.Shares(number, first, context.num_replicas_in_sync, options.critic_steps)
        stream = data.batches(trains, options.images_per_step, options.seed, skip, shares)
        if partner is None:
            return stream
        # Another seed: in the same order, two sets of equally many images could be pairs.
        others = data.batches(partner.train, options.images_per_step, options.seed + 1, skip, shares)
        return data.beside(stream, others)

    return (strategy or tf.distribute.get_strategy()).distribute_datasets_from_function(of_worker)


def check_replicas(options: Config, replicas: int) -> None:
    """Raise a `UserError` if several replicas cannot train with the options."""
    if options.batch_size % replicas:
        raise UserError(
            f"--batch-size is {options.batch_size}, and {replicas} replicas must get equal shares of a batch. "
            f"Give a multiple of {replicas}, or --strategy none for one device."
        )
    if replicas > 1 and options.precision == "float16":  # Keras looks for what it cannot hold on one replica alone
        raise UserError("--precision float16 is for one device. Give bfloat16, or --strategy none.")


def decisive(options: Config, dataset: data.Dataset) -> dict[str, Any]:
    """Return what must be the same on all workers, by name."""
    partner = dataset.partner.sha256 if dataset.partner else None
    versions = {"gan_keras": gan_keras.__version__, "tensorflow": tf.__version__, "precision": native_precision()}
    return options.to_json() | {"data_dir": None, "data": [dataset.sha256, partner], "versions": versions}


def check_data(options: Config, dataset: data.Dataset, saved: dict[str, Any] | None) -> None:
    """Raise a `UserError` if the data are too few for a step, or not those of the resumed run."""
    total, chosen = len(dataset.train.images), len(held_out(options, dataset))
    needed, there = options.images_per_step, total - chosen
    if dataset.partner:
        there = min(there, len(dataset.partner.train.images))
    if options.evaluate_every and chosen < FEWEST:
        raise UserError(f"--evaluate-every holds out a tenth of the images, and {total} are too few for that.")
    if needed > there:
        raise UserError(f"a step needs {needed} images, and there are only {there}. Give a smaller --batch-size.")
    earlier: dict[str, Any] = saved.get("data", {}) if saved else {}
    for then, now in ((earlier, dataset), (earlier.get("partner", {}), dataset.partner)):
        if saved and now and then.get("sha256") != now.sha256:
            raise UserError(
                f"the run in {options.folder} was trained on other data: {then.get('source')}. "
                f"These are {now.source}. Give its --data-dir, or start a new run with another --out."
            )


def steps_of_an_epoch(options: Config, dataset: data.Dataset) -> int:
    """Return the number of steps in an epoch: once through the images, unless the options say otherwise."""
    images = len(dataset.train.images) - len(held_out(options, dataset))
    return options.steps_per_epoch or in_executions(images // options.images_per_step, options)


def in_executions(steps: int, options: Config) -> int:
    """Return the number of steps, or slightly fewer if then several can run per Python call: 937 is a prime number."""
    fewest = steps - steps // 64
    return max(range(fewest, steps + 1), key=lambda number: (min(8, execution(number, options)), number))


def execution(steps_per_epoch: int, options: Config) -> int:
    """Return the number of steps per Python call: it divides the epoch's steps, so that a call ends with the epoch."""
    return max(steps for steps in range(1, options.steps_per_execution + 1) if steps_per_epoch % steps == 0)


def build(
    options: Config, dataset: data.Dataset, steps_per_epoch: int, strategy: tf.distribute.Strategy | None = None
) -> GAN:
    """Return the untrained model, compiled; on the devices of a strategy if one is given.

    Raises:
        UserError: if the model cannot make images of this size.
    """
    keras.utils.set_random_seed(options.seed)
    with strategy.scope() if strategy and strategy.num_replicas_in_sync > 1 else nullcontext():
        model = models.load(options.model).Model(options, dataset.image_shape, len(dataset.class_names))
        model.class_names = dataset.class_names
        model.compile(
            total_steps=options.epochs * steps_per_epoch,
            steps_per_execution=execution(steps_per_epoch, options),
        )
    return model


def describe(model: GAN, dataset: data.Dataset, steps_per_epoch: int) -> None:
    """Print what a run would do."""
    for name, value in vars(model.config).items():
        if value is not None:  # the default of the others is printed below
            print(f"{flag(name):27}{value}")
    weights = (f"{name} {network.count_params():,}" for name, network in model.networks.items())
    domains = [dataset, *([dataset.partner] if dataset.partner else [])]
    images = [f"{one.describe()}\n" for one in domains]
    print(
        f"\n{''.join(images)}"
        f"weights: {', '.join(weights)}\n"
        f"{model.config.epochs} epochs of {steps_per_epoch} steps, into {model.config.folder}\n"
        "Dry run: nothing was written."
    )


def facts(dataset: data.Dataset, classifier: Classifier | None) -> dict[str, Any]:
    """Return what a run depends on besides its options, for config.json; `classifier` is that of live evaluation."""
    versions = {
        "gan_keras": gan_keras.__version__,
        "python": platform.python_version(),
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
        "numpy": np.__version__,
        "machine": platform.platform(),
        "native_precision": native_precision(),
    }
    evaluation = {"classifier_sha256": classifier.sha256, "held_out": HELD_OUT} if classifier else None
    return {"versions": versions, "data": dataset.facts(), "live_evaluation": evaluation}
