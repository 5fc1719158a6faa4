import keras
import numpy as np
import pytest
import tensorflow as tf
from helpers import normal_inputs as inputs

from gan_keras.layers import BatchNormalization

SHAPES = [(64, 10), (8, 6, 5, 10)]


def pair(shape, **options):
    """Return Keras' layer and ours with the same weights."""
    layers = keras.layers.BatchNormalization(**options), BatchNormalization(**options)
    random = np.random.default_rng(0)
    for layer in layers:
        layer.build(shape)
    weights = [random.uniform(0.5, 2.0, weight.shape).astype("float32") for weight in layers[0].get_weights()]
    for layer in layers:
        layer.set_weights(weights)
    return layers


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("options", [{}, {"scale": False}, {"center": False}, {"momentum": 0.8, "epsilon": 0.1}])
def test_same_numbers_as_keras_in_training_and_inference(shape, options):
    theirs, ours = pair(shape, **options)
    x = inputs(shape)
    results = []
    for layer in (theirs, ours):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = layer(x, training=True)
            loss = tf.reduce_sum(y**3)
        gradients = tape.gradient(loss, [x, *layer.trainable_variables])
        results.append([y, *gradients, layer.moving_mean, layer.moving_variance, layer(x, training=False)])
    for one, other in zip(*results, strict=True):
        np.testing.assert_allclose(other, one, rtol=1e-4, atol=2e-4)


@pytest.mark.parametrize("shape", SHAPES)
def test_bfloat16_activations_keep_float32_statistics(shape):
    _, ours = pair(shape, dtype="mixed_bfloat16")
    x = tf.cast(inputs(shape), tf.bfloat16)
    theirs, _ = pair(shape)
    for training in (False, True):
        y = ours(x, training=training)
        assert y.dtype == tf.bfloat16
        np.testing.assert_allclose(tf.cast(y, tf.float32), theirs(tf.cast(x, tf.float32), training=training), atol=0.05)
    for name in ("moving_mean", "moving_variance"):
        np.testing.assert_allclose(getattr(ours, name), getattr(theirs, name), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("shape", "options"),
    [
        ((8, 5, 4), {}),
        ((8, 6, 5, 10), {"axis": 1}),
        ((8, 10), {"renorm": True}),
        ((8, 10), {"synchronized": True}),
        ((8, 10), {"dtype": "float64"}),
        ((8, 10), {"dtype": "bfloat16"}),
    ],
)
def test_other_cases_are_left_to_keras(shape, options):
    theirs, ours = pair(shape, **options)
    x = tf.cast(inputs(shape), ours.compute_dtype)
    for training in (True, False):
        np.testing.assert_array_equal(ours(x, training=training), theirs(x, training=training))


def test_a_mask_is_left_to_keras():
    theirs, ours = pair((8, 6, 5, 10))
    x, mask = inputs((8, 6, 5, 10)), np.random.default_rng(2).random((8, 6, 5)) < 0.7
    np.testing.assert_array_equal(ours(x, training=True, mask=mask), theirs(x, training=True, mask=mask))


def test_a_frozen_layer_does_not_move():
    ours = BatchNormalization(trainable=False)
    x = inputs((64, 10))
    ours(x, training=True)
    np.testing.assert_array_equal(ours.moving_mean, np.zeros(10))
