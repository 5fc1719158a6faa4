"""SNGAN: spectral normalisation and the hinge loss (Miyato et al. 2018, arXiv:1802.05957).

python -m gan_keras.train --model sngan
"""

from dataclasses import dataclass

from keras import layers

from gan_keras import losses
from gan_keras.layers import SpectralNormalization
from gan_keras.models import dcgan


@dataclass(frozen=True, kw_only=True)
class Config(dcgan.Config):
    """The options of the SNGAN: the DCGAN's, which are setting C of its paper's table 1."""


class Model(dcgan.Model):
    """A DCGAN whose discriminator's layers stretch no direction by more than 1."""

    adversarial_loss = losses.hinge

    def constrained(self, layer: layers.Layer) -> layers.Layer:
        return SpectralNormalization(layer)
