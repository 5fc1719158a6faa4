"""AC-GAN: the discriminator also names the class (Odena et al. 2017, arXiv:1610.09585).

python -m gan_keras.train --model acgan

|  | in the source | here |
| --- | --- | --- |
| losses | L_S + L_C against L_C - L_S | as in the source, with the non-saturating L_S |
| optimizer | Adam with 2e-4 and β₁ 0.5 | Adam with the conditional GAN's 1e-3, which learns labels sooner |
| discriminator | dropout and noise on activations | neither |
"""

from dataclasses import dataclass

import keras
import tensorflow as tf

from gan_keras.data import Batch
from gan_keras.game import losses
from gan_keras.models import cgan, dcgan
from gan_keras.options import NotNegative


@dataclass(frozen=True, kw_only=True)
class Config(cgan.Config):
    """The options of the AC-GAN: those of the conditional GAN, with its more and smaller steps."""

    class_weight: NotNegative = 1.0  # weight of the class loss; 1 as in its paper, which adds up the two losses


class Model(cgan.Model):
    """A conditional generator against a discriminator that must recognise the class.

    The discriminator's output is [batch, 1 + classes]: the logit of being real, then the logits of the classes.
    """

    config: Config

    def build_discriminator(self) -> keras.Model:
        return dcgan.Model.build_discriminator(self)  # unlike the conditional GAN's, it takes no label

    def outputs(self) -> int:
        return 1 + self.classes

    def discriminator_loss(self, real, fake):
        real_outputs, fake_outputs = self.discriminate_both(real, fake)
        loss = self.adversarial_discriminator_loss(real_outputs[:, :1], fake_outputs[:, :1])
        return loss + self.class_loss(real_outputs, real) + self.class_loss(fake_outputs, fake)

    def generator_loss(self, real, fake):
        outputs = self.discriminate(fake)
        return self.adversarial_loss.generator(outputs[:, :1]) + self.class_loss(outputs, fake)

    def class_loss(self, outputs: tf.Tensor, batch: Batch) -> tf.Tensor:
        """Return the cross-entropy of the classes: L_C of the paper's section 3."""
        return self.config.class_weight * losses.cross_entropy(batch["label"], outputs[:, 1:])
