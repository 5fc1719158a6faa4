"""LSGAN: least squares in the place of cross-entropy (Mao et al. 2017, arXiv:1611.04076).

python -m gan_keras.train --model lsgan
"""

from dataclasses import dataclass

from gan_keras import losses
from gan_keras.models import dcgan


@dataclass(frozen=True, kw_only=True)
class Config(dcgan.Config):
    """The options of the LSGAN: the DCGAN's, as in its paper's section 4."""


class Model(dcgan.Model):
    """A DCGAN whose discriminator still pulls on fakes that it has told apart long since.

    With the labels of its paper's equation 8 (-1, 0 and 1), so that a positive output means real, as everywhere here.
    """

    adversarial_loss = losses.least_squares
