"""R3GAN: a relativistic loss with zero-centred penalties, no batch normalisation (Huang et al. 2025, arXiv:2501.05441).

python -m gan_keras.train --model r3gan
"""

from dataclasses import dataclass

from keras import layers

from gan_keras import config, losses
from gan_keras.config import Fraction, NotNegative
from gan_keras.layers import LeakyReLU
from gan_keras.models import dcgan


@dataclass(frozen=True, kw_only=True)
class Config(dcgan.Config):
    """The options of the R3GAN: its loss, on the DCGAN's networks."""

    beta_1: Fraction = 0.0  # as its paper's appendix: the penalties stand in for the damping of momentum
    beta_2: Fraction = 0.99  # where its paper's schedule ends
    penalty: NotNegative = 1.0  # of R1 and R2 each; its paper chooses one for each data set, but had no MNIST

    presets = config.Config.presets  # a faster learning rate is no help here


class Model(dcgan.Model):
    """Each real image is compared with a fake one: no mode of the data can be dropped without a price."""

    adversarial_loss = losses.AdversarialLoss(losses.relativistic, losses.relativistic)

    def activation(self) -> list[layers.Layer]:
        return [LeakyReLU(0.2)]

    def discriminator_loss(self, real, fake):
        penalties = sum(losses.zero_centred_penalty(self.critic(batch), batch["image"]) for batch in (real, fake))
        return super().discriminator_loss(real, fake) + self.config.penalty * penalties

    def generator_loss(self, real, fake):
        real_logits, fake_logits = self.discriminate_both(real, fake)
        return self.adversarial_loss.generator(fake_logits, real_logits)
