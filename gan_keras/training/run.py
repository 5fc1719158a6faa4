"""A training run from its options to its exported networks."""

import dataclasses
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import tensorflow as tf

from gan_keras import data
from gan_keras.evaluation import classifier
from gan_keras.evaluation.live import LiveEvaluation
from gan_keras.exporting import saved_model, translation
from gan_keras.game.config import RATES, Config
from gan_keras.game.gan import GAN
from gan_keras.layers.precision import native_precision
from gan_keras.options import command
from gan_keras.training import callbacks, history, run_folder, setup, watch
from gan_keras.training.backup import Backup, Stopped
from gan_keras.ui import files, pictures
from gan_keras.ui.console import UserError


def run(options: Config) -> Path:
    """Train a model, or continue a run; returns the run's folder.

    Raises:
        UserError: for options or data that do not fit together, before anything is written; `callbacks.Diverged` if the
            training diverges, when the last good generator is exported.
        Stopped: after Ctrl-C or another signal to stop, when everything is saved.
    """
    start = time.monotonic()
    saved = setup.check_folder(options)
    dataset = options.load_data()
    setup.check_data(options, dataset, saved)
    steps_per_epoch = setup.steps_of_an_epoch(options, dataset)
    ruler = classifier.load_for(dataset) if options.evaluate_every else None
    model = setup.build(options, dataset, steps_per_epoch)
    if options.evaluate_every and "generator" not in model.averages:
        raise UserError(f"{options.model} has no generator that --evaluate-every could measure.")
    if options.dry_run:
        setup.describe(model, dataset, steps_per_epoch)
        return options.folder
    with files.locked(options.folder):
        saved = setup.check_folder(options)  # another process may have been here since
        backup = Backup(options.folder / "backup", model, steps_per_epoch)
        if saved:
            backup.restore()
            say_how_it_continues(model, saved, steps_per_epoch)
            if changed := options.changes_since(run_folder.load(options.folder)[0]):
                saved["changes"] = [*saved.get("changes", []), {**changed, "until_step": int(model.step)}]
        else:
            run_folder.clear(options.folder)
        run_folder.save(options, saved or setup.facts(dataset, ruler))

        how = "with labels" if model.reads_labels else "without labels"
        continued = f", from step {int(model.step):,}" if saved else ""
        domains = [dataset.describe(), *([dataset.partner.describe()] if dataset.partner else [])]
        on = "\n  ".join([f"Training {options.model} {how} on", *domains])
        print(f"{on}\ninto {options.folder}{continued}", flush=True)
        try:
            fit(model, dataset, steps_per_epoch, backup, ruler)
        except callbacks.Diverged as error:
            if backup.restore():
                finish(model, dataset, start)
            raise callbacks.Diverged(error.cause, what_helps(model)) from None
        except Stopped:
            finish(model, dataset, start)
            raise
        finish(model, dataset, start)
    return options.folder


def what_helps(model: GAN) -> str:
    """Return what a user can do after a run has diverged, and is back at its last backup."""
    if not int(model.step):
        return "Start again with a lower --learning-rate, or with --precision float32."
    rates = {name: value / 4 for name in RATES if (value := getattr(model.config, name))}
    return (
        f"The state of step {int(model.step):,} is saved and exported. Continue from there at a lower rate:\n"
        f"  {run_folder.resume_command(model.config, **rates)}"
    )


def say_how_it_continues(model: GAN, saved: dict[str, Any], steps_per_epoch: int) -> None:
    """Print what a user may not expect of a resumed run.

    Raises:
        UserError: if it has more epochs than the options ask for.
    """
    options = model.config
    before, now = saved.get("versions", {}).get("native_precision"), native_precision()
    if options.precision == "auto" and before not in (None, now):
        print(f"Note: this run was started in {before} and continues in {now}, which is faster on this machine.")
    done = int(model.step) / steps_per_epoch
    if done > options.epochs:
        raise UserError(f"the run in {options.folder} already has {done:.3g} epochs; give more --epochs to continue.")
    if done == options.epochs:
        more = (
            "Give more --epochs to continue."
            if options.schedule == "constant"
            else f"Its --schedule {options.schedule} has ended; for a longer run give more --epochs and another --out."
        )
        print(f"Note: this run is finished, with all of its {options.epochs} epochs. {more}")


