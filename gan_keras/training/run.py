"""A training run from its options to its exported networks."""

import dataclasses
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from gan_keras import data, distribution
from gan_keras.distribution import Cluster
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
    cluster = distribution.join(options.strategy)
    with cluster.explained(how_to_go_on(options)), ExitStack() as until_the_end:
        with cluster.agreed():
            setup.check_replicas(options, cluster.strategy.num_replicas_in_sync)
            saved = setup.check_folder(options) if cluster.is_chief else None
            dataset = options.load_data()
            setup.check_data(options, dataset, saved)
            steps_per_epoch = setup.steps_of_an_epoch(options, dataset)
            ruler = classifier.load_for(dataset) if options.evaluate_every else None
        cluster.check_alike(setup.decisive(options, dataset))
        model = setup.build(options, dataset, steps_per_epoch, cluster.strategy)
        if options.evaluate_every and model.sampled not in model.averages:
            raise UserError(f"{options.model} has no network that --evaluate-every could measure.")
        if options.dry_run:
            if cluster.is_chief:
                setup.describe(model, dataset, steps_per_epoch)
            return options.folder
        backup = Backup(options.folder / "backup", model, steps_per_epoch, cluster)
        with cluster.agreed():
            if cluster.is_chief:
                until_the_end.enter_context(files.locked(options.folder))
                begin(backup, dataset, ruler)
        backup.broadcast()
        announce(model, dataset, cluster)
        try:
            fit(model, dataset, steps_per_epoch, backup, ruler)
        except callbacks.Diverged as error:
            if cluster.is_chief and backup.restore():
                finish(model, dataset, start)
            cluster.wait()
            helps = what_helps(model) if cluster.is_chief else "The first worker says how to go on."
            raise callbacks.Diverged(error.cause, helps) from None
        except Stopped:
            end(model, dataset, start, cluster)
            raise
        end(model, dataset, start, cluster)
    return options.folder


def how_to_go_on(options: Config) -> str:
    """Return what to do when a worker is lost."""
    return (
        f"What was saved last in {options.folder}/backup is whole. To go on from there, start all workers again by the "
        f"same command with --resume, or where all see this folder by:\n  {run_folder.resume_command(options)}"
    )


def begin(backup: Backup, dataset: data.Dataset, ruler: classifier.Classifier | None) -> None:
    """Make the folder of a new run, or restore the run that is continued.

    Raises:
        UserError: if the run to continue is another one.
    """
    model, options = backup.trained, backup.trained.config
    saved = setup.check_folder(options)  # another process may have been here since
    if saved:
        backup.restore()
        say_how_it_continues(model, saved, backup.steps_per_epoch)
        if changed := options.changes_since(run_folder.load(options.folder)[0]):
            saved["changes"] = [*saved.get("changes", []), {**changed, "until_step": model.steps_done}]
    else:
        run_folder.clear(options.folder)
    run_folder.save(options, saved or setup.facts(dataset, ruler))


def announce(model: GAN, dataset: data.Dataset, cluster: Cluster) -> None:
    """Print what is trained on what, and where."""
    options = model.config
    if not cluster.is_chief:
        print(f"Worker {cluster.number + 1} of {cluster.workers} helps; the first one says how it goes.", flush=True)
        return
    how = "with labels" if model.reads_labels else "without labels"
    where = f", {cluster.describe()}" if cluster.strategy.num_replicas_in_sync > 1 else ""
    continued = f", from step {model.steps_done:,}" if model.steps_done else ""
    domains = [dataset.describe(), *([dataset.partner.describe()] if dataset.partner else [])]
    on = "\n  ".join([f"Training {options.model} {how}{where} on", *domains])
    print(f"{on}\ninto {options.folder}{continued}", flush=True)


def end(model: GAN, dataset: data.Dataset, start: float, cluster: Cluster) -> None:
    """Let the chief finish the run, while the others wait: a worker that has gone looks like one that has died."""
    if cluster.is_chief:
        finish(model, dataset, start)
    cluster.wait()


def what_helps(model: GAN) -> str:
    """Return what a user can do after a run has diverged, and is back at its last backup."""
    if not model.steps_done:
        return "Start again with a lower --learning-rate, or with --precision float32."
    rates = {name: value / 4 for name in RATES if (value := getattr(model.config, name))}
    return (
        f"The state of step {model.steps_done:,} is saved and exported. Continue from there at a lower rate:\n"
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
    done = model.steps_done / steps_per_epoch
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
    options, cluster = model.config, backup.cluster
    trains, chosen = setup.hold_out(options, dataset)
    total_steps = options.epochs * steps_per_epoch
    around = [callbacks.Finite(model), backup]
    with backup.on_interrupt(), ExitStack() as until_the_end:
        if cluster.is_chief:
            evaluation = LiveEvaluation(ruler, chosen.images) if ruler else None
            around[1:] = until_the_end.enter_context(writing(backup, dataset, evaluation))
        while (step := model.steps_done) < total_steps:
            epoch, within = divmod(step, steps_per_epoch)
            model.within_epoch = within > 0
            model.fit(
                setup.batches(options, trains, dataset.partner, step, cluster.strategy),
                initial_epoch=epoch,
                epochs=epoch + 1 if within else options.epochs,
                steps_per_epoch=steps_per_epoch - within,
                callbacks=around,
                shuffle=False,  # the batches are shuffled already
                verbose=0,
            )


@contextmanager
def writing(
    backup: Backup, dataset: data.Dataset, evaluation: LiveEvaluation | None
) -> Iterator[list[keras.callbacks.Callback]]:
    """Yield the callbacks that write and show something, in their order; the backup is among them."""
    model, options, folder = backup.trained, backup.trained.config, backup.trained.config.folder
    with files.writing(folder):
        writer = tf.summary.create_file_writer(str(folder / "logs"))
    first_epoch = model.steps_done // backup.steps_per_epoch
    log = callbacks.Log(folder / "history.csv", writer, first_epoch, options.images_per_step)
    samples = callbacks.Samples(folder / "samples", examples(dataset, options.samples), writer)
    progress = callbacks.Progress(model.steps_done, options.epochs * backup.steps_per_epoch, options.epochs)
    # Before those that show its values.
    watched = []
    if evaluation:
        translated = partners(dataset, evaluation.count)
        watched.append(watch.Watch(options.evaluate_every, evaluation, folder, log.rows, translated))
    with progress, closing(writer):
        yield [*watched, log, samples, backup, progress]


def examples(dataset: data.Dataset, count: int) -> data.Batch:
    """Return real images for the picture after each epoch: the first test images, or else training images."""
    split = dataset.test if len(dataset.test.images) else dataset.train
    batch = {"image": data.standardise(split.images[:count]), "label": tf.constant(split.labels[:count])}
    partner = examples(dataset.partner, count) if dataset.partner else {}
    return batch | {f"{data.PARTNER}{name}": value for name, value in partner.items()}


def partners(dataset: data.Dataset, count: int) -> data.Batch:
    """Return training images of the other domain, if there is one: test images choose nothing."""
    images = dataset.partner.train.images[:count] if dataset.partner else ()
    return {f"{data.PARTNER}image": data.standardise(images)} if len(images) else {}


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
        f"\nDone in {minutes} min {seconds} s, after step {model.steps_done:,}. In {folder}:\n"
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
