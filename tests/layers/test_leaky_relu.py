import os
import platform
import re
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from gan_keras.layers import LeakyReLU


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


STEP = """
from gan_keras.models import dcgan  # first: it chooses oneDNN's kernels

import tensorflow as tf

model = dcgan.Model(dcgan.Config(filters=8, precision="float32"), (28, 28, 1))
model.compile(total_steps=1)
batch = {"image": tf.zeros([4, 28, 28, 1]), "label": tf.zeros([4], tf.int32)}
model.fit(tf.data.Dataset.from_tensor_slices(batch).batch(4), verbose=0)
"""


@pytest.mark.slow
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
