import keras
import numpy as np
import pytest
import tensorflow as tf

from gan_keras.layers import BatchNormalization
from gan_keras.layers.copies import portable
from gan_keras.layers.statistics import measure_statistics


@pytest.mark.parametrize("copy", [lambda network: network, portable])
def test_statistics_are_the_means_over_the_batches_under_the_present_weights(copy):
    network = keras.Sequential(
        [keras.Input([3]), keras.layers.Dense(4), BatchNormalization(), keras.layers.Dense(2), BatchNormalization()]
    )
    network = copy(network)
    batches = tf.random.stateless_normal([5, 64, 3], [0, 1], 2.0, 3.0)
    momenta = [layer.momentum for layer in network.layers[1::2]]
    for _ in range(2):  # what was measured before does not matter
        measure_statistics(network, batches)
    first, normalised, second, last = network.layers
    seen = first(batches)
    mean, variance = (moment(seen, axis=1, keepdims=True) for moment in (tf.reduce_mean, tf.math.reduce_variance))
    passed_on = (seen - mean) / tf.sqrt(variance + normalised.epsilon)  # each batch is normalised by itself
    for layer, outputs in ((normalised, seen.numpy()), (last, second(passed_on).numpy())):
        np.testing.assert_allclose(layer.moving_mean, outputs.mean(axis=1).mean(axis=0), rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(layer.moving_variance, outputs.var(axis=1).mean(axis=0), rtol=1e-4)
    assert [layer.momentum for layer in network.layers[1::2]] == momenta
