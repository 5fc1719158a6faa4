"""WGAN-GP: a Wasserstein critic with a gradient penalty (Gulrajani et al. 2017, arXiv:1704.00028).

python -m gan_keras.train --model wgan_gp

|  | in the source | here |
| --- | --- | --- |
| algorithm 1 | Adam with 1e-4, β 0 and 0.9, λ 10, 5 critic steps, 64 | as in the source |
| critic | no batch normalisation | as in the source |
| networks | 5x5 kernels, 64 filters (MNIST) | the DCGAN's, with 4x4 kernels |
"""

from dataclasses import dataclass

from gan_keras.game import config, losses
from gan_keras.models import dcgan
from gan_keras.options import Count, Fraction, NotNegative, Rate


@dataclass(frozen=True, kw_only=True)
class Config(dcgan.Config):
    """The options of the WGAN-GP, from algorithm 1 of its paper."""

    learning_rate: Rate = 1e-4  # learning rate of both players; half the DCGAN's
    beta_1: Fraction = 0.0  # Adam's momentum; 0, because the critic must follow the generator at once
    beta_2: Fraction = 0.9  # Adam's average of squared gradients; shorter, because gradients change fast
    batch_size: Count = 64  # images in a batch; with five critic steps, larger batches leave few generator steps
    critic_steps: Count = 5  # critic steps for each generator step; the critic must stay near its optimum
    gradient_penalty: NotNegative = 10.0  # weight of the gradient penalty; 10 worked for all data sets of its paper

    presets = config.Config.presets  # the DCGAN's faster learning rate is of no use here


class Model(dcgan.Model):
    """A DCGAN whose critic is drawn to slope 1 between real and fake images."""

    config: Config
    adversarial_loss = losses.wasserstein

    def discriminator_loss(self, real, fake):
        return super().discriminator_loss(real, fake) + self.config.gradient_penalty * self.gradient_penalty(real, fake)