def fit(
    model: GAN, dataset: data.Dataset, steps_per_epoch: int, backup: Backup, ruler: classifier.Classifier | None
) -> None:
    """Train the missing epochs, starting within an epoch if the run was stopped there."""
    options, folder = model.config, model.config.folder
    trains, chosen = setup.hold_out(options, dataset)
    first_step, total_steps = int(model.step), options.epochs * steps_per_epoch
    with files.writing(folder):
        writer = tf.summary.create_file_writer(str(folder / "logs"))
    log = callbacks.Log(folder / "history.csv", writer, first_step // steps_per_epoch, options.images_per_step)
    samples = callbacks.Samples(folder / "samples", examples(dataset, options.samples), writer)
    progress = callbacks.Progress(first_step, total_steps, options.epochs)
    around = [callbacks.Finite(model), log, samples, backup, progress]
    if ruler:  # before those that show its values
        evaluation = LiveEvaluation(ruler, chosen.images)
        around.insert(1, watch.Watch(options.evaluate_every, evaluation, folder, log.rows))
    with backup.on_interrupt(), progress, closing(writer):
        while (step := int(model.step)) < total_steps:
            epoch, within = divmod(step, steps_per_epoch)
            model.within_epoch = within > 0
            model.fit(
                setup.batches(options, trains, dataset.partner, skip=step),
                initial_epoch=epoch,
                epochs=epoch + 1 if within else options.epochs,
                steps_per_epoch=steps_per_epoch - within,
                callbacks=around,
                shuffle=False,  # the batches are shuffled already
                verbose=0,
            )


def examples(dataset: data.Dataset, count: int) -> data.Batch:
    """Return real images for the picture after each epoch: the first test images, or else training images."""
    split = dataset.test if len(dataset.test.images) else dataset.train
    batch = {"image": data.standardise(split.images[:count]), "label": tf.constant(split.labels[:count])}
    partner = examples(dataset.partner, count) if dataset.partner else {}
    return batch | {f"{data.PARTNER}{name}": value for name, value in partner.items()}


def finish(model: GAN, dataset: data.Dataset, start: float) -> None:
    """Write the GIF, the plot and the SavedModels of a run as it stands, and say where they are."""
    options, folder = model.config, model.config.folder
    rows = history.read(folder / "history.csv")
    drawn = range(int(rows[-1]["epoch"]) + 1 if rows else 1)
    pngs = {folder / "samples" / f"epoch_{epoch:04d}.png": f"epoch {epoch}" for epoch in drawn}
    pngs = {png: caption for png, caption in pngs.items() if pictures.is_sound(png)}
    if pngs:
        pictures.save_gif(folder / "progress.gif", list(pngs), list(pngs.values()))
    if rows:
        names = ["epoch", *(name for name in model.tracked if name in rows[0])]
        pictures.save_losses(folder / "losses.png", {name: [float(row[name]) for row in rows] for name in names})
    exported = saved_model.export(model, folder)
    watch.export_best(model, folder)
    minutes, seconds = divmod(round(time.monotonic() - start), 60)
    print(
        f"\nDone in {minutes} min {seconds} s, after step {int(model.step):,}. In {folder}:\n"
        "  progress.gif   the digits, epoch by epoch\n"
        + ("  losses.png     losses and accuracies; the numbers are in history.csv\n" if rows else "")
        + f"  {', '.join(f'{name}/' for name in exported)}: SavedModels for tf.saved_model.load\n"
        f"  logs/          for tensorboard --logdir {folder}/logs\n" + next_commands(options, dataset, exported),
        flush=True,
    )


def next_commands(options: Config, dataset: data.Dataset, exported: list[str]) -> str:
    """Return what to say about the commands that use what a model has exported."""
    if translation.TO_TARGET in exported:
        translate = command("generate", options.folder, **{"from": "IMAGES", "out": "translated.png"})
        return said(
            "Translate images and measure the translations with", translate, command("evaluate", options.folder)
        )
    if "generator" not in exported:
        return ""
    commands = [command("generate", options.folder, count=25, out="grid.png")]
    if not classifier.is_of_digits(dataset):  # the classifier of the package knows only digits
        chosen = ("dataset", "data_dir", *(field.name for field in dataclasses.fields(data.Conversion)))
        given = {name: getattr(options, name) for name in chosen}
        commands.append(command("classifier", **given, out="my_classifier"))
    return said("Make images and measure them with", *commands, command("evaluate", options.folder))


def said(what: str, *commands: str) -> str:
    """Return commands as text, each in a line of its own."""
    return f"{what}:\n" + "\n".join(f"  {one}" for one in commands)
