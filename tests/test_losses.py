import numpy as np
import pytest
import tensorflow as tf

from gan_keras import losses, tfgan

REAL, FAKE = np.array([[2.0], [-1.0], [0.5]]), np.array([[-3.0], [1.0], [0.0]])


def sigmoid(logits):
    return 1 / (1 + np.exp(-logits))


def test_non_saturating_equals_the_papers_formula():
    expected = -np.log(sigmoid(REAL)).mean() - np.log(1 - sigmoid(FAKE)).mean()
    np.testing.assert_allclose(losses.non_saturating.discriminator(REAL, FAKE), expected, rtol=1e-6)
    np.testing.assert_allclose(losses.non_saturating.generator(FAKE), -np.log(sigmoid(FAKE)).mean(), rtol=1e-6)


def test_non_saturating_equals_tensorflow_gan():
    reference = tfgan.load("losses.losses_impl")
    real, fake = tf.constant(REAL, tf.float32), tf.constant(FAKE, tf.float32)
    theirs = reference.modified_discriminator_loss(real, fake, label_smoothing=0.0)
    np.testing.assert_allclose(losses.non_saturating.discriminator(real, fake), theirs, rtol=1e-6)
    theirs = reference.modified_generator_loss(fake)
    np.testing.assert_allclose(losses.non_saturating.generator(fake), theirs, rtol=1e-6)


@pytest.mark.parametrize("dtype", [tf.bfloat16, tf.float16, tf.float32])
def test_losses_are_float32_and_finite_at_extreme_logits(dtype):
    extreme = tf.constant([[-1000.0], [1000.0]], dtype)
    for loss in (losses.non_saturating.discriminator(extreme, extreme), losses.non_saturating.generator(extreme)):
        assert loss.dtype == tf.float32
        assert np.isfinite(loss)


def test_the_generators_gradient_does_not_vanish_when_the_discriminator_wins():
    logits = tf.constant([[-20.0]])
    with tf.GradientTape() as tape:
        tape.watch(logits)
        loss = losses.non_saturating.generator(logits)
    assert tape.gradient(loss, logits).numpy().item() == pytest.approx(-1.0)
