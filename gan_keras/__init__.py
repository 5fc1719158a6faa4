"""Generative adversarial networks on handwritten digits with TensorFlow and Keras."""

import os
import platform

from gan_keras.ui.console import import_quietly

__version__ = "0.2.0"

# TensorFlow is loaded here, once for all entry points, because its start-up messages can only be held back around its
# first import, and because it then reads which kernels to use. On its own it takes oneDNN's kernels only on processors
# with instructions for neural networks, but they are faster on the others too: see benchmarks/RESULTS.md.
if platform.machine() in ("x86_64", "AMD64"):
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
import_quietly("tensorflow")
