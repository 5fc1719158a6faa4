"""Penalties on the slope of a discriminator: pure functions of images, each a mean over the batch."""

from collections.abc import Callable

import tensorflow as tf

Critic = Callable[[tf.Tensor], tf.Tensor]  # images [batch, height, width, channels] → logits [batch, 1]


def gradient_penalty(critic: Critic, real: tf.Tensor, fake: tf.Tensor, mix: tf.Tensor) -> tf.Tensor:
    """E[(‖∇D(x̂)‖ - 1)²] with x̂ = mix·x + (1 - mix)·G(z): Gulrajani et al. 2017 (arXiv:1704.00028), equation 3.

    Args:
        critic: the discriminator as a function of images alone.
        real: images float32 [batch, height, width, channels].
        fake: images of the same shape.
        mix: uniform numbers in [0, 1], float32 [batch, 1, 1, 1]: one for each example.
    """
    squares = _squared_gradients(critic, mix * real + (1 - mix) * fake)
    # The square root has no gradient at 0, hence the small number.
    return tf.reduce_mean((tf.sqrt(squares + 1e-12) - 1) ** 2)


def zero_centred_penalty(critic: Critic, images: tf.Tensor) -> tf.Tensor:
    """½E[‖∇D(x)‖²]: R1 on real images, R2 on fake ones; Mescheder et al. 2018 (arXiv:1801.04406), equation 9."""
    return 0.5 * tf.reduce_mean(_squared_gradients(critic, images))


def lazy(step: tf.Tensor, every: int, penalty: Callable[[], tf.Tensor]) -> tf.Tensor:
    """Return a penalty in every so many-th step, as many times as large, and 0 in the others, where it is not computed.

    Karras et al. 2020 (arXiv:1912.04958), section 3.1: a penalty changes slowly, and costs much.
    """
    if every == 1:
        return penalty()
    return tf.cond(step % every == 0, lambda: every * penalty(), lambda: tf.constant(0.0))


def _squared_gradients(critic: Critic, images: tf.Tensor) -> tf.Tensor:
    """Return ‖∇D(x)‖² [batch] in float32."""
    with tf.GradientTape() as tape:
        tape.watch(images)
        logits = tf.cast(critic(images), tf.float32)
    gradients = tf.cast(tape.gradient(logits, images), tf.float32)
    return tf.reduce_sum(gradients**2, axis=[1, 2, 3])
