"""Train a generative adversarial network on handwritten digits.

Examples:
  python -m gan_keras.train --preset quick
  python -m gan_keras.train --model dcgan --dataset fashion_mnist --epochs 20 --out saved_models/clothes
  python -m gan_keras.train --resume --out saved_models/clothes --epochs 40

"""

import dataclasses
import platform
import shlex
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

import gan_keras
from gan_keras import callbacks, classifier, config, console, data, export, files, models, pictures
from gan_keras.classifier import Classifier
from gan_keras.config import Config
from gan_keras.console import UserError
from gan_keras.gan import GAN
from gan_keras.precision import native_precision
from gan_keras.watch import Watch


@console.command
def main(arguments: Sequence[str] | None = None) -> None:
    """Train as the command line says."""
    run(config.from_command_line(arguments, __doc__))


def run(options: Config) -> Path:
    """Train a model, or go on with a run; returns the run's folder.

    Raises:
        UserError: for options or data that do not fit together, before anything is written.
        KeyboardInterrupt: after Ctrl-C, when everything is saved.

    """
    start = time.monotonic()
    saved = check_folder(options)
    dataset = data.load(options.dataset, options.data_dir)
    steps_per_epoch = check_data(options, dataset, saved)
    judge = classifier.load_for(dataset.name) if options.evaluate_every else None
    if options.dry_run:
        describe(options, dataset, steps_per_epoch)
        return options.folder
    if options.overwrite:
        files.remove(options.folder)
    options.folder.mkdir(parents=True, exist_ok=True)
    config.save(options, {"versions": versions(), "data": dataset.facts()})

    model, backup = build(options, dataset, steps_per_epoch)
    print(f"Training {options.model} on {dataset.source}, into {options.folder}", flush=True)
    try:
        fit(model, dataset, steps_per_epoch, backup, judge)
    except KeyboardInterrupt:
        finish(model, options.folder, start)
        print(f"Stopped; everything is saved. Go on with:\n  {resume_command(options)}")
        raise
    finish(model, options.folder, start)
    return options.folder


def check_folder(options: Config) -> dict | None:
    """Return the facts of the run to go on with, or None for a new one; no run is overwritten unasked."""
    folder = options.folder
    if options.resume:
        saved, facts = config.load(folder)
        options.check_same_run(saved)
        return facts
    if not folder.is_dir() or not any(folder.iterdir()):
        return None
    if not (folder / "config.json").exists():
        raise UserError(f"{folder} is not empty and holds no run. Give another --out.")
    if not (options.overwrite or options.dry_run):
        raise UserError(
            f"{folder} holds a run already. Give --resume to go on with it, --overwrite to delete it, or another --out."
        )
    return None


def check_data(options: Config, dataset: data.Dataset, saved: dict | None) -> int:
    """Return the steps of an epoch; raise a `UserError` if the data are too few, or not the resumed run's."""
    batch_size = options.batch_size * options.critic_steps
    count = len(dataset.train.images)
    if batch_size > count:
        raise UserError(f"a step needs {batch_size} images, and there are {count}. Give a smaller --batch-size.")
    if saved and saved["data"]["sha256"] != dataset.facts()["sha256"]:
        raise UserError(
            f"the run in {options.folder} was trained on other data: {saved['data']['source']}. "
            f"These are {dataset.source}. Give its --data-dir, or start a new run with another --out."
        )
    return options.steps_per_epoch or count // batch_size


def describe(options: Config, dataset: data.Dataset, steps_per_epoch: int) -> None:
    """Print what a run would do."""
    for field in dataclasses.fields(options):
        print(f"{config.flag(field.name):24}{getattr(options, field.name)}")
    model = models.load(options.model).Model(options, dataset.image_shape)
    print(
        f"\n{len(dataset.train.images):,} training images {dataset.image_shape}: {dataset.source}\n"
        f"generator {model.generator.count_params():,} weights, "
        f"discriminator {model.discriminator.count_params():,} weights\n"
        f"{options.epochs} epochs of {steps_per_epoch} steps, into {options.folder}\n"
        "Dry run: nothing was written."
    )


