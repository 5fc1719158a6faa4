"""DCGAN: convolutional networks (Radford et al. 2015, arXiv:1511.06434), as in the paper this project follows.

python -m gan_keras.train --model dcgan
"""

from dataclasses import dataclass

import keras
from keras import layers

from gan_keras import config, gan
from gan_keras.config import Count
from gan_keras.console import UserError
from gan_keras.layers import BatchNormalization


@dataclass(frozen=True, kw_only=True)
class Config(config.Config):
    """The options of the DCGAN."""

    filters: Count = 64  # channels next to the image, as in the paper; twice as many further in
    kernel_size: Count = 4  # divisible by the stride of 2, so that no checkerboard appears


class Model(gan.GAN):
    """A generator of transposed convolutions against a discriminator of strided ones."""

    def build_generator(self) -> keras.Model:
        height, width, channels = self.image_shape
        if height % 4 or width % 4:
            raise UserError(f"the images are {height}x{width}; this model needs sides that are multiples of 4.")
        filters, kernel = self.config.filters, self.config.kernel_size
        return keras.Sequential(
            [
                keras.Input([self.config.latent_dim]),
                layers.Dense(height // 4 * width // 4 * 2 * filters, use_bias=False),
                BatchNormalization(),
                layers.ReLU(),
                layers.Reshape([height // 4, width // 4, 2 * filters]),
                layers.Conv2DTranspose(2 * filters, kernel, strides=2, padding="same", use_bias=False),
                BatchNormalization(),
                layers.ReLU(),
                layers.Conv2DTranspose(filters, kernel, strides=2, padding="same", use_bias=False),
                BatchNormalization(),
                layers.ReLU(),
                layers.Conv2DTranspose(channels, kernel, padding="same"),
                layers.Activation("tanh", dtype="float32"),
            ],
            name="generator",
        )

    def build_discriminator(self) -> keras.Model:
        filters, kernel = self.config.filters, self.config.kernel_size
        return keras.Sequential(
            [
                keras.Input(self.image_shape),
                layers.Conv2D(filters, kernel, strides=2, padding="same"),
                layers.LeakyReLU(0.2),
                layers.Conv2D(2 * filters, kernel, strides=2, padding="same"),
                layers.LeakyReLU(0.2),
                layers.Flatten(),
                layers.Dense(1, dtype="float32"),  # logits: the sigmoid is in the loss, and in the exported network
            ],
            name="discriminator",
        )
