"""Data sets and batches of images.

Images are uint8 [count, height, width, channels] in memory and become float32 in [-1, 1] when they are batched.
Labels are int32 [count]. Training and test images never mix.
"""

from gan_keras.data.batches import PARTNER, Batch, Shares, batches, beside, in_batches, standardise
from gan_keras.data.conversion import Conversion
from gan_keras.data.dataset import Dataset, Split
from gan_keras.data.datasets import FOLDER, load, names, path_of, place_of
from gan_keras.data.door import read

__all__ = [
    "FOLDER",
    "PARTNER",
    "Batch",
    "Conversion",
    "Dataset",
    "Shares",
    "Split",
    "batches",
    "beside",
    "in_batches",
    "load",
    "names",
    "path_of",
    "place_of",
    "read",
    "standardise",
]
