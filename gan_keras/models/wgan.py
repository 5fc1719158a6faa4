"""WGAN: a critic that estimates the Wasserstein distance, its weights clipped (Arjovsky et al. 2017, arXiv:1701.07875).

python -m gan_keras.train --model wgan

|  | in the source | here |
| --- | --- | --- |
| algorithm 1 | RMSprop with 5e-5, clip 0.01, 5 critic steps, 64 | as in the source |
| networks | a DCGAN's, and others | the DCGAN's, whose critic has no batch normalisation |
"""

from dataclasses import dataclass

import keras
import tensorflow as tf

from gan_keras.game import config, losses
from gan_keras.models import dcgan
from gan_keras.options import Count, Positive, Rate


@dataclass(frozen=True, kw_only=True)
class Config(dcgan.Config):
    """The options of the WGAN, from algorithm 1 of its paper."""

    # learning rate of both players; with a higher one the clipped weights jump to their bounds
    learning_rate: Rate = 5e-5
    batch_size: Count = 64  # images in a batch; with five critic steps, larger batches leave few generator steps
    critic_steps: Count = 5  # critic steps for each generator step; the critic must stay near its optimum
    clip: Positive = 0.01  # bound of the critic's weights, which limits its slope

    presets = config.Config.presets  # the DCGAN's faster learning rate is of no use here


class Model(dcgan.Model):
    """A DCGAN whose critic gives scores instead of probabilities."""

    config: Config
    adversarial_loss = losses.wasserstein

    def build_discriminator(self) -> keras.Model:
        critic = super().build_discriminator()
        bound = self.config.clip
        for variable in critic.trainable_variables:  # the optimizer applies the constraint after each step
            variable.constraint = lambda weight: tf.clip_by_value(weight, -bound, bound)
        return critic

    def build_optimizer(self, rate) -> keras.optimizers.Optimizer:
        """Return RMSprop: with momentum, the critic's loss oscillates (section 4 of the paper)."""
        return keras.optimizers.RMSprop(rate)
