"""Train a generative adversarial network on handwritten digits.

Examples:
  python -m gan_keras.train --preset quick
  python -m gan_keras.train --model dcgan --dataset fashion_mnist --epochs 20 --out saved_models/clothes
  python -m gan_keras.train --resume --out saved_models/clothes --epochs 40
"""

import platform
import shlex
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

import gan_keras
from gan_keras import callbacks, classifier, config, console, data, export, files, models, pictures, watch
from gan_keras.classifier import Classifier
from gan_keras.config import Config
from gan_keras.console import UserError
from gan_keras.gan import GAN
from gan_keras.precision import native_precision


@console.command
def main(arguments: Sequence[str] | None = None) -> None:
    """Train as the command line says."""
    options = config.from_command_line(arguments, __doc__)
    try:
        run(options)
    except callbacks.Stopped:
        print(f"Everything is saved. Go on with:\n  {resume_command(options)}")
        raise


def run(options: Config) -> Path:
    """Train a model, or go on with a run; returns the run's folder.

    Raises:
        UserError: for options or data that do not fit together, before anything is written.
        callbacks.Stopped: after Ctrl-C, when everything is saved.
    """
    start = time.monotonic()
    saved = check_folder(options)
    dataset = data.load(options.dataset, options.data_dir)
    check_data(options, dataset, saved)
    steps_per_epoch = steps_of_an_epoch(options, dataset)
    digit_classifier = classifier.load_for(dataset.name) if options.evaluate_every else None
    model = build(options, dataset, steps_per_epoch)
    if options.dry_run:
        describe(model, dataset, steps_per_epoch)
        return options.folder
    backup = callbacks.Backup(options.folder / "backup", model, steps_per_epoch)
    if saved:
        backup.restore()
        before, now = saved.get("versions", {}).get("native_precision"), native_precision()
        if options.precision == "auto" and before not in (None, now):
            print(f"Note: this run was begun in {before}, and goes on in {now}, in which this machine is faster.")
        if (done := int(model.step) / steps_per_epoch) > options.epochs:
            raise UserError(f"the run in {options.folder} has {done:.3g} epochs already; give more --epochs to go on.")
        if done == options.epochs:
            more = "; give more --epochs to train on" if options.schedule == "constant" else ", and its rate has fallen"
            print(f"Note: this run has its {options.epochs} epochs{more}.")
    options.folder.mkdir(parents=True, exist_ok=True)
    if not saved:
        for child in options.folder.iterdir():
            files.remove(child)
    config.save(options, saved or facts(dataset, digit_classifier))

    going_on = f", from step {int(model.step):,} on" if saved else ""
    print(f"Training {options.model} on {dataset.source}, into {options.folder}{going_on}", flush=True)
    try:
        fit(model, dataset, steps_per_epoch, backup, digit_classifier)
    except callbacks.Stopped:
        finish(model, start)
        raise
    finish(model, start)
    return options.folder


def check_folder(options: Config) -> dict | None:
    """Return the facts of the run to go on with, or None for a new one; no run is overwritten unasked."""
    folder = options.folder
    if options.resume:
        saved, facts = config.load(folder)
        options.check_same_run(saved)
        return facts
    if folder.exists() and not folder.is_dir():
        raise UserError(f"{folder} is a file. Give another --out.")
    if not folder.exists() or not any(folder.iterdir()):
        return None
    if not (folder / "config.json").exists():
        raise UserError(f"{folder} is not empty and holds no run. Give another --out.")
    if not (options.overwrite or options.dry_run):
        raise UserError(
            f"{folder} holds a run already. Give --resume to go on with it, --overwrite to delete it, or another --out."
        )
    return None


def check_data(options: Config, dataset: data.Dataset, saved: dict | None) -> None:
    """Raise a `UserError` if the data are too few for a step, or not the resumed run's."""
    needed, there = options.images_per_step, len(dataset.train.images)
    if needed > there:
        raise UserError(f"a step needs {needed} images, and there are {there}. Give a smaller --batch-size.")
    if saved and saved.get("data", {}).get("sha256") != dataset.facts()["sha256"]:
        raise UserError(
            f"the run in {options.folder} was trained on other data: {saved.get('data', {}).get('source')}. "
            f"These are {dataset.source}. Give its --data-dir, or start a new run with another --out."
        )


