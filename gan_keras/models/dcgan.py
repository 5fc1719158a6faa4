"""DCGAN: convolutional networks (Radford et al. 2015, arXiv:1511.06434), as in the paper this project follows.

python -m gan_keras.train --model dcgan
"""

from dataclasses import dataclass

import keras
from keras import layers

from gan_keras import config, gan
from gan_keras.config import Count
from gan_keras.console import UserError
from gan_keras.layers import BatchNormalization, Conv2DTranspose, LeakyReLU


@dataclass(frozen=True, kw_only=True)
class Config(config.Config):
    """The options of the DCGAN."""

    filters: Count = 64  # channels next to the image, as in the paper; twice as many further in
    kernel_size: Count = 4  # 4 is divisible by the stride of 2: odd sizes leave a checkerboard

    presets = config.Config.presets | {"quick": {**config.Config.presets["quick"], "learning_rate": 1e-3}}


class Model(gan.GAN):
    """A generator of transposed convolutions against a discriminator of strided ones."""

    def build_generator(self, latent_dim: int | None = None) -> keras.Model:
        """Return the network from latents to images; a model that adds to the latent says how long it is then."""
        height, width, channels = self.image_shape
        if height % 4 or width % 4:
            raise UserError(f"the images are {height}x{width}; this model needs sides that are multiples of 4.")
        filters, kernel = self.config.filters, self.config.kernel_size
        return keras.Sequential(
            [
                keras.Input([latent_dim or self.config.latent_dim]),
                layers.Dense(height // 4 * width // 4 * 2 * filters, use_bias=False),
                *self.activation(),
                layers.Reshape([height // 4, width // 4, 2 * filters]),
                Conv2DTranspose(2 * filters, kernel, strides=2, padding="same", use_bias=False),
                *self.activation(),
                Conv2DTranspose(filters, kernel, strides=2, padding="same", use_bias=False),
                *self.activation(),
                Conv2DTranspose(channels, kernel, padding="same"),
                layers.Activation("tanh", dtype="float32"),
            ],
            name="generator",
        )

    def activation(self) -> list[layers.Layer]:
        """Return what follows each of the generator's inner layers."""
        return [BatchNormalization(), layers.ReLU()]

    def build_discriminator(self, outputs: int = 1) -> keras.Model:
        features, head = self.build_features(self.image_shape), self.build_head(outputs)
        # Without an `Input`, the network would take images of the dtype that `features` computes in.
        return keras.Sequential([keras.Input(self.image_shape), features, head], name="discriminator")

    def build_features(self, image_shape: tuple[int, int, int]) -> keras.Sequential:
        """Return the discriminator up to its last layer."""
        filters, kernel = self.config.filters, self.config.kernel_size
        return keras.Sequential(
            [
                keras.Input(image_shape),
                self.constrained(layers.Conv2D(filters, kernel, strides=2, padding="same")),
                LeakyReLU(0.2),
                self.constrained(layers.Conv2D(2 * filters, kernel, strides=2, padding="same")),
                LeakyReLU(0.2),
                layers.Flatten(),
            ],
            name="features",
        )

    def build_head(self, outputs: int = 1) -> layers.Layer:
        """Return the discriminator's last layer: logits, for the sigmoid is in the loss and in the exported network."""
        return self.constrained(layers.Dense(outputs, dtype="float32"))

    def constrained(self, layer: layers.Layer) -> layers.Layer:
        """Return one of the discriminator's layers as it is, or under a constraint."""
        return layer
