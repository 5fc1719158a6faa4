"""The first GAN: dense layers only (Goodfellow et al. 2014, arXiv:1406.2661).

python -m gan_keras.train --model vanilla
"""

import math
from dataclasses import dataclass

import keras
from keras import layers

from gan_keras import config, gan
from gan_keras.config import Count
from gan_keras.layers import LeakyReLU


@dataclass(frozen=True, kw_only=True)
class Config(config.Config):
    """The options of the vanilla GAN."""

    units: Count = 256  # of the layer next to the latents; twice and four times as many in the next two


class Model(gan.GAN):
    """Two networks of dense layers: neither knows which pixels are neighbours."""

    def build_generator(self) -> keras.Model:
        units = self.config.units
        return keras.Sequential(
            [
                keras.Input([self.config.latent_dim]),
                *dense(units),
                *dense(2 * units),
                *dense(4 * units),
                layers.Dense(math.prod(self.image_shape)),
                layers.Activation("tanh", dtype="float32"),
                layers.Reshape(self.image_shape, dtype="float32"),
            ],
            name="generator",
        )

    def build_discriminator(self) -> keras.Model:
        units = self.config.units
        return keras.Sequential(
            [
                keras.Input(self.image_shape),
                layers.Flatten(),
                *dense(4 * units),
                *dense(2 * units),
                *dense(units),
                layers.Dense(1, dtype="float32"),
            ],
            name="discriminator",
        )


def dense(units: int) -> list[layers.Layer]:
    """Return one hidden layer."""
    return [layers.Dense(units), LeakyReLU(0.2)]
