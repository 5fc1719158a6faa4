"""Data sets and batches of images.

Images are uint8 [count, height, width, channels] in memory and become float32 in [-1, 1] when they are batched.
Labels are int32 [count]. Training and test images never mix.
"""

from gan_keras.data.batches import Batch, batches, in_batches, standardise
from gan_keras.data.conversion import Conversion
from gan_keras.data.dataset import Dataset, Split
from gan_keras.data.datasets import FOLDER, load, names, path_of

__all__ = [
    "FOLDER",
    "Batch",
    "Conversion",
    "Dataset",
    "Split",
    "batches",
    "in_batches",
    "load",
    "names",
    "path_of",
    "standardise",
]
