"""The classifiers of the study: trained on real and synthetic images, whose share validation images choose."""

import functools
from typing import Any

import keras
import tensorflow as tf
from keras import layers

from gan_keras import data
from gan_keras.comparison.study_data import Parts, filled
from gan_keras.evaluation import classifier

SHARES = (0.25, 0.5, 0.75)  # of synthetic images in a batch
BATCH = 64  # images in a batch, real and synthetic together
FILTERS = (32, 64, 128)  # channels of the convolutions


def chosen(
    few: data.Split, made: data.Split | None, parts: Parts, *, moves: bool, steps: int, seed: int
) -> dict[str, Any]:
    """Train a classifier with each of `SHARES`, and return the test accuracy of the one that validates best.

    Args:
        few: the labelled images.
        made: synthetic images; None for none, and then there is nothing to choose.
        parts: the images that validate and test.
        moves: whether all images are moved.
        steps: training steps of each classifier.
        seed: of the classifiers and their batches.

    Returns:
        "accuracy"; with synthetic images also the chosen "share", and the accuracies of all shares in "validation".
    """
    if made is None:
        network = taught(mixed(few, few, 0, seed), parts, moves=moves, steps=steps, seed=seed)
        return {"accuracy": classifier.accuracy(network, parts.test)}
    networks = {
        share: taught(mixed(few, made, share, seed), parts, moves=moves, steps=steps, seed=seed) for share in SHARES
    }
    validation = {share: classifier.accuracy(network, parts.validation) for share, network in networks.items()}
    share = max(SHARES, key=lambda share: validation[share])  # the smallest of equals
    return {"accuracy": classifier.accuracy(networks[share], parts.test), "share": share, "validation": validation}


def mixed(real: data.Split, made: data.Split, share: float, seed: int) -> tf.data.Dataset:
    """Return endless batches of `BATCH` images, of which a share are made; drawn by the seed."""
    size = round(share * BATCH)
    batches = data.batches(filled(real, BATCH - size), BATCH - size, seed)
    if not size:
        return batches
    others = data.batches(filled(made, size), size, seed + 1)  # in another order, if they are as many

    def join(one: data.Batch, other: data.Batch) -> data.Batch:
        return {name: tf.concat([one[name], other[name]], axis=0) for name in one}

    return tf.data.Dataset.zip(batches, others).map(join)


def taught(batches: tf.data.Dataset, parts: Parts, *, moves: bool, steps: int, seed: int) -> keras.Model:
    """Return a classifier that was trained on batches."""
    training = classifier.Training(epochs=1, batch_size=BATCH, seed=seed)
    network = functools.partial(build, parts.pool.images.shape[1:], parts.classes)
    return classifier.train_on(batches, network, training, steps, moves=moves, verbose=0)


def build(image_shape: tuple[int, int, int], classes: int) -> keras.Sequential:
    """Return an untrained network from images in [-1, 1] to logits: convolutions, each followed by pooling.

    It is plainer than the digit classifier's network, and learns more from a hundred images alone.
    """
    hidden: list[keras.layers.Layer] = []
    for filters in FILTERS:
        hidden += [layers.Conv2D(filters, 3, padding="same", activation="relu"), layers.MaxPool2D(padding="same")]
    output = layers.Dense(classes, dtype="float32")
    return keras.Sequential([keras.Input(image_shape), *hidden, layers.Flatten(), layers.Dropout(0.5), output])
