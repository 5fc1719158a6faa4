"""Copies of networks: with Keras' own layers, or with the fast ones of this package."""

from collections.abc import Callable, Iterator
from typing import Any

import keras

from gan_keras.layers.batch_normalization import BatchNormalization
from gan_keras.layers.conv2d_transpose import Conv2DTranspose


def portable(network: keras.Model) -> keras.Model:
    """Return a copy in float32 with Keras' own layers instead of this package's, so that any Keras can load it.

    A layer that Keras lacks stays: such a copy needs this package.
    """
    return _copy(network, _of_keras)


def _of_keras(kind: type) -> type:
    alike = (base for base in kind.__mro__ if base.__module__.startswith("keras.") and base.__name__ == kind.__name__)
    return next(alike, kind)


def fused(network: keras.Model) -> keras.Model:
    """Return a copy in float32 with Keras' layers replaced by the fast ones."""
    fast = {keras.layers.BatchNormalization: BatchNormalization, keras.layers.Conv2DTranspose: Conv2DTranspose}
    return _copy(network, lambda kind: fast.get(kind, kind))


def _copy(network: keras.Model, replacement: Callable[[type], Any]) -> keras.Model:
    def clone(layer: keras.Operation) -> keras.Operation:
        if not isinstance(layer, keras.layers.Layer):  # a plain operation, which has no weights
            return type(layer).from_config(layer.get_config())
        config = {**layer.get_config(), "dtype": "float32"}
        if isinstance(layer, keras.layers.Wrapper):
            config["layer"]["config"]["dtype"] = "float32"
        return replacement(type(layer)).from_config(config)

    duplicate = keras.models.clone_model(network, clone_function=clone, recursive=True)
    duplicate.set_weights(network.get_weights())
    return duplicate


def leaves(network: keras.Model) -> Iterator[keras.layers.Layer]:
    """Yield the layers of a network; instead of a network within it, the layers of that one."""
    for layer in network.layers:
        yield from leaves(layer) if isinstance(layer, keras.Model) else [layer]
