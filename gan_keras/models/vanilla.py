"""The first GAN: dense layers only (Goodfellow et al. 2014, arXiv:1406.2661).

python -m gan_keras.train --model vanilla

|  | in the source | here |
| --- | --- | --- |
| loss, latent of 100 | the non-saturating loss | as in the source |
| networks | maxout with dropout against ReLU and sigmoid | LeakyReLU everywhere: simpler |
| images, latents | in [0, 1], uniform | in [-1, 1] by a tanh, normal: the same for all models here |
| optimizer | SGD with momentum | Adam, as for all models here |
"""

import math
from dataclasses import dataclass

import keras
from keras import layers

from gan_keras.game import config, gan
from gan_keras.layers import LeakyReLU
from gan_keras.options import Size


@dataclass(frozen=True, kw_only=True)
class Config(config.Config):
    """The options of the vanilla GAN."""

    units: Size = 256  # units of the narrowest dense layer; the next ones have twice and four times as many


class Model(gan.GAN):
    """Two networks of dense layers: neither uses which pixels are neighbours."""

    config: Config

    def build_generator(self) -> keras.Model:
        units = self.config.units
        return keras.Sequential(
            [
                keras.Input([self.config.latent_dim], name="latent"),
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
                keras.Input(self.image_shape, name="image"),
                layers.Flatten(),
                *dense(4 * units),
                *dense(2 * units),
                *dense(units),
                layers.Dense(1, dtype="float32"),
            ],
            name="discriminator",
        )


def dense(units: int) -> list[layers.Layer]:
    """Return a hidden layer with its activation."""
    return [layers.Dense(units), LeakyReLU(0.2)]
