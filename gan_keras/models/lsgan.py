"""LSGAN: least squares instead of cross-entropy (Mao et al. 2017, arXiv:1611.04076).

python -m gan_keras.train --model lsgan

|  | in the source | here |
| --- | --- | --- |
| loss | equation 8 or 9, which do equally well there | equation 8: a positive output means real, as elsewhere |
| networks | deeper ones, for 112x112 scenes | the DCGAN's |
"""

from dataclasses import dataclass

from gan_keras.game import losses
from gan_keras.models import dcgan


@dataclass(frozen=True, kw_only=True)
class Config(dcgan.Config):
    """The options of the LSGAN: those of the DCGAN, as in section 4 of its paper."""


class Model(dcgan.Model):
    """A DCGAN whose discriminator still gives a gradient for fakes that it recognises with certainty.

    It uses the labels of its paper's equation 8 (-1, 0 and 1), so that a positive output means real, as elsewhere.
    """

    adversarial_loss = losses.least_squares
