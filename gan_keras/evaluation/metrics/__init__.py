"""How good images are: one function per metric. A function here with `@metric` is found by reports, `--help` and tests.

Where TensorFlow-GAN has a metric, its implementation is used. Values compare only between evaluations with the same
ruler and the same number of samples.
"""

import importlib
import pkgutil

# In the order of the report's table.
from gan_keras.evaluation.metrics import distances, manifolds, classes, smoothness  # isort: skip
from gan_keras.evaluation.metrics import copies, membership, teaching, discriminator  # isort: skip
from gan_keras.evaluation.metrics.metric import Estimate, compute, describe, registered, value, with_ruler

for _module in pkgutil.iter_modules(__path__):  # and any other file
    importlib.import_module(f"{__name__}.{_module.name}")

__all__ = [
    "Estimate",
    "classes",
    "compute",
    "copies",
    "describe",
    "discriminator",
    "distances",
    "manifolds",
    "membership",
    "registered",
    "smoothness",
    "teaching",
    "value",
    "with_ruler",
]
