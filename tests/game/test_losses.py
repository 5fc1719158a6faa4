import numpy as np
import pytest
import tensorflow as tf
from scipy.special import log_softmax

from gan_keras.evaluation import tfgan
from gan_keras.game import losses

REAL, FAKE = np.array([[2.0], [-1.0], [0.5]]), np.array([[-3.0], [1.0], [0.0]])
PAIRS = {name: value for name, value in vars(losses).items() if isinstance(value, losses.AdversarialLoss)}


def sigmoid(logits):
    return 1 / (1 + np.exp(-logits))


FORMULAS = {
    "non_saturating": (-np.log(sigmoid(REAL)).mean() - np.log(1 - sigmoid(FAKE)).mean(), -np.log(sigmoid(FAKE)).mean()),
    "least_squares": (((REAL - 1) ** 2).mean() / 2 + ((FAKE + 1) ** 2).mean() / 2, (FAKE**2).mean() / 2),
    "binary_least_squares": (((REAL - 1) ** 2).mean() / 2 + (FAKE**2).mean() / 2, ((FAKE - 1) ** 2).mean() / 2),
    "wasserstein": (FAKE.mean() - REAL.mean(), -FAKE.mean()),
    "hinge": (np.maximum(0, 1 - REAL).mean() + np.maximum(0, 1 + FAKE).mean(), -FAKE.mean()),
}


@pytest.mark.parametrize("name", PAIRS)
def test_each_loss_equals_its_papers_formula(name):
    discriminator, generator = FORMULAS[name]
    np.testing.assert_allclose(PAIRS[name].discriminator(REAL, FAKE), discriminator, rtol=1e-6)
    np.testing.assert_allclose(PAIRS[name].generator(FAKE), generator, rtol=1e-6)


def test_cross_entropy_is_of_labels_and_of_probabilities():
    random = np.random.default_rng(0)
    logits, labels = random.normal(size=(5, 3)).astype(np.float32), np.array([0, 2, 1, 1, 0], np.int32)
    logarithms = log_softmax(logits, axis=1)
    np.testing.assert_allclose(
        losses.cross_entropy(tf.constant(labels), logits), -logarithms[np.arange(5), labels].mean(), rtol=1e-5
    )
    truth = random.dirichlet(np.ones(3), 5).astype(np.float32)
    expected = -(truth * logarithms).sum(axis=1).mean()
    np.testing.assert_allclose(losses.cross_entropy(tf.constant(truth), logits), expected, rtol=1e-5)


REFERENCES = {
    "non_saturating": ("modified_discriminator_loss", {"label_smoothing": 0.0}, "modified_generator_loss", {}),
    "least_squares": (
        "least_squares_discriminator_loss",
        {"real_label": 1.0, "fake_label": -1.0},
        "least_squares_generator_loss",
        {"real_label": 0.0},
    ),
    "binary_least_squares": ("least_squares_discriminator_loss", {}, "least_squares_generator_loss", {}),
    "wasserstein": ("wasserstein_discriminator_loss", {}, "wasserstein_generator_loss", {}),
    "hinge": ("wasserstein_hinge_discriminator_loss", {}, "wasserstein_hinge_generator_loss", {}),
}


@pytest.mark.parametrize("name", PAIRS)
def test_each_loss_equals_tensorflow_gans(name):
    reference = tfgan.load("losses.losses_impl")
    discriminator, discriminator_options, generator, generator_options = REFERENCES[name]
    real, fake = tf.constant(REAL, tf.float32), tf.constant(FAKE, tf.float32)
    theirs = getattr(reference, discriminator)(real, fake, **discriminator_options)
    np.testing.assert_allclose(PAIRS[name].discriminator(real, fake), theirs, rtol=1e-6)
    theirs = getattr(reference, generator)(fake, **generator_options)
    np.testing.assert_allclose(PAIRS[name].generator(fake), theirs, rtol=1e-6)


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.parametrize("dtype", [tf.bfloat16, tf.float16, tf.float32])
def test_losses_are_float32_and_finite_at_extreme_logits(name, dtype):
    extreme = tf.constant([[-1000.0], [1000.0]], dtype)
    for loss in (PAIRS[name].discriminator(extreme, extreme), PAIRS[name].generator(extreme)):
        assert loss.dtype == tf.float32
        assert np.isfinite(loss)


def test_the_generators_gradient_does_not_vanish_when_the_discriminator_wins():
    logits = tf.constant([[-20.0]])
    with tf.GradientTape() as tape:
        tape.watch(logits)
        loss = losses.non_saturating.generator(logits)
    assert tape.gradient(loss, logits).numpy().item() == pytest.approx(-1.0)


def test_the_relativistic_loss_sees_only_differences():
    np.testing.assert_allclose(losses.relativistic(REAL, FAKE), np.log1p(np.exp(FAKE - REAL)).mean(), rtol=1e-6)
    np.testing.assert_allclose(losses.relativistic(REAL + 9, FAKE + 9), losses.relativistic(REAL, FAKE), rtol=1e-5)
