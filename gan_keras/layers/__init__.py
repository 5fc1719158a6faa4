"""The layers that Keras lacks or computes slowly, the optimizer, and the precision they compute in.

All of them can be saved and loaded like Keras' own. `python -m benchmarks.tricks` measures what each one saves.
"""

from gan_keras.layers.batch_normalization import BatchNormalization
from gan_keras.layers.conv2d_transpose import Conv2DTranspose
from gan_keras.layers.leaky_relu import LeakyReLU
from gan_keras.layers.modulated_conv2d import ModulatedConv2D
from gan_keras.layers.spectral_normalization import SpectralNormalization

__all__ = ["BatchNormalization", "Conv2DTranspose", "LeakyReLU", "ModulatedConv2D", "SpectralNormalization"]
