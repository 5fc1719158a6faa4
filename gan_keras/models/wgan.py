"""WGAN: a critic that estimates the Wasserstein distance, its weights clipped (Arjovsky et al. 2017, arXiv:1701.07875).

python -m gan_keras.train --model wgan
"""

from dataclasses import dataclass

import keras
import tensorflow as tf

from gan_keras import config, losses
from gan_keras.config import Count, Positive, Rate
from gan_keras.models import dcgan


@dataclass(frozen=True, kw_only=True)
class Config(dcgan.Config):
    """The options of the WGAN: those of its paper's algorithm 1."""

    learning_rate: Rate = 5e-5  # larger, and the clipped critic jumps from bound to bound
    batch_size: Count = 64  # with five critic steps, larger ones leave few steps for the generator
    critic_steps: Count = 5  # the critic must stay near its optimum
    clip: Positive = 0.01  # bound of the critic's weights, which keeps its slope bounded

    presets = config.Config.presets  # a faster learning rate is no help here


class Model(dcgan.Model):
    """A DCGAN without the logarithms. Its critic scores: an accuracy says little about it."""

    adversarial_loss = losses.wasserstein

    def build_discriminator(self) -> keras.Model:
        critic = super().build_discriminator()
        bound = self.config.clip
        for variable in critic.trainable_variables:  # the optimizer applies the constraint after each step
            variable.constraint = lambda weight: tf.clip_by_value(weight, -bound, bound)
        return critic

    def plain_optimizer(self, rate) -> keras.optimizers.Optimizer:
        """Return RMSprop: with momentum, the critic's loss oscillates (section 4 of the paper)."""
        return keras.optimizers.RMSprop(rate)
