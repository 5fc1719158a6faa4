"""InfoGAN: a class and two continuous codes, found without labels (Chen et al. 2016, arXiv:1606.03657).

python -m gan_keras.train --model infogan
"""

from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

from gan_keras.config import Count, NotNegative, Rate
from gan_keras.console import UserError
from gan_keras.layers import LeakyReLU
from gan_keras.models import dcgan

CONTINUOUS = 2  # codes
COLUMNS = 10  # of the picture of the codes


@dataclass(frozen=True, kw_only=True)
class Config(dcgan.Config):
    """The options of the InfoGAN."""

    generator_learning_rate: Rate = 1e-3  # five times the discriminator's (appendix C.1): readable digits come sooner
    latent_dim: Count = 74  # 62 for noise, 10 for the class, 2 for the continuous codes (appendix C.1)
    categories: Count = 10  # classes to be found
    information: NotNegative = 1.0  # weight of the codes' loss (appendix C.1)
    samples: Count = 100  # the picture's rows walk over the classes and over each continuous code

    def __post_init__(self) -> None:
        super().__post_init__()
        codes = self.categories + CONTINUOUS
        if self.latent_dim < codes:
            raise UserError(f"--latent-dim is {self.latent_dim}; the codes alone take {codes}.")


class Model(dcgan.Model):
    """A DCGAN whose generator must leave its codes readable to a head on the discriminator's features.

    The latent is normal, as every program that uses a generator expects. Its last numbers are the codes: the largest
    of `categories` is the class, and of each of the last two counts its place within the normal distribution.
    """

    def build_generator(self) -> keras.Model:
        latent = keras.Input([self.config.latent_dim])
        category, continuous = self.codes(latent)
        noise = latent[:, : -self.config.categories - CONTINUOUS]
        network = super().build_generator()
        return keras.Model(latent, network(ops.concatenate([noise, category, continuous], axis=1)), name="generator")

    def codes(self, latent):
        """Return the class as a one-hot vector [batch, categories], and the continuous codes in [-1, 1] [batch, 2]."""
        choice = latent[:, -self.config.categories - CONTINUOUS : -CONTINUOUS]
        category = ops.one_hot(ops.argmax(choice, axis=1), self.config.categories, dtype="float32")
        return category, ops.erf(latent[:, -CONTINUOUS:] / np.sqrt(2.0))

    def build_discriminator(self) -> keras.Model:
        discriminator = super().build_discriminator()
        self.code_head = keras.Sequential(
            [
                keras.Input(discriminator.layers[0].output_shape[1:]),
                layers.Dense(128),
                LeakyReLU(0.2),
                layers.Dense(self.config.categories + CONTINUOUS, dtype="float32"),
            ],
            name="code_head",
        )
        return discriminator

    def generator_networks(self) -> list[keras.Model]:
        return [self.generator, self.code_head]

    def discriminate(self, batch):
        """Return the logit and beside it what the code head reads: [batch, 1 + categories + 2]."""
        features, head = self.discriminator.layers
        seen = features(batch["image"], training=True)
        return tf.concat([head(seen), self.code_head(seen, training=True)], axis=1)

    def discriminator_loss(self, real, fake):
        real_outputs, fake_outputs = self.discriminate_both(real, fake)
        loss = self.adversarial_discriminator_loss(real_outputs[:, :1], fake_outputs[:, :1])
        return loss + self.unread(fake_outputs, fake)

    def generator_loss(self, real, fake):
        outputs = self.discriminate(fake)
        return self.adversarial_loss.generator(outputs[:, :1]) + self.unread(outputs, fake)

    def unread(self, outputs: tf.Tensor, fake) -> tf.Tensor:
        """Return the negative log-likelihood of the codes, which bounds their mutual information with the images.

        Equation 4 of the paper. Both players lower it: the discriminator's features are the code head's too.
        """
        category, continuous = self.codes(fake["latent"])
        losses = tf.nn.softmax_cross_entropy_with_logits(category, outputs[:, 1:-CONTINUOUS])
        losses += 0.5 * tf.reduce_sum((continuous - outputs[:, -CONTINUOUS:]) ** 2, axis=1)
        return self.config.information * tf.reduce_mean(losses)

    def display_latents(self) -> tf.Tensor:
        """Return latents whose rows of ten walk over the classes, and over each continuous code."""
        rows = -(-self.config.samples // COLUMNS)
        latents = self.sample_latents(rows).numpy().repeat(COLUMNS, axis=0).reshape(rows, COLUMNS, -1)
        first = self.config.latent_dim - self.config.categories - CONTINUOUS
        for row in range(rows):
            if row % 3 == 0:
                latents[row, :, first:-CONTINUOUS] = 3 * np.eye(COLUMNS, self.config.categories)
            else:
                latents[row, :, -(row % 3)] = np.linspace(-2, 2, COLUMNS)
        return tf.constant(latents.reshape(rows * COLUMNS, -1)[: self.config.samples])
