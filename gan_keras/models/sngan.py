"""SNGAN: spectral normalisation and the hinge loss (Miyato et al. 2018, arXiv:1802.05957).

python -m gan_keras.train --model sngan

|  | in the source | here |
| --- | --- | --- |
| constraint, loss | spectral normalisation, hinge | as in the source |
| optimizer | Adam, setting C of table 1 | as in the source: 2e-4, 0.5, 0.999, one discriminator step |
| discriminator | seven convolutions | the DCGAN's two |
"""

from dataclasses import dataclass

from keras import layers

from gan_keras.game import losses
from gan_keras.layers import SpectralNormalization
from gan_keras.models import dcgan


@dataclass(frozen=True, kw_only=True)
class Config(dcgan.Config):
    """The options of the SNGAN: those of the DCGAN, which are setting C in table 1 of its paper."""


class Model(dcgan.Model):
    """A DCGAN with the kernel of each discriminator layer divided by its largest singular value."""

    adversarial_loss = losses.hinge

    def constrained(self, layer: layers.Layer) -> layers.Layer:
        return SpectralNormalization(layer)
