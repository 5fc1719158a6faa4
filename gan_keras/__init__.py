"""Generative adversarial networks on handwritten digits with TensorFlow and Keras."""

import os
import platform

from gan_keras.console import import_quietly

__version__ = "0.1.0"

# What is done at import: TensorFlow is loaded here, once and for every entry point, because the start-up messages it
# would print can only be held back around its first import, and because it reads there which kernels it is to use.
# Of itself it takes oneDNN's only on processors with instructions made for neural networks; they are faster
# on others too: a step of the DCGAN takes 348 ms in the place of 651 on two cores with AVX2.
if platform.machine() in ("x86_64", "AMD64"):
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
import_quietly("tensorflow")
