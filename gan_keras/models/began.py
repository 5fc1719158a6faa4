"""BEGAN: the discriminator is an autoencoder (Berthelot et al. 2017, arXiv:1703.10717).

python -m gan_keras.train --model began

|  | in the source | here |
| --- | --- | --- |
| loss, balance, convergence | section 3.3 | as in the source |
| networks | ELU, nearest upsampling, decoder like generator | as in the source, smaller, with batch normalisation |
| batch normalisation | none | without it the generator stays at grey images for thousands of steps |
| rates, batch, λ | 1e-4, 16, 0.001 | 5e-4, 32, 0.01: digits within minutes instead of days |
| latents, images | uniform, no tanh | normal, tanh: the same for all models here |
"""

import math
from dataclasses import dataclass
from typing import ClassVar

import keras
import tensorflow as tf
from keras import layers

from gan_keras import distribution
from gan_keras.game import config, gan, state
from gan_keras.game.networks import halvings
from gan_keras.layers import BatchNormalization
from gan_keras.options import Count, Fraction, Positive, Rate, Size


@dataclass(frozen=True, kw_only=True)
class Config(config.Config):
    """The options of the BEGAN."""

    filters: Size = 32  # channels of all convolutions; its paper uses at least 64, for larger images
    latent_dim: Size = 32  # size of the latent vector, and of the autoencoder's code; half of its paper's
    batch_size: Count = 32  # images in a batch; its paper uses 16, and trains for days
    learning_rate: Rate = 5e-4  # learning rate of both players; five times its paper's, to see digits within minutes
    diversity: Fraction = 0.7  # error of fakes relative to that of real images, γ; lower: clearer, less varied images
    balance_rate: Positive = 0.01  # how fast the balance k between the players moves, λ; ten times its paper's


class Model(gan.GAN):
    """A generator against an autoencoder, which reproduces real images well and fakes badly.

    As in its paper: the losses, the balance and its measure of convergence, ELU, nearest-neighbour upsampling, one
    network design for generator and decoder. Differences: batch normalisation, without which the generator still makes
    grey images after thousands of steps, because the autoencoder reproduces these well too; latents are normal instead
    of uniform, because every program that uses a generator expects it; the images end in a tanh; the learning rate
    follows `schedule`.
    """

    config: Config
    tracked = ("generator_loss", "discriminator_loss", "convergence", "balance")
    results: ClassVar = gan.GAN.results | {"autoencoder": "reconstruction"}

    def build_memory(self) -> dict[str, tf.Variable]:
        return {"balance": state.kept(0.0)}

    def build_generator(self) -> keras.Model:
        latent = keras.Input([self.config.latent_dim], name="latent")
        return keras.Sequential([latent, *self.decoder()], name="generator")

    def build_discriminator(self) -> keras.Model:
        image = keras.Input(self.image_shape, name="image")
        return keras.Sequential([image, *self.encoder(), *self.decoder()], name="autoencoder")

    def encoder(self) -> list[layers.Layer]:
        """Return the layers from images to codes."""
        strides = [1] + [2] * halvings(self.image_shape)
        convolutions = [layer for stride in strides for layer in self.convolution(stride)]
        return [*convolutions, *self.convolution(), layers.Flatten(), layers.Dense(self.config.latent_dim)]

    def decoder(self) -> list[layers.Layer]:
        """Return the layers from latents or codes to images."""
        height, width, channels = self.image_shape
        doublings = halvings(self.image_shape)
        small = [height >> doublings, width >> doublings, self.config.filters]
        return [
            layers.Dense(math.prod(small)),
            layers.Reshape(small),
            *self.convolution(),
            *[layer for number in range(doublings) for layer in (*doubled(small, number), *self.convolution())],
            layers.Conv2D(channels, 3, padding="same"),
            layers.Activation("tanh", dtype="float32"),
        ]

    def convolution(self, strides: int = 1) -> list[layers.Layer]:
        """Return a convolution with its normalisation and activation."""
        convolve = layers.Conv2D(self.config.filters, 3, strides, padding="same", use_bias=False)
        return [convolve, BatchNormalization(), layers.ELU()]

    def discriminator_loss(self, real, fake):
        """L(x) - k·L(G(z)) with L(v) = |v - D(v)|, and k moved towards γ·L(x) = L(G(z)): section 3.3 of its paper."""
        real_error, fake_error = map(error, (real, fake), self.discriminate_both(real, fake))
        balance = tf.convert_to_tensor(self.memory["balance"])
        surplus = distribution.mean(self.config.diversity * real_error - fake_error)
        self.memory["balance"].assign(tf.clip_by_value(balance + self.config.balance_rate * surplus, 0.0, 1.0))
        self.track(convergence=real_error + tf.abs(surplus), balance=balance)
        return real_error - balance * fake_error

    def generator_loss(self, real, fake):
        return error(fake, self.discriminate(fake))

    def exports(self) -> dict[str, keras.Model]:
        return {"generator": self.sampler(), "autoencoder": self.discriminator}


def doubled(small: list[int], number: int) -> list[layers.Layer]:
    """Return the layers that double the sides for the `number`th time, from 0; LiteRT must be told the new ones."""
    height, width, channels = small
    sides = [height << (number + 1), width << (number + 1)]
    return [layers.UpSampling2D(), layers.Reshape([*sides, channels])]


def error(batch, reconstruction: tf.Tensor) -> tf.Tensor:
    """Return the mean absolute difference between images and their reconstructions."""
    return tf.reduce_mean(tf.abs(batch["image"] - reconstruction))
