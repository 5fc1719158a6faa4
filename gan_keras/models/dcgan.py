"""DCGAN: convolutional networks (Radford et al. 2015, arXiv:1511.06434), as in the paper that this project follows.

python -m gan_keras.train --model dcgan

|  | in the source | here |
| --- | --- | --- |
| optimizer, batch, LeakyReLU 0.2 | Adam with 2e-4 and β₁ 0.5, 128 | as in the source |
| kernels | 5x5 | 4x4: the stride of 2 divides it, which leaves no checkerboard |
| discriminator | batch normalisation but in its first layer | none, as in the study followed here (docs/proposed.md) |
| weights at the start | N(0, 0.02) | Keras' Glorot uniform, which is as good (docs/proposed.md) |
| batch normalisation | no numbers given | Keras' momentum 0.99 and ε 0.001 |
| size | 64x64 images, four layers from 1,024 channels | two layers, from 128 channels; more for larger images |
"""

import itertools
import math
from dataclasses import dataclass

import keras
from keras import layers

from gan_keras.game import config, gan
from gan_keras.game.networks import halvings
from gan_keras.layers import BatchNormalization, Conv2DTranspose, LeakyReLU
from gan_keras.options import Size


@dataclass(frozen=True, kw_only=True)
class Config(config.Config):
    """The options of the DCGAN."""

    filters: Size = 64  # channels of the layers next to the image; 64 as in the paper; twice as many further in
    kernel_size: Size = 4  # side of the convolutions' kernels; sizes that the stride 2 divides leave no checkerboard

    presets = config.Config.presets | {"quick": {**config.Config.presets["quick"], "learning_rate": 1e-3}}


class Model(gan.GAN):
    """A generator of transposed convolutions against a discriminator of strided convolutions."""

    config: Config

    def build_generator(self) -> keras.Model:
        return self.build_upsampling(self.config.latent_dim)

    def build_upsampling(self, latent_dim: int) -> keras.Sequential:
        """Return the network from vectors of this size to images; longer ones if a model appends to the latent."""
        height, width, channels = self.image_shape
        stages, kernel = self.stages(), self.config.kernel_size
        small = [height >> len(stages), width >> len(stages), stages[-1]]
        return keras.Sequential(
            [
                keras.Input([latent_dim], name="latent"),
                layers.Dense(math.prod(small), use_bias=False),
                *self.activation(),
                layers.Reshape(small),
                *itertools.chain.from_iterable(self.doubling(filters) for filters in reversed(stages)),
                Conv2DTranspose(channels, kernel, padding="same"),
                layers.Activation("tanh", dtype="float32"),
            ],
            name="generator",
        )

    def stages(self) -> list[int]:
        """Return the channels of the layers that halve or double the sides, beginning next to the image: f, 2f, 4f."""
        return [self.config.filters * 2 ** min(number, 2) for number in range(halvings(self.image_shape))]

    def doubling(self, filters: int) -> list[layers.Layer]:
        """Return a layer of the generator that doubles the sides."""
        convolve = Conv2DTranspose(filters, self.config.kernel_size, strides=2, padding="same", use_bias=False)
        return [convolve, *self.activation()]

    def activation(self) -> list[layers.Layer]:
        """Return what follows each inner layer of the generator."""
        return [BatchNormalization(), layers.ReLU()]

    def build_discriminator(self) -> keras.Model:
        features, head = self.build_features(self.image_shape), self.build_head()
        # Without an `Input`, the network would take images of the type that `features` computes in.
        image = keras.Input(self.image_shape, name="image")
        return keras.Sequential([image, features, head], name="discriminator")

    def build_features(self, image_shape: tuple[int, int, int]) -> keras.Sequential:
        """Return the discriminator up to its last layer."""
        stages = [layer for filters in self.stages() for layer in self.halving(filters)]
        return keras.Sequential([keras.Input(image_shape, name="image"), *stages, layers.Flatten()], name="features")

    def halving(self, filters: int) -> list[layers.Layer]:
        """Return a layer of the discriminator that halves the sides."""
        convolve = layers.Conv2D(filters, self.config.kernel_size, strides=2, padding="same")
        return [self.constrained(convolve), LeakyReLU(0.2)]

    def build_head(self) -> layers.Layer:
        """Return the discriminator's last layer. It gives logits: the loss and the export apply the sigmoid."""
        return self.constrained(layers.Dense(self.outputs(), dtype="float32"))

    def outputs(self) -> int:
        """Return the number of the discriminator's outputs; the first is the logit of being real."""
        return 1

    def constrained(self, layer: layers.Layer) -> layers.Layer:
        """Return a layer of the discriminator as it is; other models put it under a constraint."""
        return layer
