import numpy as np
import pytest
import tensorflow as tf

from gan_keras import losses, tfgan

REAL, FAKE = np.array([[2.0], [-1.0], [0.5]]), np.array([[-3.0], [1.0], [0.0]])
PAIRS = {name: value for name, value in vars(losses).items() if isinstance(value, losses.AdversarialLoss)}


def sigmoid(logits):
    return 1 / (1 + np.exp(-logits))


FORMULAS = {
    "non_saturating": (-np.log(sigmoid(REAL)).mean() - np.log(1 - sigmoid(FAKE)).mean(), -np.log(sigmoid(FAKE)).mean()),
    "least_squares": (((REAL - 1) ** 2).mean() / 2 + ((FAKE + 1) ** 2).mean() / 2, (FAKE**2).mean() / 2),
    "wasserstein": (FAKE.mean() - REAL.mean(), -FAKE.mean()),
    "hinge": (np.maximum(0, 1 - REAL).mean() + np.maximum(0, 1 + FAKE).mean(), -FAKE.mean()),
}


@pytest.mark.parametrize("name", PAIRS)
def test_each_loss_equals_its_papers_formula(name):
    discriminator, generator = FORMULAS[name]
    np.testing.assert_allclose(PAIRS[name].discriminator(REAL, FAKE), discriminator, rtol=1e-6)
    np.testing.assert_allclose(PAIRS[name].generator(FAKE), generator, rtol=1e-6)


REFERENCES = {
    "non_saturating": ("modified_discriminator_loss", {"label_smoothing": 0.0}, "modified_generator_loss", {}),
    "least_squares": (
        "least_squares_discriminator_loss",
        {"real_label": 1.0, "fake_label": -1.0},
        "least_squares_generator_loss",
        {"real_label": 0.0},
    ),
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


def test_the_gradient_penalty_equals_tensorflow_gans():
    """On a plane, whose gradient is the same wherever the two take it."""
    reference = tfgan.load("losses.losses_impl")
    direction = tf.constant(np.random.default_rng(2).normal(size=(9, 1)), tf.float32)

    def plane(x, _=None):
        return tf.reshape(x, [-1, 9]) @ direction

    @tf.function(autograph=False)
    def theirs():
        return reference.wasserstein_gradient_penalty(images(0), images(1), None, plane, "critic")

    ours = losses.gradient_penalty(plane, images(0), images(1), tf.fill([4, 1, 1, 1], 0.5))
    np.testing.assert_allclose(ours, theirs(), rtol=1e-5)


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


# Penalties, on critics whose gradients are known


def images(seed, size=4):
    return tf.constant(np.random.default_rng(seed).normal(size=(size, 3, 3, 1)), tf.float32)


@pytest.mark.parametrize("slope", [0.0, 0.5, 1.0, 3.0])
def test_the_gradient_penalty_of_a_plane_is_known(slope):
    direction = np.zeros((9, 1), np.float32)
    direction[2] = slope

    def plane(x):
        return tf.reshape(x, [-1, 9]) @ direction

    penalty = losses.gradient_penalty(plane, images(0), images(1), tf.random.uniform([4, 1, 1, 1], seed=0))
    np.testing.assert_allclose(penalty, (slope - 1) ** 2, atol=1e-5)
    np.testing.assert_allclose(losses.zero_centred_penalty(plane, images(0)), slope**2 / 2, atol=1e-6)


def test_the_penalties_have_finite_gradients_where_the_critic_is_flat():
    weight = tf.Variable(tf.zeros([9, 1]))

    def flat(x):
        return tf.reshape(x, [-1, 9]) @ weight

    with tf.GradientTape() as tape:
        penalty = losses.gradient_penalty(flat, images(0), images(1), tf.fill([4, 1, 1, 1], 0.5))
    assert np.isfinite(tape.gradient(penalty, weight)).all()


def test_the_gradient_is_taken_between_the_images():
    """The bowl ½‖x‖² has the gradient x: its norm tells where it was taken."""

    def bowl(x):
        return tf.reduce_sum(x**2, axis=[1, 2, 3])[:, None] / 2

    real, fake = images(0), images(1)
    for mix in (0.0, 0.25, 1.0):
        between = mix * real + (1 - mix) * fake
        expected = np.mean((np.linalg.norm(np.reshape(between, (4, 9)), axis=1) - 1) ** 2)
        penalty = losses.gradient_penalty(bowl, real, fake, tf.fill([4, 1, 1, 1], mix))
        np.testing.assert_allclose(penalty, expected, rtol=1e-5)
