"""The batches that training reads, and work on a few images at a time."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from gan_keras import distribution
from gan_keras.data.dataset import Split
from gan_keras.ui.console import UserError

PARTNER = "partner_"  # begins the names of what is a data set's partner's
SHUFFLE = 0  # the random stream of the shuffling; `game.randomness.Stream` names the others

Batch = dict[str, tf.Tensor]  # "image": float32 [batch, height, width, channels] in [-1, 1]; "label": int32 [batch]


def in_batches(function: Callable[[Any], Sequence[Any]], values: np.ndarray, size: int) -> list[np.ndarray]:
    """Apply a function to `size` rows at a time, so that memory stays bounded; return each of its outputs whole.

    Workers that share their work divide the batches among them; each gets all of the outputs.
    """
    starts, cluster = range(0, len(values), size), distribution.sharing()
    shared = cluster.workers <= len(starts)  # otherwise some would have nothing to do, and all do all of it
    parts = [function(values[start : start + size]) for start in (cluster.share(starts) if shared else starts)]
    outputs = [np.concatenate(part) for part in zip(*parts, strict=True)]
    return [cluster.gather(output) for output in outputs] if shared else outputs


def standardise(images: np.ndarray | tf.Tensor) -> tf.Tensor:
    """Map uint8 images to float32 in [-1, 1], as in the paper: (x - 127.5) / 127.5."""
    return (tf.cast(images, tf.float32) - 127.5) / 127.5


class Shares(NamedTuple):
    """Which shares of each batch a worker reads, one after the other: one for each of its replicas."""

    number: int = 1
    first: int = 0
    of: int = 1  # into which each batch is divided
    rounds: int = 1  # the parts of a batch that are divided one by one, such as those of several critic steps


def batches(
    split: Split,
    batch_size: int,
    seed: int,
    skip: int = 0,
    shares: Shares = Shares(),  # noqa: B008  (it cannot change)
) -> tf.data.Dataset:
    """Return an endless stream of `Batch`es, shuffled anew on each pass by `seed` and the number of the pass.

    Args:
        split: the images and labels.
        batch_size: images in a batch; images that do not fill the last batch of a pass are left out of that pass.
        seed: the same seed gives the same batches.
        skip: batches to leave out at the start, so that a resumed run reads on where it stopped.
        shares: what to read of each batch: by default all of it. The shares of all workers together are the batch.

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
        whole = tf.reshape(order[: per_pass * batch_size], [per_pass, shares.rounds, shares.of, -1])
        ours = tf.transpose(whole[:, :, shares.first : shares.first + shares.number], [0, 2, 1, 3])
        return tf.data.Dataset.from_tensor_slices(tf.reshape(ours, [per_pass * shares.number, -1]))

    def gather(indices: tf.Tensor) -> Batch:
        return {"image": standardise(tf.gather(images, indices)), "label": tf.gather(labels, indices)}

    first_pass, skip = divmod(skip, per_pass)
    passes = tf.data.Dataset.range(first_pass, tf.int64.max)
    stream = passes.flat_map(one_pass).skip(skip * shares.number).map(gather)
    # Workers would otherwise ask each other before each batch whether all have one.
    return _ready(stream.apply(tf.data.experimental.assert_cardinality(tf.data.INFINITE_CARDINALITY)))


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
