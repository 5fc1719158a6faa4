"""What the notebooks share: pictures within the text, and shorter trainings for their tests."""

import os
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import Image

from gan_keras.ui import pictures

import tensorflow as tf  # isort: skip  # after gan_keras, which silences TensorFlow's start

# Otherwise a notebook would report every file that TensorFlow writes, and each function that several models compile.
tf.get_logger().setLevel("ERROR")

SHARE = float(os.environ.get("BOOK_STEPS", "1"))  # the share of the training steps that is done


def steps(count: int) -> int:
    """Return this number of training steps, or its share if BOOK_STEPS shortens the notebooks."""
    return max(1, round(count * SHARE))


def terms(budget: str) -> dict[str, Any]:
    """Return how long a comparison trains: the budget, or one epoch if BOOK_STEPS shortens the notebooks.

    A shortened budget would be too short for any step on a slow machine; an epoch takes as long as it needs.
    """
    return {"budget": budget} if SHARE >= 1 else {"epochs": 1}


def show(images: np.ndarray, columns: int = 10, title: str = "") -> None:
    """Show images [count, height, width, channels] in rows: uint8 as they are, others as numbers in [-1, 1]."""
    images = np.asarray(images)
    images = images if images.dtype == np.uint8 else pictures.to_uint8(images)
    rows = -(-len(images) // columns)
    plt.figure(figsize=(0.7 * columns, 0.7 * rows + 0.3))
    plt.imshow(pictures.grid(images, columns), cmap="gray", vmin=0, vmax=255)
    plt.axis("off")
    plt.title(title)
    plt.show()


def film(frames: Sequence[np.ndarray], captions: Sequence[str], columns: int | None = None) -> Image:
    """Return a GIF that shows pictures one after the other; each frame holds images as `show` takes them."""
    with TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{number}.png" for number in range(len(frames))]
        for path, frame in zip(paths, frames, strict=True):
            pictures.save_png(path, pictures.grid(pictures.to_uint8(frame), columns))
        gif = Path(folder) / "film.gif"
        pictures.save_gif(gif, paths, captions)
        return Image(data=gif.read_bytes(), format="gif")
