import os
import platform
import re
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from gan_keras.layers import BatchNormalization, Conv2DTranspose, LeakyReLU, SpectralNormalization, fused, portable
from gan_keras.precision import precision

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


def inputs(shape):
    return tf.constant(np.random.default_rng(1).normal(3.0, 2.0, shape).astype("float32"))


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
    y = ours(x, training=True)
    assert y.dtype == tf.bfloat16
    theirs, _ = pair(shape)
    np.testing.assert_allclose(tf.cast(y, tf.float32), theirs(tf.cast(x, tf.float32), training=True), atol=0.05)
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


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (BatchNormalization(), (4, 10)),
        (Conv2DTranspose(1, 4, padding="same"), (4, 6, 7, 5)),
        (LeakyReLU(0.3), (4, 10)),
    ],
)
def test_it_can_be_saved_and_loaded(layer, shape, tmp_path):
    model = keras.Sequential([keras.Input(shape[1:]), layer])
    model(inputs(shape), training=True)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(again(inputs(shape)), model(inputs(shape)))
    assert type(again.layers[0]) is type(layer)


def test_the_portable_copy_is_plain_keras_in_float32_with_the_same_output():
    ours = keras.Sequential(
        [
            keras.Input([10]),
            keras.layers.Dense(8),
            BatchNormalization(),
            keras.layers.Reshape([2, 2, 2]),
            Conv2DTranspose(1, 2, padding="same"),
        ],
        name="ours",
    )
    for _ in range(5):
        ours(inputs((64, 10)), training=True)
    copy = portable(ours)
    assert [type(layer) for layer in copy.layers] == [
        keras.layers.Dense,
        keras.layers.BatchNormalization,
        keras.layers.Reshape,
        keras.layers.Conv2DTranspose,
    ]
    np.testing.assert_allclose(copy(inputs((4, 10))), ours(inputs((4, 10))), atol=1e-5)
    again = fused(copy)
    assert type(again.layers[1]) is BatchNormalization
    assert type(again.layers[3]) is Conv2DTranspose
    np.testing.assert_allclose(again(inputs((4, 10))), copy(inputs((4, 10))), atol=1e-5)
    low = keras.Sequential([keras.Input([10]), keras.layers.Dense(8, dtype="mixed_bfloat16")])
    assert portable(low).layers[0].compute_dtype == "float32"


# Transposed convolution


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


# The LeakyReLU


@pytest.mark.parametrize("slope", [0.0, 0.2, 1.0])
@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float64"])
def test_leaky_relu_has_the_same_numbers_and_gradients_of_gradients_as_keras(slope, dtype):
    x = tf.cast(tf.constant([-1e4, -2.0, -1e-3, -0.0, 0.0, 1e-3, 3.0]), dtype)
    results = []
    for layer in (keras.layers.LeakyReLU(slope, dtype=dtype), LeakyReLU(slope, dtype=dtype)):
        with tf.GradientTape() as outer:
            outer.watch(x)
            with tf.GradientTape() as inner:
                inner.watch(x)
                y = layer(x)
                loss = tf.reduce_sum(y**3)
            gradient = inner.gradient(loss, x)
        results.append([y, gradient, outer.gradient(gradient, x)])
    for one, other in zip(*results, strict=True):
        assert other.dtype == one.dtype
        np.testing.assert_array_equal(tf.cast(other, tf.float64), tf.cast(one, tf.float64))


# Activations within other layers


STEP = """
from gan_keras.models import dcgan  # first: it chooses oneDNN's kernels

import tensorflow as tf

model = dcgan.Model(dcgan.Config(filters=8, precision="float32"), (28, 28, 1))
model.compile(total_steps=1)
batch = {"image": tf.zeros([4, 28, 28, 1]), "label": tf.zeros([4], tf.int32)}
model.fit(tf.data.Dataset.from_tensor_slices(batch).batch(4), verbose=0)
"""


