"""The model that the paper proposes: a DCGAN with everything that is known to steady one (its section 5.3).

python -m gan_keras.train --model proposed

python -m gan_keras.train --model proposed --conditional
"""

from dataclasses import dataclass
from typing import Literal

import keras
import tensorflow as tf
from keras import layers, ops

from gan_keras import losses
from gan_keras.config import Count, Fraction, NotNegative, Rate, Schedule
from gan_keras.gan import Stream
from gan_keras.layers import LeakyReLU, SpectralNormalization
from gan_keras.models import cgan, dcgan


@dataclass(frozen=True, kw_only=True)
class Config(cgan.Config):
    """The options of the proposed model: each of its parts can be switched on and off.

    The defaults are what won in runs of some minutes, and with labels in longer ones. `--preset paper` has all the
    parts that the paper names.
    """

    conditional: bool = False  # tell both players the class
    loss: Literal["non_saturating", "least_squares", "wasserstein", "hinge"] = "non_saturating"  # of the two players
    spectral_normalisation: bool = True  # of the discriminator's layers (Miyato et al. 2018): bears the high rate
    gradient_penalty: NotNegative = 0.0  # between real and fake images (Gulrajani et al. 2017): dear, and no help
    noise: NotNegative = 0.0  # deviation of what is added to the images that the discriminator sees: no help
    units: Count = 128  # of the discriminator's dense layer, which the paper's has not
    learning_rate: Rate = 2e-3  # ten times the DCGAN's
    beta_2: Fraction = 0.99  # follows gradients that change as the players do
    schedule: Schedule = "cooldown"  # the rate is high for long, and falls in the last tenth
    average_decay: Fraction = 0.998  # of the averaged generator: short, to forget the steps before the rate fell

    presets = cgan.Config.presets | {
        "paper": {
            **cgan.Config.presets["paper"],
            "gradient_penalty": 1.0,
            "noise": 0.1,
            "beta_2": 0.999,
            "schedule": "linear",
            "average_decay": 0.999,
        },
        "quick": {"epochs": 8, "steps_per_epoch": 300},
    }


class Model(cgan.Model):
    """Batch normalisation in the generator; spectral normalisation, noise and a penalty in the discriminator.

    With labels, the generator is the conditional GAN's, and the discriminator projects them onto its features (Miyato
    and Koyama 2018, arXiv:1802.05637).
    """

    @property
    def adversarial_loss(self) -> losses.AdversarialLoss:
        return getattr(losses, self.config.loss)

    def build_generator(self) -> keras.Model:
        return super().build_generator() if self.config.conditional else dcgan.Model.build_generator(self)

    def build_discriminator(self) -> keras.Model:
        image = keras.Input(self.image_shape)
        features = self.build_features(self.image_shape)(image)
        features = LeakyReLU(0.2)(self.constrained(layers.Dense(self.config.units))(features))
        logits = self.build_head()(features)
        if not self.config.conditional:
            return keras.Model(image, logits, name="discriminator")
        label = keras.Input([], dtype="int32")
        embedded = self.constrained(layers.Dense(self.config.units, use_bias=False))(ops.one_hot(label, self.classes))
        projection = layers.Dot(axes=1, dtype="float32")([embedded, features])
        return keras.Model([image, label], layers.Add(dtype="float32")([logits, projection]), name="discriminator")

    def constrained(self, layer: layers.Layer) -> layers.Layer:
        return SpectralNormalization(layer) if self.config.spectral_normalisation else layer

    def discriminate(self, batch):
        if self.config.noise:
            image = batch["image"]
            # Both players' passes of a step differ: the discriminator has moved between them.
            number = self.discriminator_optimizer.iterations
            noise = self.random(tf.random.stateless_normal, tf.shape(image), Stream.NOISE, number)
            batch = {**batch, "image": image + self.config.noise * noise}
        return super().discriminate(batch)

    def discriminator_loss(self, real, fake):
        loss = super().discriminator_loss(real, fake)
        return loss + self.gradient_penalty(real, fake) if self.config.gradient_penalty else loss
