"""InfoGAN: a class and two continuous codes, found without labels (Chen et al. 2016, arXiv:1606.03657).

python -m gan_keras.train --model infogan

|  | in the source | here |
| --- | --- | --- |
| latents, codes, λ | 62 + 10 + 2, λ = 1 | as in appendix C.1 |
| rates | 2e-4 and 1e-3 | as in appendix C.1 |
| code head | 128 units with batch normalisation | 128 units without it; it moves with the generator |
| discriminator | batch normalisation, 1,024 units | the DCGAN's |
| codes | uniform | made from normal latents, so that every program can draw them |
"""

import math
from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

from gan_keras.data import Batch
from gan_keras.layers import LeakyReLU
from gan_keras.models import dcgan
from gan_keras.options import Images, NotNegative, Rate, Size
from gan_keras.ui.console import UserError

CONTINUOUS = 2  # continuous codes
COLUMNS = 10  # images in a row of the picture that shows the codes


@dataclass(frozen=True, kw_only=True)
class Config(dcgan.Config):
    """The options of the InfoGAN."""

    generator_learning_rate: Rate = 1e-3  # the generator's learning rate: five times the discriminator's (appendix C.1)
    latent_dim: Size = 74  # size of the latent vector: 62 for noise, 10 for the class, 2 for the codes (appendix C.1)
    categories: Size = 10  # number of classes to find
    information: NotNegative = 1.0  # weight of the loss of the codes; 1 as in appendix C.1
    samples: Images = 100  # images in the picture after each epoch; its rows walk along the classes and each code

    def __post_init__(self) -> None:
        super().__post_init__()
        codes = self.categories + CONTINUOUS
        if self.latent_dim < codes:
            raise UserError(f"--latent-dim is {self.latent_dim}; the codes alone need {codes}.")


class Model(dcgan.Model):
    """A DCGAN whose generator must make its codes readable for a head on the discriminator's features.

    The latent is normal, as every program that uses a generator expects. Its last numbers are the codes: the largest
    of `categories` numbers gives the class, and the last two give the continuous codes, each mapped to [-1, 1] by the
    normal distribution function.
    """

    config: Config
    generator_networks = ("generator", "code_head")

    def build_generator(self) -> keras.Model:
        latent = keras.Input([self.config.latent_dim], name="latent")
        category, continuous = self.codes(latent)
        noise = latent[:, : -self.config.categories - CONTINUOUS]
        network = super().build_generator()
        return keras.Model(latent, network(ops.concatenate([noise, category, continuous], axis=1)), name="generator")

    def codes(self, latent):
        """Return the class as a one-hot vector [batch, categories], and the continuous codes in [-1, 1] [batch, 2]."""
        choice = latent[:, -self.config.categories - CONTINUOUS : -CONTINUOUS]
        category = ops.cast(choice >= ops.max(choice, axis=1, keepdims=True), "float32")  # argmax has no form in ONNX
        return category, ops.erf(latent[:, -CONTINUOUS:] / math.sqrt(2.0))

    def build_networks(self) -> dict[str, keras.Model]:
        networks = super().build_networks()
        code_head = keras.Sequential(
            [
                keras.Input(networks["discriminator"].layers[0].output_shape[1:], name="features"),
                layers.Dense(128),
                LeakyReLU(0.2),
                layers.Dense(self.config.categories + CONTINUOUS, dtype="float32"),
            ],
            name="code_head",
        )
        return {**networks, "code_head": code_head}

    def discriminate(self, batch):
        """Return the logit, and after it what the code head reads: [batch, 1 + categories + 2]."""
        features, head = self.discriminator.layers
        seen = features(batch["image"], training=True)
        return tf.concat([head(seen), self.code_head(seen, training=True)], axis=1)

    def discriminator_loss(self, real, fake):
        real_outputs, fake_outputs = self.discriminate_both(real, fake)
        loss = self.adversarial_discriminator_loss(real_outputs[:, :1], fake_outputs[:, :1])
        return loss + self.code_loss(fake_outputs, fake)

    def generator_loss(self, real, fake):
        outputs = self.discriminate(fake)
        return self.adversarial_loss.generator(outputs[:, :1]) + self.code_loss(outputs, fake)

    def code_loss(self, outputs: tf.Tensor, fake: Batch) -> tf.Tensor:
        """Return the negative log-likelihood of the codes, which bounds their mutual information with the images.

        Equation 4 of its paper. Both players lower it, because the code head uses the discriminator's features.
        """
        category, continuous = self.codes(fake["latent"])
        losses = tf.nn.softmax_cross_entropy_with_logits(category, outputs[:, 1:-CONTINUOUS])
        losses += 0.5 * tf.reduce_sum((continuous - outputs[:, -CONTINUOUS:]) ** 2, axis=1)
        return self.config.information * tf.reduce_mean(losses)

    def display_latents(self) -> tf.Tensor:
        """Return latents in rows of ten that walk along the classes and along each continuous code, in turn."""
        rows = -(-self.config.samples // COLUMNS)
        latents = self.sample_latents(rows).numpy().repeat(COLUMNS, axis=0).reshape(rows, COLUMNS, -1)
        first = self.config.latent_dim - self.config.categories - CONTINUOUS
        for row in range(rows):
            if row % 3 == 0:
                latents[row, :, first:-CONTINUOUS] = 3 * np.eye(COLUMNS, self.config.categories)
            else:
                latents[row, :, -(row % 3)] = np.linspace(-2, 2, COLUMNS)
        return tf.constant(latents.reshape(rows * COLUMNS, -1)[: self.config.samples])

    def display_columns(self) -> int | None:
        return min(COLUMNS, self.config.samples)