@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="TensorFlow has oneDNN on x86 only")
def test_onednn_applies_activations_within_the_layers_before_them_in_training():
    done = subprocess.run(
        [sys.executable, "-c", STEP],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"ONEDNN_VERBOSE": "1"},
    )
    passes = [line for line in done.stdout.splitlines() if ",forward_training," in line]
    convolutions = [line for line in passes if ",convolution," in line]
    assert sum("eltwise_relu:0.2" in line for line in convolutions) == 4  # two layers, two passes
    flags = [re.search(r"flags:(\w+)", line)[1] for line in passes if ",batch_normalization," in line]
    assert sum("R" in each for each in flags) == 2  # the dense layer's outputs are no images


# Spectral normalisation


def normalised_in_training(layer: keras.Layer, x: tf.Tensor) -> SpectralNormalization:
    """Return it after a hundred training steps on a kernel whose largest singular value is twice the next at least."""
    normalised = SpectralNormalization(layer)
    normalised.build(x.shape)
    kernel = layer.kernel.numpy()
    left, values, right = np.linalg.svd(kernel.reshape(-1, kernel.shape[-1]), full_matrices=False)
    values[0] *= 2
    layer.kernel.assign(np.reshape(left * values @ right, kernel.shape))
    for _ in range(100):
        normalised(x, training=True)
    return normalised


@pytest.mark.parametrize(
    ("layer", "shape"),
    [(keras.layers.Dense(7), (5, 12)), (keras.layers.Conv2D(6, 3, strides=2), (5, 9, 9, 2))],
)
def test_the_kernel_is_divided_by_its_largest_singular_value(layer, shape):
    x = inputs(shape)
    normalised = normalised_in_training(layer, x)
    layer.bias.assign(np.arange(layer.bias.shape[0]))
    y = normalised(x)
    kernel = layer.kernel.numpy()
    largest = np.linalg.svd(kernel.reshape(-1, kernel.shape[-1]), compute_uv=False)[0]
    layer.kernel.assign(kernel / largest)
    np.testing.assert_allclose(y, layer(x), rtol=1e-4, atol=1e-4)


def test_the_division_is_float32_where_the_layer_computes_in_bfloat16():
    x = tf.cast(inputs((5, 12)), tf.bfloat16)
    with precision("bfloat16"):
        layer = keras.layers.Dense(7)
        normalised = normalised_in_training(layer, x)
        outputs = keras.Sequential([normalised])(x)
    assert outputs.dtype == tf.bfloat16
    kernel = layer.kernel.numpy()
    layer.kernel.assign(kernel / normalised.largest_singular_value(training=False))
    np.testing.assert_array_equal(tf.cast(outputs, tf.float32), tf.cast(layer(x), tf.float32))


def test_its_gradient_goes_through_the_division():
    """The norm of W/σ(W) does not change along W itself: the gradient is orthogonal to the kernel."""
    layer = keras.layers.Dense(3, use_bias=False)
    x = inputs((8, 4))
    normalised = normalised_in_training(layer, x)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(normalised(x) ** 2)
    (gradient,) = tape.gradient(loss, normalised.trainable_variables)
    kernel = layer.kernel.numpy()
    cosine = np.sum(gradient * kernel) / np.linalg.norm(gradient) / np.linalg.norm(kernel)
    assert abs(cosine) < 1e-4


def test_it_is_still_there_in_copies_and_files(tmp_path):
    model = keras.Sequential([keras.Input([4]), SpectralNormalization(keras.layers.Dense(3, dtype="mixed_bfloat16"))])
    model(inputs((8, 4)), training=True)
    copy = fused(model)
    assert copy.layers[0].layer.compute_dtype == "float32"
    np.testing.assert_allclose(copy(inputs((8, 4))), model(inputs((8, 4))), atol=0.05)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(again(inputs((8, 4))), model(inputs((8, 4))))