def versions() -> dict[str, str]:
    """Return what the run depends on besides its options."""
    return {
        "gan_keras": gan_keras.__version__,
        "python": platform.python_version(),
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
        "numpy": np.__version__,
        "machine": platform.platform(),
        "native_precision": native_precision(),
    }


def build(options: Config, dataset: data.Dataset, steps_per_epoch: int) -> tuple[GAN, callbacks.Backup]:
    """Return the model, restored from the run's backup if there is one, and the callback that makes backups."""
    keras.utils.set_random_seed(options.seed)
    model = models.load(options.model).Model(options, dataset.image_shape)
    model.compile(
        total_steps=options.epochs * steps_per_epoch,
        # An execution must not cross the end of an epoch.
        steps_per_execution=max(n for n in range(1, options.steps_per_execution + 1) if steps_per_epoch % n == 0),
    )
    backup = callbacks.Backup(options.folder / "backup", model, steps_per_epoch)
    backup.restore()
    done = int(model.step) // steps_per_epoch
    if done > options.epochs:
        raise UserError(f"the run in {options.folder} has {done} epochs already; give more --epochs to go on.")
    return model, backup


def fit(
    model: GAN, dataset: data.Dataset, steps_per_epoch: int, backup: callbacks.Backup, judge: Classifier | None
) -> None:
    """Train the epochs that are missing, beginning within an epoch if the run was stopped there."""
    options, folder = model.config, model.config.folder
    first_step, total_steps = int(model.step), options.epochs * steps_per_epoch
    batch_size = options.batch_size * options.critic_steps
    progress = callbacks.Progress(first_step, total_steps, options.epochs)
    log = callbacks.Log(folder / "history.csv", folder / "logs", first_step // steps_per_epoch, batch_size)
    around = [
        log,
        callbacks.Samples(folder / "samples", folder / "logs"),
        progress,
        backup,
    ]
    if judge:  # first, so that the others see its values
        around.insert(0, Watch(options.evaluate_every, judge, dataset.test.images, folder, log.rows))
    with backup.on_interrupt(), progress:
        while (step := int(model.step)) < total_steps:
            epoch, within = divmod(step, steps_per_epoch)
            model.within_epoch = within > 0
            model.fit(
                data.batches(dataset.train, batch_size, options.seed, skip=step),
                initial_epoch=epoch,
                epochs=epoch + 1 if within else options.epochs,
                steps_per_epoch=steps_per_epoch - within,
                callbacks=around,
                shuffle=False,  # the batches are shuffled already
                verbose=0,
            )


def finish(model: GAN, folder: Path, start: float) -> None:
    """Write the GIF, the plot and the SavedModels of a run as it stands, and say where they are."""
    history = callbacks.read_history(folder / "history.csv")
    pngs = [folder / "samples" / f"epoch_{epoch:04d}.png" for epoch in range(len(history) + 1)]
    pictures.save_gif(folder / "progress.gif", pngs, [f"epoch {epoch}" for epoch in range(len(pngs))])
    if history:
        columns = {name: [float(row[name]) for row in history] for name in callbacks.COLUMNS}
        pictures.save_losses(folder / "losses.png", columns)
    export.export(model, folder)
    minutes, seconds = divmod(round(time.monotonic() - start), 60)
    print(
        f"\nMade in {minutes} min {seconds} s:\n"
        f"  {folder}/progress.gif    the digits, epoch by epoch\n"
        f"  {folder}/losses.png      and history.csv: losses and accuracies\n"
        f"  {folder}/generator       SavedModel for tf.saved_model.load; also generator.keras and discriminator\n"
        f"  {folder}/logs            for tensorboard --logdir {folder}/logs\n"
        "Make digits with:\n"
        f"  python -m gan_keras.generate {folder} --count 25 --out grid.png",
        flush=True,
    )


def resume_command(options: Config) -> str:
    """Return the command that goes on with a run."""
    return shlex.join(["python", "-m", "gan_keras.train", "--resume", "--out", str(options.folder)])


if __name__ == "__main__":
    main(sys.argv[1:])
