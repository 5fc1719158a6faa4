"""AC-GAN: the discriminator also names the class (Odena et al. 2017, arXiv:1610.09585).

python -m gan_keras.train --model acgan
"""

from dataclasses import dataclass

import keras
import tensorflow as tf

from gan_keras.config import NotNegative
from gan_keras.models import cgan, dcgan


@dataclass(frozen=True, kw_only=True)
class Config(cgan.Config):
    """The options of the AC-GAN: the conditional GAN's, whose more and smaller steps serve here for the same reason."""

    class_weight: NotNegative = 1.0  # of the class beside real or fake; its paper adds the two as they are


class Model(cgan.Model):
    """A conditional generator against a discriminator that is not told the class, and finds it.

    The discriminator's output is [batch, 1 + classes]: the logit of being real, and the logits of the classes.
    """

    def build_discriminator(self) -> keras.Model:
        return dcgan.Model.build_discriminator(self, 1 + self.classes)  # not the conditional GAN's

    def discriminator_loss(self, real, fake):
        real_outputs, fake_outputs = self.discriminate_both(real, fake)
        loss = self.adversarial_discriminator_loss(real_outputs[:, :1], fake_outputs[:, :1])
        return loss + self.class_loss(real_outputs, real) + self.class_loss(fake_outputs, fake)

    def generator_loss(self, real, fake):
        outputs = self.discriminate(fake)
        return self.adversarial_loss.generator(outputs[:, :1]) + self.class_loss(outputs, fake)

    def class_loss(self, outputs: tf.Tensor, batch) -> tf.Tensor:
        """Return the cross-entropy of the classes: L_C of the paper's section 3."""
        entropy = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=batch["label"], logits=outputs[:, 1:])
        return self.config.class_weight * tf.reduce_mean(entropy)
