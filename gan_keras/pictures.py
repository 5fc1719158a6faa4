"""Pictures: grids of digits, the GIF of a run, and the plot of its losses. Everything is written atomically."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import imageio.v3 as imageio
import numpy as np
from matplotlib.figure import Figure
from PIL import Image, ImageDraw, ImageFont

from gan_keras import files

MARGIN = 2  # pixels between the digits of a grid
ZOOM = 2  # each pixel of a digit becomes so many in both directions
CAPTION_HEIGHT = 26
CAPTION_COLOUR = "gold"  # readers take a GIF for grey by its first frame, and stumble over the next ones
MILLISECONDS_PER_FRAME = 250
MILLISECONDS_ON_LAST_FRAME = 3000


def to_uint8(images: np.ndarray) -> np.ndarray:
    """Map images in [-1, 1] to uint8: the inverse of `data.standardise`."""
    return np.clip(np.rint(np.asarray(images) * 127.5 + 127.5), 0, 255).astype(np.uint8)


def grid(images: np.ndarray, columns: int | None = None, zoom: int = ZOOM) -> np.ndarray:
    """Lay out images uint8 [count, height, width, channels] row by row; returns uint8 [height, width(, 3)].

    Without `columns` the grid is about as wide as it is high. Each pixel becomes `zoom` x `zoom` pixels.
    """
    count, height, width, channels = images.shape
    columns = columns or math.ceil(math.sqrt(count))
    rows = math.ceil(count / columns)
    canvas = np.zeros((rows, height + MARGIN, columns, width + MARGIN, channels), np.uint8)
    for index, image in enumerate(images):
        canvas[index // columns, :height, index % columns, :width] = image
    canvas = canvas.reshape(rows * (height + MARGIN), columns * (width + MARGIN), channels)[:-MARGIN, :-MARGIN]
    canvas = canvas.repeat(zoom, axis=0).repeat(zoom, axis=1)
    return canvas[..., 0] if channels == 1 else canvas


def save_png(path: Path, image: np.ndarray) -> None:
    """Write a uint8 image."""
    with files.replacing(path) as temporary:
        imageio.imwrite(temporary, image)


def save_gif(path: Path, pngs: Sequence[Path], captions: Sequence[str]) -> None:
    """Write a looping GIF of some pictures, each with its caption above it; the last frame is held."""
    frames = [_captioned(imageio.imread(png), caption) for png, caption in zip(pngs, captions, strict=True)]
    durations = [MILLISECONDS_PER_FRAME] * (len(frames) - 1) + [MILLISECONDS_ON_LAST_FRAME]
    with files.replacing(path) as temporary:
        # Pillow takes a list of durations only where there is more than one frame.
        imageio.imwrite(temporary, frames, duration=durations if len(frames) > 1 else durations[0], loop=0)


def _captioned(image: np.ndarray, caption: str) -> np.ndarray:
    picture = Image.fromarray(image).convert("RGB")
    canvas = Image.new("RGB", (picture.width, picture.height + CAPTION_HEIGHT), "black")
    canvas.paste(picture, (0, CAPTION_HEIGHT))
    ImageDraw.Draw(canvas).text((4, 3), caption, fill=CAPTION_COLOUR, font=ImageFont.load_default(size=16))
    return np.asarray(canvas)


def save_losses(path: Path, history: Mapping[str, Sequence[float]]) -> None:
    """Plot both losses, and the discriminator's accuracy on real and on fake images, against the epoch."""
    figure = Figure(figsize=(9, 4), layout="constrained")
    losses, accuracies = figure.subplots(1, 2)
    for name in ("generator_loss", "discriminator_loss"):
        losses.plot(history["epoch"], history[name], marker=".", label=name.replace("_", " "))
    losses.set(title="Losses", xlabel="epoch")
    for name, label in (("real_accuracy", "on real images"), ("fake_accuracy", "on fake images")):
        accuracies.plot(history["epoch"], history[name], marker=".", label=label)
    accuracies.axhline(0.5, color="grey", linewidth=0.8, linestyle="--")
    accuracies.set(title="Discriminator's accuracy (0.5: it cannot tell)", xlabel="epoch", ylim=(-0.02, 1.02))
    for axes in (losses, accuracies):
        axes.legend()
        axes.grid(alpha=0.3)
        axes.xaxis.get_major_locator().set_params(integer=True, min_n_ticks=1)
        axes.set_xlim(0.5, len(history["epoch"]) + 0.5)
    with files.replacing(path) as temporary:
        figure.savefig(temporary, dpi=120)
