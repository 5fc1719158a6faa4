import keras
import numpy as np
import pytest
import tensorflow as tf
from helpers import normal_inputs as inputs

from gan_keras.layers import SpectralNormalization
from gan_keras.layers.copies import fused
from gan_keras.layers.precision import precision


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
