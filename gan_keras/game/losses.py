"""Losses: pure functions of logits, each a mean over the batch.

An adversarial loss is a pair of functions, one for each player. Its logits have shape [batch, 1] and any floating
dtype; the result is a float32 scalar.
"""

from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf


class AdversarialLoss(NamedTuple):
    """The two players' losses."""

    discriminator: Callable[[tf.Tensor, tf.Tensor], tf.Tensor]  # real_logits, fake_logits → loss
    generator: Callable[..., tf.Tensor]  # fake_logits → loss; a relativistic one takes real_logits too
    has_threshold: bool = True  # whether a logit above 0 means "real"; a critic only says which image is better


def _mean(values: tf.Tensor) -> tf.Tensor:
    return tf.reduce_mean(tf.cast(values, tf.float32))


def _binary_cross_entropy(logits: tf.Tensor, label: float) -> tf.Tensor:
    logits = tf.cast(logits, tf.float32)
    return tf.reduce_mean(
        tf.nn.sigmoid_cross_entropy_with_logits(labels=tf.fill(tf.shape(logits), label), logits=logits)
    )


def _non_saturating_discriminator(real_logits: tf.Tensor, fake_logits: tf.Tensor) -> tf.Tensor:
    """-E[log D(x)] - E[log(1 - D(G(z)))]: Goodfellow et al. 2014 (arXiv:1406.2661), equation 1, to be minimised."""
    return _binary_cross_entropy(real_logits, 1.0) + _binary_cross_entropy(fake_logits, 0.0)


def _non_saturating_generator(fake_logits: tf.Tensor) -> tf.Tensor:
    """-E[log D(G(z))]: the paper's section 3; its gradient does not vanish when the discriminator wins."""
    return _binary_cross_entropy(fake_logits, 1.0)


def _least_squares_discriminator(real_logits: tf.Tensor, fake_logits: tf.Tensor) -> tf.Tensor:
    """½E[(D(x) - 1)²] + ½E[(D(G(z)) + 1)²]: Mao et al. 2017 (arXiv:1611.04076), equation 8."""
    return 0.5 * (
        _mean((tf.cast(real_logits, tf.float32) - 1) ** 2) + _mean((tf.cast(fake_logits, tf.float32) + 1) ** 2)
    )


def _least_squares_generator(fake_logits: tf.Tensor) -> tf.Tensor:
    """½E[D(G(z))²]: the same equation, in which 0 lies between the discriminator's -1 and 1."""
    return 0.5 * _mean(tf.cast(fake_logits, tf.float32) ** 2)


def _binary_discriminator(real_values: tf.Tensor, fake_values: tf.Tensor) -> tf.Tensor:
    """½E[(D(x) - 1)²] + ½E[D(G(z))²]: the same paper, equation 9, in which 1 is real and 0 is fake."""
    return 0.5 * (_mean((tf.cast(real_values, tf.float32) - 1) ** 2) + _mean(tf.cast(fake_values, tf.float32) ** 2))


def _binary_generator(fake_values: tf.Tensor) -> tf.Tensor:
    """½E[(D(G(z)) - 1)²]: the same equation."""
    return 0.5 * _mean((tf.cast(fake_values, tf.float32) - 1) ** 2)


def _wasserstein_discriminator(real_logits: tf.Tensor, fake_logits: tf.Tensor) -> tf.Tensor:
    """E[D(G(z))] - E[D(x)]: Arjovsky et al. 2017 (arXiv:1701.07875), equation 3, to be minimised."""
    return _mean(fake_logits) - _mean(real_logits)


def _wasserstein_generator(fake_logits: tf.Tensor) -> tf.Tensor:
    """-E[D(G(z))]: the same equation."""
    return -_mean(fake_logits)


def _hinge_discriminator(real_logits: tf.Tensor, fake_logits: tf.Tensor) -> tf.Tensor:
    """E[max(0, 1 - D(x))] + E[max(0, 1 + D(G(z)))]: Miyato et al. 2018 (arXiv:1802.05957), equation 16."""
    return _mean(tf.nn.relu(1 - tf.cast(real_logits, tf.float32))) + _mean(
        tf.nn.relu(1 + tf.cast(fake_logits, tf.float32))
    )


non_saturating = AdversarialLoss(_non_saturating_discriminator, _non_saturating_generator)
least_squares = AdversarialLoss(_least_squares_discriminator, _least_squares_generator)
binary_least_squares = AdversarialLoss(_binary_discriminator, _binary_generator, has_threshold=False)
wasserstein = AdversarialLoss(_wasserstein_discriminator, _wasserstein_generator, has_threshold=False)
hinge = AdversarialLoss(_hinge_discriminator, _wasserstein_generator)  # equation 17 is Wasserstein's


def relativistic(better_logits: tf.Tensor, worse_logits: tf.Tensor) -> tf.Tensor:
    """E[softplus(-(better - worse))]: the pairing loss of Huang et al. 2025 (arXiv:2501.05441), equation 2.

    The discriminator minimises it with real and fake logits, the generator with fake and real ones.
    """
    return _mean(tf.nn.softplus(tf.cast(worse_logits, tf.float32) - tf.cast(better_logits, tf.float32)))


def cross_entropy(truth: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    """-E[Σ truth · log softmax(logits)]: how far a classifier is from the truth.

    Args:
        truth: labels, int32 [batch], or probabilities, float32 [batch, classes].
        logits: float32 [batch, classes].
    """
    truth = tf.one_hot(truth, logits.shape[1]) if truth.dtype.is_integer else truth
    return tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(truth, logits))


def share(condition: tf.Tensor) -> tf.Tensor:
    """Return the share of elements for which a condition holds."""
    return tf.reduce_mean(tf.cast(condition, tf.float32))
