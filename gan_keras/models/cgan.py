"""Conditional GAN: both players are told the class (Mirza and Osindero 2014, arXiv:1411.1784).

python -m gan_keras.train --model cgan
"""

from dataclasses import dataclass

import keras
from keras import layers

from gan_keras.config import Count, Rate
from gan_keras.models import dcgan


@dataclass(frozen=True, kw_only=True)
class Config(dcgan.Config):
    """The options of the conditional GAN.

    More and smaller steps than the DCGAN's: so 96.7 % of the digits are those that were asked for after three epochs,
    and with the DCGAN's own numbers 80.2 % after four (`label_accuracy` of `gan_keras.evaluate`, seed 0, all of MNIST).
    """

    filters: Count = 32  # half the DCGAN's, for more than twice the steps in the same time
    batch_size: Count = 64  # half the DCGAN's, for as many steps again
    learning_rate: Rate = 1e-3  # five times the DCGAN's: the label is heeded sooner
    embedding: Count = 50  # numbers that stand for a class beside the latent
    samples: Count = 100  # a column for each of ten classes

    presets = dcgan.Config.presets | {"paper": {"filters": 64, "batch_size": 128, "learning_rate": 2e-4}}


class Model(dcgan.Model):
    """A DCGAN with the label in the latent, and beside the image as one more channel."""

    def build_generator(self) -> keras.Model:
        latent = keras.Input([self.config.latent_dim])
        label = keras.Input([], dtype="int32")
        embedded = layers.Embedding(self.classes, self.config.embedding)(label)
        network = super().build_generator(self.config.latent_dim + self.config.embedding)
        return keras.Model([latent, label], network(layers.Concatenate()([latent, embedded])), name="generator")

    def build_discriminator(self) -> keras.Model:
        height, width, channels = self.image_shape
        image, label = keras.Input(self.image_shape), keras.Input([], dtype="int32")
        plane = layers.Reshape([height, width, 1])(layers.Embedding(self.classes, height * width)(label))
        features = self.build_features((height, width, channels + 1))
        logits = self.build_head()(features(layers.Concatenate()([image, plane])))
        return keras.Model([image, label], logits, name="discriminator")
