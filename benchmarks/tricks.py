"""What makes the training step fast, each with what stands there without it.

`python -m benchmarks.train_step` has a contestant `without-NAME` for each.
"""

from contextlib import AbstractContextManager
from unittest import mock

from gan_keras import gan, train  # first: it chooses TensorFlow's kernels
from gan_keras.models import dcgan

# isort: split
import keras


def _generator_loss_of_fakes_made_again(self, real, fake):
    return self.adversarial_loss.generator(self.discriminate(self.generate(real)))


def _discriminate_in_turn(self, real, fake):
    return self.discriminate(real), self.discriminate(fake)


def _compile_with_xla(self, compile_keras=keras.Model.compile, **options):
    compile_keras(self, **options | {"jit_compile": True})


TRICKS = {  # what is replaced, and by what
    "fused-batch-normalization": (dcgan, "BatchNormalization", keras.layers.BatchNormalization),
    "last-layer-as-product": (dcgan, "Conv2DTranspose", keras.layers.Conv2DTranspose),
    "fused-adam": (gan, "Adam", keras.optimizers.Adam),
    "fakes-made-once": (gan.GAN, "generator_loss", _generator_loss_of_fakes_made_again),
    "one-pass-over-both": (gan.GAN, "discriminate_both", _discriminate_in_turn),
    "steps-free-of-python": (train, "execution", lambda *_: 1),
    "precompiled-kernels": (keras.Model, "compile", _compile_with_xla),
}


def undone(trick: str) -> AbstractContextManager:
    """Build models without one of the tricks."""
    return mock.patch.object(*TRICKS[trick])
