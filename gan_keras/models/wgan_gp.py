"""WGAN-GP: a Wasserstein critic with a gradient penalty (Gulrajani et al. 2017, arXiv:1704.00028).

python -m gan_keras.train --model wgan_gp
"""

from dataclasses import dataclass

from gan_keras import config, losses
from gan_keras.config import Count, Fraction, NotNegative, Rate
from gan_keras.models import dcgan


@dataclass(frozen=True, kw_only=True)
class Config(dcgan.Config):
    """The options of the WGAN-GP: those of its paper's algorithm 1."""

    learning_rate: Rate = 1e-4  # half of what a DCGAN bears
    beta_1: Fraction = 0.0  # momentum disturbs a critic that must follow at once
    beta_2: Fraction = 0.9  # its gradients change fast
    batch_size: Count = 64  # with five critic steps, larger ones leave few steps for the generator
    critic_steps: Count = 5  # the critic must stay near its optimum
    gradient_penalty: NotNegative = 10.0  # its weight, which worked for every data set of its paper

    presets = config.Config.presets  # a faster learning rate is no help here


class Model(dcgan.Model):
    """A DCGAN whose critic has slope 1 between the real and the fake images."""

    adversarial_loss = losses.wasserstein

    def discriminator_loss(self, real, fake):
        return super().discriminator_loss(real, fake) + self.gradient_penalty(real, fake)
