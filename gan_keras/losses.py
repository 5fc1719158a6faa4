"""Adversarial losses and penalties: pure functions of logits and images, each a mean over the batch.

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


def _mean(values: tf.Tensor) -> tf.Tensor:
    return tf.reduce_mean(tf.cast(values, tf.float32))


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


def _least_squares_discriminator(real_logits: tf.Tensor, fake_logits: tf.Tensor) -> tf.Tensor:
    """½E[(D(x) - 1)²] + ½E[(D(G(z)) + 1)²]: Mao et al. 2017 (arXiv:1611.04076), equation 8."""
    return 0.5 * (
        _mean((tf.cast(real_logits, tf.float32) - 1) ** 2) + _mean((tf.cast(fake_logits, tf.float32) + 1) ** 2)
    )


def _least_squares_generator(fake_logits: tf.Tensor) -> tf.Tensor:
    """½E[D(G(z))²]: the same equation, in which 0 lies between the discriminator's -1 and 1."""
    return 0.5 * _mean(tf.cast(fake_logits, tf.float32) ** 2)


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
wasserstein = AdversarialLoss(_wasserstein_discriminator, _wasserstein_generator)
hinge = AdversarialLoss(_hinge_discriminator, _wasserstein_generator)  # equation 17 is Wasserstein's


def relativistic(better_logits: tf.Tensor, worse_logits: tf.Tensor) -> tf.Tensor:
    """E[softplus(-(better - worse))]: the pairing loss of Huang et al. 2025 (arXiv:2501.05441), equation 2.

    The discriminator minimises it with real and fake logits, the generator with fake and real ones.
    """
    return _mean(tf.nn.softplus(tf.cast(worse_logits, tf.float32) - tf.cast(better_logits, tf.float32)))


def gradient_penalty(critic: Callable[[tf.Tensor], tf.Tensor], real: tf.Tensor, fake: tf.Tensor, mix: tf.Tensor):
    """E[(‖∇D(x̂)‖ - 1)²] with x̂ = mix·x + (1 - mix)·G(z): Gulrajani et al. 2017 (arXiv:1704.00028), equation 3.

    Args:
        critic: images [batch, height, width, channels] → logits [batch, 1].
        real: images float32.
        fake: images float32.
        mix: uniform numbers in [0, 1], float32 [batch, 1, 1, 1]: one for each example.
    """
    squares = _squared_gradients(critic, mix * real + (1 - mix) * fake)
    # The square root has no gradient at 0.
    return tf.reduce_mean((tf.sqrt(squares + 1e-12) - 1) ** 2)


def zero_centred_penalty(critic: Callable[[tf.Tensor], tf.Tensor], images: tf.Tensor) -> tf.Tensor:
    """½E[‖∇D(x)‖²]: R1 on real images, R2 on fake ones; Mescheder et al. 2018 (arXiv:1801.04406), equation 9."""
    return 0.5 * tf.reduce_mean(_squared_gradients(critic, images))


def _squared_gradients(critic: Callable[[tf.Tensor], tf.Tensor], images: tf.Tensor) -> tf.Tensor:
    """Return ‖∇D(x)‖² [batch] in float32."""
    with tf.GradientTape() as tape:
        tape.watch(images)
        logits = tf.cast(critic(images), tf.float32)
    gradients = tf.cast(tape.gradient(logits, images), tf.float32)
    return tf.reduce_sum(gradients**2, axis=[1, 2, 3])
