"""What the notebooks share: pictures within the text, and lengths of training that can be shortened."""

import os
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import Image

from gan_keras import pictures

import tensorflow as tf  # isort: skip  # after gan_keras, which keeps its start quiet

tf.get_logger().setLevel("WARNING")  # in a notebook it would tell of every file that it writes


def steps(count: int) -> int:
    """Return so many training steps, or the share of them that the environment variable BOOK_STEPS asks for."""
    return max(1, round(count * float(os.environ.get("BOOK_STEPS", "1"))))


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


def film(frames: Sequence[np.ndarray], captions: Sequence[str]) -> Image:
    """Return a GIF of pictures that are shown one after the other; each frame holds images as `show` takes them."""
    with TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{number}.png" for number in range(len(frames))]
        for path, frame in zip(paths, frames, strict=True):
            pictures.save_png(path, pictures.grid(pictures.to_uint8(frame)))
        gif = Path(folder) / "film.gif"
        pictures.save_gif(gif, paths, captions)
        return Image(data=gif.read_bytes(), format="gif")
