"""The statistics of batch normalisation, measured anew."""

from collections.abc import Iterable

import keras
import tensorflow as tf

from gan_keras.layers.copies import leaves


def measure_statistics(network: keras.Model, batches: Iterable[tf.Tensor]) -> None:
    """Replace the moving statistics of a network by the means over some batches of inputs, under its present weights.

    Moving statistics lag behind the weights: after a few hundred steps they still remember where they started. And the
    average of statistics is not the statistics of averaged weights.
    """
    layers = [layer for layer in leaves(network) if isinstance(layer, keras.layers.BatchNormalization)]
    if not layers:
        return
    momenta = [layer.momentum for layer in layers]
    for number, batch in enumerate(batches):
        for layer in layers:
            layer.momentum = number / (number + 1)  # the mean of all batches so far
        network(batch, training=True)
    for layer, momentum in zip(layers, momenta, strict=True):
        layer.momentum = momentum
