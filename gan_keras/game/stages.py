"""Networks that grow: which of its stages a game is in follows from the images that it has seen."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import tensorflow as tf


class Stage(NamedTuple):
    """Where a game is in its growth."""

    number: tf.Tensor  # int32: the first is 0
    fade: tf.Tensor  # float32: how far it is faded in; 1 when it is all there is


def stage_at(images: tf.Tensor, stages: int, period: int) -> Stage:
    """Return the stage after a number of images: Karras et al. 2018 (arXiv:1710.10196), appendix A.

    The first stage lasts for `period` images. Each other one is faded in during as many images, and then lasts for as
    many; the last one stays.
    """
    number = tf.minimum((images + period) // (2 * period), stages - 1)
    begun = (2 * number - 1) * period
    fade = tf.clip_by_value(tf.cast(images - begun, tf.float32) / period, 0.0, 1.0)
    return Stage(tf.cast(number, tf.int32), fade)


def starts(stages: int, period: int) -> list[int]:
    """Return how many images were seen when each stage begins."""
    return [max(0, (2 * number - 1) * period) for number in range(stages)]


def choose(stage: Stage, branches: Sequence[Callable[[], tf.Tensor]]) -> tf.Tensor:
    """Return what the branch of a stage returns; the others are not computed."""
    return tf.switch_case(stage.number, list(branches))
