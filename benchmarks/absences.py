"""The tricks that make a training step fast, each as what it replaces: so that a model can be built without it."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from unittest import mock

from gan_keras.game import gan  # first: it chooses TensorFlow's kernels
from gan_keras.layers import spectral_normalization
from gan_keras.models import dcgan
from gan_keras.training import setup

# isort: split
import keras
import tensorflow as tf


def _generator_loss_of_fakes_made_again(self, real, fake):
    return self.adversarial_loss.generator(self.discriminate(self.generate(real)))


def _discriminate_in_turn(self, real, fake):
    return self.discriminate(real), self.discriminate(fake)


def _compile_with_xla(self, compile_keras=keras.Model.compile, **options):
    compile_keras(self, **options | {"jit_compile": True})


def _divide_inputs(self, inputs, training=None):
    return self.layer(inputs / tf.cast(self.largest_singular_value(training), inputs.dtype))


@dataclass(frozen=True)
class Trick:
    """What must be replaced, and in which model, to do without it."""

    owner: object
    attribute: str
    replacement: object
    model: str = "dcgan"


TRICKS = {
    "fused-batch-normalization": Trick(dcgan, "BatchNormalization", keras.layers.BatchNormalization),
    "last-layer-as-product": Trick(dcgan, "Conv2DTranspose", keras.layers.Conv2DTranspose),
    "leaky-relu-in-convolution": Trick(dcgan, "LeakyReLU", keras.layers.LeakyReLU),
    "fused-adam": Trick(gan, "Adam", keras.optimizers.Adam),
    "fakes-made-once": Trick(gan.GAN, "generator_loss", _generator_loss_of_fakes_made_again),
    "one-pass-over-both": Trick(gan.GAN, "discriminate_both", _discriminate_in_turn),
    "steps-free-of-python": Trick(setup, "execution", lambda *_: 1),
    "precompiled-kernels": Trick(keras.Model, "compile", _compile_with_xla),
    "kernels-divided": Trick(spectral_normalization.SpectralNormalization, "call", _divide_inputs, model="proposed"),
}


def undone(name: str) -> AbstractContextManager:
    """Build and trace models without one of the tricks."""
    trick = TRICKS[name]
    return mock.patch.object(trick.owner, trick.attribute, trick.replacement)
