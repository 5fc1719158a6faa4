"""The images of the study: the parts of a data set, and the images of GANs that have seen few labels."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gan_keras import data, models
from gan_keras.comparison.plan import is_finished
from gan_keras.comparison.study_plan import LABELLED_ONLY, Cell
from gan_keras.exporting import loading
from gan_keras.models.sgan import evenly
from gan_keras.training import setup
from gan_keras.training.run import run as train
from gan_keras.ui import files
from gan_keras.ui.console import UserError

EPOCHS = 10  # pictures and backups of a GAN
IMAGES = 10_000  # images that a GAN makes for the classifiers


@dataclass(frozen=True)
class Parts:
    """A data set in three parts, none of whose images is in another."""

    pool: data.Split  # what GANs are trained on, and what the labelled images are drawn from
    validation: data.Split  # chooses the share of synthetic images
    test: data.Split  # only reports
    classes: int

    @classmethod
    def of(cls, dataset: data.Dataset) -> "Parts":
        """Divide a data set; the images that validate are those that live evaluation holds out."""
        pool, validation = setup.hold_out(models.load(LABELLED_ONLY).Config(evaluate_every=1), dataset)
        return cls(pool, validation, dataset.test, len(dataset.class_names))

    def labelled(self, count: int, seed: int) -> data.Split:
        """Return `count` images of the pool, as many of each class; those of a smaller count are among them."""
        rows = evenly(self.pool.labels, count, seed)  # as `sgan` chooses them
        return data.Split(*(values[rows] for values in self.pool))


def filled(split: data.Split, count: int) -> data.Split:
    """Return images, as often as it takes to have `count` of them."""
    times = max(1, -(-count // len(split.images)))
    return data.Split(np.tile(split.images, (times, 1, 1, 1)), np.tile(split.labels, times))


def trained(model: str, cell: Cell, parts: Parts, steps: int, out: Path) -> Path:
    """Return the folder of the run of the GAN that a cell needs, which is trained or continued unless it is finished.

    One that takes labels is trained on the labelled images alone, with differentiable augmentation; another one on the
    whole pool, of which it knows the same labels. Methods share it.
    """
    folder = out / "runs" / f"{model}-{cell.labels}-{cell.seed}"
    place = out / "data" / ("pool.npz" if model != LABELLED_ONLY else f"labelled-{cell.labels}-{cell.seed}.npz")
    side, _, channels = parts.pool.images.shape[1:]
    config = models.load(model).Config(
        data_dir=place,
        image_size=side,
        channels=channels,
        seed=cell.seed,
        epochs=EPOCHS,
        steps_per_epoch=-(-steps // EPOCHS),
        out=folder,
        resume=(folder / "config.json").exists(),
        **({"augment": True} if model == LABELLED_ONLY else {"labelled": cell.labels}),
    )
    if is_finished(folder, EPOCHS):
        return folder
    seen = parts.pool
    if model == LABELLED_ONLY:
        seen = filled(parts.labelled(cell.labels, cell.seed), config.images_per_step)
    place.parent.mkdir(exist_ok=True)
    with files.replacing(place) as temporary:
        shown = parts.validation  # in the run's pictures only
        np.savez(temporary, x_train=seen.images, y_train=seen.labels, x_test=shown.images, y_test=shown.labels)
    return train(config)


def drawn(run: Path, seed: int) -> data.Split:
    """Return labelled images of a GAN; if its generator takes no labels, its own classifier says what they are."""
    images, labels = loading.make(loading.load_generator(run), IMAGES, seed)
    return data.Split(images, classified(run, images) if labels is None else labels)


def classified(run: Path, images: np.ndarray) -> np.ndarray:
    """Return the classes int32 [count] that a GAN's own classifier sees in images uint8.

    Raises:
        UserError: if the run has lost it.
    """
    classify = loading.load_classifier(run)
    if classify is None:
        raise UserError(f"the run in {run} has no classifier. Delete it: the same command trains it again.")
    return classify(images).argmax(axis=1).astype(np.int32)
