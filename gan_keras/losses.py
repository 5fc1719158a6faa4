"""Adversarial losses: pure functions of logits, each a mean over the batch.

A loss is a pair, one function for each player. Logits have shape [batch, 1] and any floating dtype; the result is a
float32 scalar. The discriminator says "real" with a positive logit.
"""

from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf


class AdversarialLoss(NamedTuple):
    """The two players' losses."""

    discriminator: Callable[[tf.Tensor, tf.Tensor], tf.Tensor]  # of real_logits, fake_logits
    generator: Callable[[tf.Tensor], tf.Tensor]  # of fake_logits


def _cross_entropy(logits: tf.Tensor, label: float) -> tf.Tensor:
    logits = tf.cast(logits, tf.float32)
    return tf.reduce_mean(
        tf.nn.sigmoid_cross_entropy_with_logits(labels=tf.fill(tf.shape(logits), label), logits=logits)
    )


def _non_saturating_discriminator(real_logits: tf.Tensor, fake_logits: tf.Tensor) -> tf.Tensor:
    """-E[log D(x)] - E[log(1 - D(G(z)))]: Goodfellow et al. 2014 (arXiv:1406.2661), equation 1, to be minimised."""
    return _cross_entropy(real_logits, 1.0) + _cross_entropy(fake_logits, 0.0)


def _non_saturating_generator(fake_logits: tf.Tensor) -> tf.Tensor:
    """-E[log D(G(z))]: the paper's section 3; its gradient does not vanish when the discriminator wins."""
    return _cross_entropy(fake_logits, 1.0)


non_saturating = AdversarialLoss(_non_saturating_discriminator, _non_saturating_generator)
