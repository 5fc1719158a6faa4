"""Generative adversarial networks on handwritten digits with TensorFlow and Keras."""

from gan_keras.console import import_quietly

__version__ = "0.1.0"

# The one thing done at import: TensorFlow is loaded here, once and for every entry point, because the start-up
# messages it would print can only be held back around its first import.
import_quietly("tensorflow")
