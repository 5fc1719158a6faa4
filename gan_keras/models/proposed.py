"""The paper's proposed model with labels, and without the parts that did not help: the default.

python -m gan_keras.train --model proposed

python -m gan_keras.train --model proposed --no-conditional

|  | in the source | here |
| --- | --- | --- |
| parts | section 5.3 names them, without numbers | each is an option; `--preset paper` has all of them |
| labels | none | both players get them; without labels or with `--no-conditional`, none |
| modes | none | without labels, the first latents choose one of `--modes`, which the generator embeds in their place |
| defaults |  | without the parts that did not help (docs/proposed.md) |
| discriminator | a DCGAN's | with a dense layer, and a projection of the label |
"""

from dataclasses import dataclass
from typing import Annotated, Literal

import keras
import tensorflow as tf
from keras import layers, ops

from gan_keras.game import losses
from gan_keras.game.randomness import Stream
from gan_keras.layers import LeakyReLU, SpectralNormalization
from gan_keras.models import cgan, dcgan
from gan_keras.options import Between, Fraction, NotNegative, Rate, Schedule, Size


@dataclass(frozen=True, kw_only=True)
class Config(cgan.Config):
    """The options of the proposed model. Each of its parts can be switched on and off.

    The defaults leave out the parts that did not help in runs of a few minutes. `--preset paper` has all the parts that
    the paper names.
    """

    conditional: bool = True  # give both players the labels if there are any: better images, and you choose the digit
    # adversarial loss of both players; the default is the DCGAN's
    loss: Literal["non_saturating", "least_squares", "wasserstein", "hinge"] = "non_saturating"
    # spectral normalisation in the discriminator; keeps training stable at high learning rates
    spectral_normalisation: bool = True
    gradient_penalty: NotNegative = 0.0  # weight of the gradient penalty; costly, and no benefit was measured
    noise: NotNegative = 0.0  # standard deviation of noise on the discriminator's images; no benefit was measured
    # without labels: kinds of images that the generator keeps apart, so that fewer lie between two of them; at most as
    # many as half of the latents; 0: none
    modes: Annotated[int, Between(0, 4096)] = 20
    units: Size = 128  # units of a dense layer in the discriminator, absent from the paper's model
    learning_rate: Rate = 2e-3  # learning rate of both players; ten times the DCGAN's
    beta_1: Fraction = 0.0  # Adam's momentum; without any, the players follow each other at once
    # decay of Adam's average of squared gradients; below the usual 0.999: the players change fast
    beta_2: Fraction = 0.99
    schedule: Schedule = "cooldown"  # learning rate over time; constant, until it falls in the last steps
    average_decay: Fraction = 0.998  # decay of the averaged generator; it must forget the steps before the rate falls

    presets = cgan.Config.presets | {
        "paper": {
            **cgan.Config.presets["paper"],
            "conditional": False,
            "modes": 0,
            "gradient_penalty": 1.0,
            "noise": 0.1,
            "beta_1": 0.5,
            "beta_2": 0.999,
            "schedule": "linear",
            "average_decay": 0.999,
        },
        "quick": {"epochs": 8, "steps_per_epoch": 300},
    }


class Model(cgan.Model):
    """Batch normalisation in the generator; spectral normalisation, noise and a gradient penalty in the discriminator.

    With labels, the generator is the conditional GAN's, and the discriminator projects them onto its features (Miyato
    and Koyama 2018, arXiv:1802.05637).
    """

    config: Config

    @property
    def adversarial_loss(self) -> losses.AdversarialLoss:  # type: ignore[override]  # chosen by an option
        return getattr(losses, self.config.loss)

    @property
    def conditional(self) -> bool:
        """Whether the players get labels: those of a single class say nothing."""
        return self.config.conditional and self.classes > 1

    @property
    def modes(self) -> int:
        """The number of modes of the generator, each chosen by a latent of its own."""
        return 0 if self.conditional else min(self.config.modes, self.config.latent_dim // 2)

    def build_generator(self) -> keras.Model:
        """Return the conditional GAN's network, and without labels the DCGAN's with an embedded mode beside the latent.

        A continuous function of normal latents that draws several kinds of digits also draws what lies between two of
        them (Tanielian et al. 2020, arXiv:2006.04596). So the largest of the first latents chooses a mode, and what the
        modes mean is learned, as that of a mixture's parts is in Gurumurthy et al. 2017 (arXiv:1706.02071). The other
        latents say how it is drawn.
        """
        if self.conditional:
            return super().build_generator()
        if not self.modes:
            return dcgan.Model.build_generator(self)
        latent = keras.Input([self.config.latent_dim], name="latent")
        choosing, others = latent[:, : self.modes], latent[:, self.modes :]
        _, mode = ops.top_k(choosing, 1)  # `ops.argmax` cannot be converted to LiteRT
        embedded = layers.Dense(self.config.embedding, use_bias=False)(ops.one_hot(mode[:, 0], self.modes))
        network = self.build_upsampling(self.config.latent_dim - self.modes + self.config.embedding)
        return keras.Model(latent, network(layers.Concatenate()([others, embedded])), name="generator")

    def build_discriminator(self) -> keras.Model:
        image = keras.Input(self.image_shape, name="image")
        features = self.build_features(self.image_shape)(image)
        features = LeakyReLU(0.2)(self.constrained(layers.Dense(self.config.units))(features))
        logits = self.build_head()(features)
        if not self.conditional:
            return keras.Model(image, logits, name="discriminator")
        label = keras.Input([], dtype="int32", name="label")
        embedded = self.constrained(layers.Dense(self.config.units, use_bias=False))(ops.one_hot(label, self.classes))
        projection = layers.Dot(axes=1, dtype="float32")([embedded, features])
        return keras.Model([image, label], layers.Add(dtype="float32")([logits, projection]), name="discriminator")

    def constrained(self, layer: layers.Layer) -> layers.Layer:
        return SpectralNormalization(layer) if self.config.spectral_normalisation else layer

    def shown(self, batch, number):
        batch = super().shown(batch, number)
        if not self.config.noise:
            return batch
        size = tf.shape(batch["image"])[0]
        noise = self.random(tf.random.stateless_normal, [size, *self.image_shape], Stream.NOISE, number)
        return batch | {"image": batch["image"] + self.config.noise * noise}

    def discriminator_loss(self, real, fake):
        loss = super().discriminator_loss(real, fake)
        weight = self.config.gradient_penalty
        return loss + weight * self.gradient_penalty(real, fake) if weight else loss
