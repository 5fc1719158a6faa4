"""R3GAN: a relativistic loss with zero-centred penalties, no batch normalisation (Huang et al. 2025, arXiv:2501.05441).

python -m gan_keras.train --model r3gan

|  | in the source | here |
| --- | --- | --- |
| loss, penalties | relativistic, R1 and R2 | as in the source |
| networks | ResNets without normalisation | the DCGAN's without normalisation: small and fast |
| schedules | of rates, β₂ and penalties | constant |
"""

from dataclasses import dataclass

from keras import layers

from gan_keras.game import config, losses, penalties
from gan_keras.layers import LeakyReLU
from gan_keras.models import dcgan
from gan_keras.options import Fraction, NotNegative


@dataclass(frozen=True, kw_only=True)
class Config(dcgan.Config):
    """The options of the R3GAN. Its loss is used with the networks of the DCGAN."""

    beta_1: Fraction = 0.0  # Adam's momentum; 0 as in its paper's appendix
    beta_2: Fraction = 0.99  # Adam's average of squared gradients; 0.99 is where its paper's schedule ends
    penalty: NotNegative = 1.0  # weight of the penalties R1 and R2; its paper chooses one per data set and has no MNIST

    presets = config.Config.presets  # the DCGAN's faster learning rate is of no use here


class Model(dcgan.Model):
    """Each real image is compared with a fake one, so that dropping a mode of the data costs something."""

    config: Config
    adversarial_loss = losses.AdversarialLoss(losses.relativistic, losses.relativistic, has_threshold=False)

    def activation(self) -> list[layers.Layer]:
        return [LeakyReLU(0.2)]

    def discriminator_loss(self, real, fake):
        slopes = sum(penalties.zero_centred_penalty(self.critic(batch), batch["image"]) for batch in (real, fake))
        return super().discriminator_loss(real, fake) + self.config.penalty * slopes

    def generator_loss(self, real, fake):
        real_logits, fake_logits = self.discriminate_both(real, fake)
        return self.adversarial_loss.generator(fake_logits, real_logits)
