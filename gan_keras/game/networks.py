"""How networks are fed: their inputs have names, and take what a batch holds under the same names."""

from collections.abc import Collection
from typing import NamedTuple

import keras
import tensorflow as tf
from keras import ops

from gan_keras.data import Batch
from gan_keras.ui.console import UserError

SMALLEST = 8  # side of the maps furthest from the image, at most, where the sides can be halved that often
CHUNK = 250  # images that are sampled at a time, so that activations need bounded memory


class Part(NamedTuple):
    """A part of a sampler that other programs get as a function."""

    layer: str  # the name of the layer, which is a network
    result: str  # what it returns, as `image`


def feed(network: keras.Model, batch: Batch, training: bool = True) -> tf.Tensor:
    """Call a network with those entries of a batch that its inputs are named after.

    Raises:
        KeyError: if the batch lacks one.
    """
    values = []
    for value in network.inputs:
        if value.name not in batch:
            raise KeyError(
                f"the network {network.name!r} has an input {value.name!r}, and the batch has only {sorted(batch)}: "
                "name each keras.Input after what it takes."
            )
        values.append(batch[value.name])
    return network(values if len(values) > 1 else values[0], training=training)


def infer(network: keras.Model, batch: Batch) -> tf.Tensor:
    """Call a network for inference, on `CHUNK` entries of a batch at a time."""
    names = input_names(network)
    chunks = [
        feed(network, {name: batch[name][start : start + CHUNK] for name in names}, training=False)
        for start in range(0, len(batch[names[0]]), CHUNK)
    ]
    return tf.concat(chunks, axis=0)


def split(batch: Batch, parts: int) -> list[Batch]:
    """Split a batch into equal smaller ones."""
    pieces = {name: tf.split(tensor, parts) for name, tensor in batch.items()}
    return [{name: piece[part] for name, piece in pieces.items()} for part in range(parts)]


def noise_shapes(network: keras.Model, given: Collection[str]) -> dict[str, tuple[int, ...]]:
    """Return by name the shapes, without the batch, of those inputs that nothing is given for: they take noise."""
    return {value.name: tuple(value.shape[1:]) for value in network.inputs if value.name not in given}


def input_names(network: keras.Model) -> list[str]:
    """Return the names of a network's inputs."""
    return [value.name for value in network.inputs]


def probability(discriminator: keras.Model) -> keras.Model:
    """Return a discriminator that ends in the sigmoid of its first output: the probability [batch, 1] of being real."""
    inputs = discriminator.inputs if len(discriminator.inputs) > 1 else discriminator.inputs[0]
    outputs = discriminator(inputs)
    return keras.Model(inputs, ops.sigmoid(outputs[:, :1]), name="discriminator")


def halvings(image_shape: tuple[int, int, int]) -> int:
    """Return how often the convolutions of a network halve an image: twice up to 32x32, once more for each doubling.

    Raises:
        UserError: for sides that cannot be halved twice.
    """
    height, width, _ = image_shape
    if height % 4 or width % 4:
        raise UserError(f"the images are {height}x{width}; this model needs sides that are multiples of 4.")
    number = 2
    while max(height, width) >> number > SMALLEST and (height | width) % 2 ** (number + 1) == 0:
        number += 1
    return number
