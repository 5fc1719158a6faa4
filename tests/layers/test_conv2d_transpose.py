import keras
import numpy as np
import pytest
import tensorflow as tf
from helpers import normal_inputs as inputs

from gan_keras.layers import Conv2DTranspose


@pytest.mark.parametrize("kernel_size", [1, 2, 3, 4, 5, (2, 5)])
@pytest.mark.parametrize("options", [{}, {"activation": "tanh"}, {"use_bias": False}])
def test_the_last_convolution_has_the_same_numbers_and_gradients_as_keras(kernel_size, options):
    theirs, ours = (
        kind(1, kernel_size, padding="same", **options) for kind in (keras.layers.Conv2DTranspose, Conv2DTranspose)
    )
    x = inputs((3, 6, 7, 5))
    results = []
    for layer in (theirs, ours):
        layer.build(x.shape)
        layer.set_weights([inputs(weight.shape) / 10 for weight in theirs.get_weights()])
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = layer(x)
            loss = tf.reduce_sum(y**3)
        results.append([y, *tape.gradient(loss, [x, *layer.trainable_variables])])
    assert ours._product_applies(x)
    for one, other in zip(*results, strict=True):
        np.testing.assert_allclose(other, one, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    "options",
    [
        {"filters": 2},
        {"strides": 2},
        {"padding": "valid"},
        {"dilation_rate": 2},
        {"output_padding": 0},
        {"dtype": "float64"},
    ],
)
def test_other_transposed_convolutions_are_left_to_keras(options):
    options = {"filters": 1, "kernel_size": 3, "padding": "same"} | options
    theirs, ours = keras.layers.Conv2DTranspose(**options), Conv2DTranspose(**options)
    x = tf.cast(inputs((3, 6, 7, 5)), ours.compute_dtype)
    theirs.build(x.shape)
    ours.build(x.shape)
    ours.set_weights(theirs.get_weights())
    np.testing.assert_array_equal(ours(x), theirs(x))


def test_in_bfloat16_the_last_convolution_rounds_about_as_little_as_keras():
    x = tf.cast(inputs((30, 6, 7, 64)), tf.bfloat16)
    exact, theirs, ours = (
        kind(1, 4, padding="same", dtype=dtype)
        for kind, dtype in (
            (keras.layers.Conv2DTranspose, "float32"),
            (keras.layers.Conv2DTranspose, "mixed_bfloat16"),
            (Conv2DTranspose, "mixed_bfloat16"),
        )
    )
    for layer in (exact, theirs, ours):
        layer.build(x.shape)
        layer.set_weights([inputs(weight.shape) / 50 for weight in exact.get_weights()])
    assert ours(x).dtype == tf.bfloat16
    theirs_off, ours_off = (
        tf.math.reduce_std(tf.cast(layer(x), tf.float32) - exact(tf.cast(x, tf.float32))) for layer in (theirs, ours)
    )
    assert ours_off < 1.3 * theirs_off


def test_images_of_any_size_are_left_to_keras():
    ours = keras.Sequential([keras.Input([None, None, 5]), Conv2DTranspose(1, 4, padding="same")])
    assert ours(inputs((3, 6, 7, 5))).shape == (3, 6, 7, 1)
