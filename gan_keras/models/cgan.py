"""Conditional GAN: both players know the class (Mirza and Osindero 2014, arXiv:1411.1784).

python -m gan_keras.train --model cgan

|  | in the source | here |
| --- | --- | --- |
| what the players know | latent and label; image and label | as in the source |
| networks | dense, maxout and ReLU | the DCGAN's, with the label as 50 more latents and as one more channel |
| optimizer | SGD, rate from 0.1 down, momentum up | Adam, as for all models here |
"""

from dataclasses import dataclass

import keras
from keras import layers

from gan_keras.models import dcgan
from gan_keras.options import Count, Images, Rate, Size


@dataclass(frozen=True, kw_only=True)
class Config(dcgan.Config):
    """The options of the conditional GAN. It takes more and smaller steps than the DCGAN: labels are learned sooner."""

    filters: Size = 32  # channels of the layers next to the image; half the DCGAN's, for more steps per minute
    batch_size: Count = 64  # images in a batch; half the DCGAN's, for twice as many steps per epoch
    learning_rate: Rate = 1e-3  # learning rate of both players; five times the DCGAN's: labels are learned sooner
    embedding: Size = 50  # size of the vector that stands for a class beside the latent
    samples: Images = 100  # images in the picture that is drawn after each epoch; 100 are ten of each digit

    presets = dcgan.Config.presets | {"paper": {"filters": 64, "batch_size": 128, "learning_rate": 2e-4}}


class Model(dcgan.Model):
    """A DCGAN with the label appended to the latent, and beside the image as one more channel."""

    config: Config

    def build_generator(self) -> keras.Model:
        latent = keras.Input([self.config.latent_dim], name="latent")
        label = keras.Input([], dtype="int32", name="label")
        embedded = layers.Embedding(self.classes, self.config.embedding)(label)
        network = self.build_upsampling(self.config.latent_dim + self.config.embedding)
        return keras.Model([latent, label], network(layers.Concatenate()([latent, embedded])), name="generator")

    def build_discriminator(self) -> keras.Model:
        height, width, channels = self.image_shape
        image, label = keras.Input(self.image_shape, name="image"), keras.Input([], dtype="int32", name="label")
        plane = layers.Reshape([height, width, 1])(layers.Embedding(self.classes, height * width)(label))
        features = self.build_features((height, width, channels + 1))
        logits = self.build_head()(features(layers.Concatenate()([image, plane])))
        return keras.Model([image, label], logits, name="discriminator")
