"""Penalties on critics whose gradients are known."""

import numpy as np
import pytest
import tensorflow as tf

from gan_keras.evaluation import tfgan
from gan_keras.game import penalties


def images(seed, size=4):
    return tf.constant(np.random.default_rng(seed).normal(size=(size, 3, 3, 1)), tf.float32)


def test_the_gradient_penalty_equals_tensorflow_gans():
    """On a plane, whose gradient is the same wherever the two take it."""
    reference = tfgan.load("losses.losses_impl")
    direction = tf.constant(np.random.default_rng(2).normal(size=(9, 1)), tf.float32)

    def plane(x, _=None):
        return tf.reshape(x, [-1, 9]) @ direction

    @tf.function(autograph=False)
    def theirs():
        return reference.wasserstein_gradient_penalty(images(0), images(1), None, plane, "critic")

    ours = penalties.gradient_penalty(plane, images(0), images(1), tf.fill([4, 1, 1, 1], 0.5))
    np.testing.assert_allclose(ours, theirs(), rtol=1e-5)


@pytest.mark.parametrize("slope", [0.0, 0.5, 1.0, 3.0])
def test_the_gradient_penalty_of_a_plane_is_known(slope):
    direction = np.zeros((9, 1), np.float32)
    direction[2] = slope

    def plane(x):
        return tf.reshape(x, [-1, 9]) @ direction

    penalty = penalties.gradient_penalty(plane, images(0), images(1), tf.random.uniform([4, 1, 1, 1], seed=0))
    np.testing.assert_allclose(penalty, (slope - 1) ** 2, atol=1e-5)
    np.testing.assert_allclose(penalties.zero_centred_penalty(plane, images(0)), slope**2 / 2, atol=1e-6)


def test_the_penalties_have_finite_gradients_where_the_critic_is_flat():
    weight = tf.Variable(tf.zeros([9, 1]))

    def flat(x):
        return tf.reshape(x, [-1, 9]) @ weight

    with tf.GradientTape() as tape:
        penalty = penalties.gradient_penalty(flat, images(0), images(1), tf.fill([4, 1, 1, 1], 0.5))
    assert np.isfinite(tape.gradient(penalty, weight)).all()


def test_the_gradient_is_taken_between_the_images():
    """The bowl ½‖x‖² has the gradient x: its norm tells where it was taken."""

    def bowl(x):
        return tf.reduce_sum(x**2, axis=[1, 2, 3])[:, None] / 2

    real, fake = images(0), images(1)
    for mix in (0.0, 0.25, 1.0):
        between = mix * real + (1 - mix) * fake
        expected = np.mean((np.linalg.norm(np.reshape(between, (4, 9)), axis=1) - 1) ** 2)
        penalty = penalties.gradient_penalty(bowl, real, fake, tf.fill([4, 1, 1, 1], mix))
        np.testing.assert_allclose(penalty, expected, rtol=1e-5)
