"""Random numbers without state: they follow from the seed, the step and their use, so a resumed run repeats them."""

from collections.abc import Callable
from enum import IntEnum
from typing import Any

import tensorflow as tf


class Stream(IntEnum):
    """What a random number is used for: each use has a stream of its own."""

    LATENT = 1  # 0 is `data.batches.SHUFFLE`
    SAMPLES = 2
    MIX = 3
    NOISE = 4
    AUGMENT = 5
    POOL = 6
    INPUT = 100  # and the numbers after it, for the inputs of a generator that take noise


def draw(
    function: Callable[..., tf.Tensor],
    shape: Any,
    *,
    seed: int,
    step: tf.Tensor,
    stream: Stream,
    number: int | tf.Tensor,
) -> tf.Tensor:
    """Return what one of TensorFlow's stateless functions draws.

    Args:
        function: such as `tf.random.stateless_normal`.
        shape: the result's shape.
        seed: the run's seed.
        step: the training step, an int64 scalar.
        stream: what the numbers are for.
        number: counts the draws of one stream within a step.
    """
    state = tf.stack([tf.constant(seed, tf.int64), tf.convert_to_tensor(step)])
    for part in (int(stream), number, 0):  # the last was the replica's; 0 keeps the numbers of earlier versions
        state = tf.random.experimental.stateless_fold_in(state, part)
    return function(shape, state)


def fixed_normal(shape: Any, seed: int, stream: int) -> tf.Tensor:
    """Return normal numbers that are the same in every step."""
    return tf.random.stateless_normal(shape, tf.constant([seed, stream], tf.int64))