def steps_of_an_epoch(options: Config, dataset: data.Dataset) -> int:
    """Return how many steps an epoch has: as many as the data are good for, if the options do not say."""
    return options.steps_per_epoch or in_executions(len(dataset.train.images) // options.images_per_step, options)


def in_executions(steps: int, options: Config) -> int:
    """Return so many steps, or a few less if then several can run at a time: 937 is a prime number."""
    fewest = steps - steps // 64
    return max(range(fewest, steps + 1), key=lambda number: (min(8, execution(number, options)), number))


def execution(steps_per_epoch: int, options: Config) -> int:
    """Return how many steps to run without returning to Python: an execution must not cross the end of an epoch.

    One at a time, a step of the DCGAN takes 2 % longer, of 4 images 9 % (`python -m benchmarks.tricks`, two cores with
    AVX2).
    """
    return max(steps for steps in range(1, options.steps_per_execution + 1) if steps_per_epoch % steps == 0)


def build(options: Config, dataset: data.Dataset, steps_per_epoch: int) -> GAN:
    """Return the untrained model."""
    keras.utils.set_random_seed(options.seed)
    model = models.load(options.model).Model(options, dataset.image_shape, len(dataset.class_names))
    model.compile(
        total_steps=options.epochs * steps_per_epoch,
        steps_per_execution=execution(steps_per_epoch, options),
    )
    return model


def describe(model: GAN, dataset: data.Dataset, steps_per_epoch: int) -> None:
    """Print what a run would do."""
    for name, value in vars(model.config).items():
        if value is not None:  # what is worked out instead follows
            print(f"{config.flag(name):27}{value}")
    print(
        f"\n{len(dataset.train.images):,} training images {dataset.image_shape}: {dataset.source}\n"
        f"generator {model.generator.count_params():,} weights, "
        f"discriminator {model.discriminator.count_params():,} weights\n"
        f"{model.config.epochs} epochs of {steps_per_epoch} steps, into {model.config.folder}\n"
        "Dry run: nothing was written."
    )


def facts(dataset: data.Dataset, digit_classifier: Classifier | None) -> dict:
    """Return what a run depends on besides its options, for config.json."""
    versions = {
        "gan_keras": gan_keras.__version__,
        "python": platform.python_version(),
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
        "numpy": np.__version__,
        "machine": platform.platform(),
        "native_precision": native_precision(),
    }
    live = {"classifier_sha256": digit_classifier.sha256, "samples": watch.SAMPLES} if digit_classifier else None
    return {"versions": versions, "data": dataset.facts(), "live_evaluation": live}


def fit(
    model: GAN,
    dataset: data.Dataset,
    steps_per_epoch: int,
    backup: callbacks.Backup,
    digit_classifier: Classifier | None,
) -> None:
    """Train the epochs that are missing, beginning within an epoch if the run was stopped there."""
    options, folder = model.config, model.config.folder
    first_step, total_steps = int(model.step), options.epochs * steps_per_epoch
    with files.writing(folder):
        writer = tf.summary.create_file_writer(str(folder / "logs"))
    log = callbacks.Log(folder / "history.csv", writer, first_step // steps_per_epoch, options.images_per_step)
    progress = callbacks.Progress(first_step, total_steps, options.epochs)
    around = [log, callbacks.Samples(folder / "samples", writer), progress, backup]
    if digit_classifier:  # first, so that the others see its values
        around.insert(0, watch.Watch(options.evaluate_every, digit_classifier, dataset.test.images, folder, log.rows))
    with backup.on_interrupt(), progress, closing(writer):
        while (step := int(model.step)) < total_steps:
            epoch, within = divmod(step, steps_per_epoch)
            model.within_epoch = within > 0
            model.fit(
                data.batches(dataset.train, options.images_per_step, options.seed, skip=step),
                initial_epoch=epoch,
                epochs=epoch + 1 if within else options.epochs,
                steps_per_epoch=steps_per_epoch - within,
                callbacks=around,
                shuffle=False,  # the batches are shuffled already
                verbose=0,
            )


def finish(model: GAN, start: float) -> None:
    """Write the GIF, the plot and the SavedModels of a run as it stands, and say where they are."""
    folder = model.config.folder
    history = callbacks.read_history(folder / "history.csv")
    pngs = [folder / "samples" / f"epoch_{epoch:04d}.png" for epoch in range(len(history) + 1)]
    pictures.save_gif(folder / "progress.gif", pngs, [f"epoch {epoch}" for epoch in range(len(pngs))])
    if history:
        columns = {name: [float(row[name]) for row in history] for name in callbacks.COLUMNS}
        pictures.save_losses(folder / "losses.png", columns)
    export.export(model, folder)
    minutes, seconds = divmod(round(time.monotonic() - start), 60)
    losses = f"  {folder}/losses.png      and history.csv: losses and accuracies\n" if history else ""
    print(
        f"\nMade in {minutes} min {seconds} s, after step {int(model.step):,}:\n"
        f"  {folder}/progress.gif    the digits, epoch by epoch\n"
        f"{losses}"
        f"  {folder}/generator       SavedModel for tf.saved_model.load; also generator.keras and discriminator\n"
        f"  {folder}/logs            for tensorboard --logdir {folder}/logs\n"
        "Make digits and measure them with:\n"
        f"  python -m gan_keras.generate {folder} --count 25 --out grid.png\n"
        f"  python -m gan_keras.evaluate {folder}",
        flush=True,
    )


def resume_command(options: Config) -> str:
    """Return the command that goes on with a run."""
    return shlex.join(["python", "-m", "gan_keras.train", "--resume", "--out", str(options.folder)])


if __name__ == "__main__":
    main(sys.argv[1:])
