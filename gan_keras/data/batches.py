"""The batches that training reads, and work on a few images at a time."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from gan_keras.data.dataset import Split
from gan_keras.ui.console import UserError

PARTNER = "partner_"  # begins the names of what is a data set's partner's
SHUFFLE = 0  # the random stream of the shuffling; `game.randomness.Stream` names the others

Batch = dict[str, tf.Tensor]  # "image": float32 [batch, height, width, channels] in [-1, 1]; "label": int32 [batch]


def in_batches(function: Callable[[Any], Sequence[Any]], values: np.ndarray, size: int) -> list[np.ndarray]:
    """Apply a function to `size` rows at a time, so that memory stays bounded; return each of its outputs whole."""
    parts = [function(values[start : start + size]) for start in range(0, len(values), size)]
    return [np.concatenate(part) for part in zip(*parts, strict=True)]


def standardise(images: np.ndarray | tf.Tensor) -> tf.Tensor:
    """Map uint8 images to float32 in [-1, 1], as in the paper: (x - 127.5) / 127.5."""
    return (tf.cast(images, tf.float32) - 127.5) / 127.5


def batches(split: Split, batch_size: int, seed: int, skip: int = 0) -> tf.data.Dataset:
    """Return an endless stream of `Batch`es, shuffled anew on each pass by `seed` and the number of the pass.

    Args:
        split: the images and labels.
        batch_size: images in a batch; images that do not fill the last batch of a pass are left out of that pass.
        seed: the same seed gives the same batches.
        skip: batches to leave out at the start, so that a resumed run reads on where it stopped.

    Raises:
        UserError: if a batch is larger than the data.
    """
    if batch_size > len(split.images):
        raise UserError(f"a step needs {batch_size} images, and there are only {len(split.images)}.")
    per_pass = len(split.images) // batch_size
    with tf.device("CPU"):
        images, labels = tf.constant(split.images), tf.constant(split.labels)

    def one_pass(number: tf.Tensor) -> tf.data.Dataset:
        shuffle_seed = tf.random.experimental.stateless_fold_in(tf.stack([tf.cast(seed, tf.int64), number]), SHUFFLE)
        order = tf.random.experimental.stateless_shuffle(tf.range(len(split.images)), shuffle_seed)
        return tf.data.Dataset.from_tensor_slices(tf.reshape(order[: per_pass * batch_size], [per_pass, batch_size]))

    def gather(indices: tf.Tensor) -> Batch:
        return {"image": standardise(tf.gather(images, indices)), "label": tf.gather(labels, indices)}

    first_pass, skip = divmod(skip, per_pass)
    passes = tf.data.Dataset.range(first_pass, tf.int64.max)
    return _ready(passes.flat_map(one_pass).skip(skip).map(gather))


def beside(batches: tf.data.Dataset, partners: tf.data.Dataset) -> tf.data.Dataset:
    """Return the batches of two data sets as one; the names of the second begin with `PARTNER`."""

    def join(batch: Batch, partner: Batch) -> Batch:
        return batch | {f"{PARTNER}{name}": value for name, value in partner.items()}

    return _ready(tf.data.Dataset.zip(batches, partners).map(join))


def _ready(batches: tf.data.Dataset) -> tf.data.Dataset:
    options = tf.data.Options()
    # The tuner sleeps for up to a minute at a time, and the end of `fit()` would wait until it wakes.
    options.autotune.enabled = False
    return batches.prefetch(2).with_options(options)
