"""Pseudo-labels: aligned guesses find classes that a classifier confuses; views are the image, at another size."""

import keras
import numpy as np
import tensorflow as tf

from gan_keras.game import pseudo_labels


def test_guesses_are_weighted_by_the_shares_and_sharpened():
    """Against the formula of the paper by NumPy, in two steps of the running means."""
    random = np.random.default_rng(0)
    shares, expected = pseudo_labels.create(3), np.full([2, 3], 1 / 3)
    for _ in range(2):
        labels, read = random.integers(0, 3, 8), random.dirichlet([1, 1, 1], 8)
        expected = 0.99 * expected + 0.01 * np.stack([np.bincount(labels, minlength=3) / 8, read.mean(axis=0)])
        guesses = (read * expected[0] / expected[1]) ** 2
        found = pseudo_labels.align(shares, tf.constant(labels), tf.constant(read, tf.float32))
        np.testing.assert_allclose(found, guesses / guesses.sum(axis=1, keepdims=True), rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(shares, expected, rtol=1e-5)


def test_a_class_that_does_not_occur_makes_no_guess_undefined():
    shares = pseudo_labels.create(2)
    for _ in range(1000):  # until its share is 0 in float32
        shares.assign(shares * [[0.9, 1.0], [0.9, 1.0]])
    guesses = pseudo_labels.align(shares, [1], tf.constant([[1.0, 0.0]]))  # and then it is read
    np.testing.assert_allclose(tf.reduce_sum(guesses), 1, rtol=1e-5)


def test_no_gradient_goes_through_a_guess():
    logits = tf.Variable(tf.random.stateless_normal([4, 3], [1, 2]))
    with tf.GradientTape() as tape:
        guesses = pseudo_labels.align(pseudo_labels.create(3), tf.zeros([4], tf.int32), tf.nn.softmax(logits))
        value = tf.reduce_sum(guesses[:, 0])
    assert tape.gradient(value, logits) is None


def test_a_class_that_is_read_as_another_is_found():
    """Points at -1 and 1, and unlabelled ones at 0.3 and 2.3: a border in the middle takes these for one class."""
    labels = np.arange(200) % 2
    points = (2.0 * labels - 1 + np.random.default_rng(0).normal(0, 0.1, 200)).astype(np.float32)[:, None]
    elsewhere = points + 1.3
    loss = keras.losses.CategoricalCrossentropy(from_logits=True)

    def accuracy(with_guesses):
        keras.utils.set_random_seed(0)
        network, optimizer = keras.Sequential([keras.Input([1]), keras.layers.Dense(2)]), keras.optimizers.Adam(0.05)
        optimizer.build(network.trainable_variables)
        shares = pseudo_labels.create(2)

        @tf.function
        def step():
            with tf.GradientTape() as tape:
                value = loss(tf.one_hot(labels, 2), network(points))
                if with_guesses:
                    read = network(elsewhere)
                    value += loss(pseudo_labels.align(shares, labels, tf.nn.softmax(read)), read)
            weights = network.trainable_variables
            optimizer.apply_gradients(zip(tape.gradient(value, weights), weights, strict=True))

        for _ in range(300):
            step()
        return np.mean(network(elsewhere).numpy().argmax(axis=1) == labels)

    assert accuracy(with_guesses=False) < 0.7
    assert accuracy(with_guesses=True) > 0.95


def test_views_are_the_image_at_another_size_and_place():
    """With numbers in the middle an image stays as it is; the largest view shows its middle, the smallest all of it."""
    image = tf.random.stateless_uniform([1, 28, 28, 1], [1, 2], -1, 1)

    def view(*numbers, smallest=1 / 1.4, largest=1.4):
        drawn = tf.constant([numbers], tf.float32)
        return pseudo_labels.zoomed(image, lambda shape: drawn, smallest, largest).numpy()[0]

    np.testing.assert_allclose(view(0.5, 0.5, 0.5), image[0], atol=1e-5)
    assert (view(0.0, 0.5, 0.5)[:3] == -1).all(), "there is nothing beyond the image"
    assert (view(1.0, 0.5, 0.5) > -1).all()
    np.testing.assert_allclose(view(1.0, 0.5, 0.5, largest=1.0), image[0], atol=1e-5)
    np.testing.assert_allclose(view(0.5, 1.0, 0.5)[:-4], view(0.5, 0.5, 0.5)[3:-1], atol=0.7)
