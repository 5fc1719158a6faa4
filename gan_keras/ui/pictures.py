"""Pictures: grids of digits, the GIF of a run, and the plot of its losses."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import imageio.v3 as imageio
import numpy as np
from matplotlib.figure import Figure
from PIL import Image, ImageDraw, ImageFont

from gan_keras.ui import files
from gan_keras.ui.console import UserError

MOST_COLUMNS = 20  # classes that get a column each; with more, a picture is a square
MOST_IMAGES = 2500  # in a picture
MARGIN = 2  # pixels between the digits of a grid
ZOOM = 2  # each pixel of a digit becomes a square of this side
CAPTION_HEIGHT = 26
CAPTION_COLOUR = "gold"  # a coloured first frame: some readers take the GIF for grey otherwise, and fail later
MILLISECONDS_PER_FRAME = 250
MILLISECONDS_ON_LAST_FRAME = 3000
MILLISECONDS_PER_STEP = 60  # of a walk
FILM_ZOOM = 8


def to_uint8(images: np.ndarray) -> np.ndarray:
    """Map images in [-1, 1] to uint8: the inverse of `data.standardise`."""
    return np.clip(np.rint(np.asarray(images) * 127.5 + 127.5), 0, 255).astype(np.uint8)


def grid(images: np.ndarray, columns: int | None = None, zoom: int = ZOOM) -> np.ndarray:
    """Lay out images uint8 [count, height, width, channels] row by row; returns uint8 [height, width(, 3)].

    Without `columns` the grid is about square. Each pixel becomes `zoom` x `zoom` pixels.
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


def png_bytes(image: np.ndarray) -> bytes:
    """Return a uint8 image as what a PNG file holds."""
    return imageio.imwrite("<bytes>", image, extension=".png")


def columns_for(labels: np.ndarray | None) -> int | None:
    """Return the number of classes, for a picture with a column for each; None if there are none, or too many."""
    classes = 0 if labels is None or not len(labels) else int(labels.max()) + 1
    return classes if 0 < classes <= MOST_COLUMNS else None


def pairs(above: np.ndarray, below: np.ndarray, columns: int = 20) -> np.ndarray:
    """Lay out images uint8 [count, height, width, channels] in rows, and under each row another one of as many."""
    columns = min(columns, len(above))
    rows = [
        np.concatenate([_filled(images[start : start + columns], columns) for images in (above, below)])
        for start in range(0, len(above), columns)
    ]
    return grid(np.concatenate(rows), columns)


def _filled(images: np.ndarray, count: int) -> np.ndarray:
    """Return `count` images: black ones after those that there are."""
    return np.concatenate([images, np.zeros((count - len(images), *images.shape[1:]), np.uint8)])


def save_images(path: Path, images: np.ndarray, labels: np.ndarray | None, columns: int | None) -> None:
    """Write images as a picture or as an array, by the suffix of the path; .npz takes the labels too."""
    if path.suffix == ".png":
        save_png(path, grid(images, columns))
        return
    with files.replacing(path) as temporary:
        if path.suffix == ".npy":
            np.save(temporary, images)
        else:
            arrays: dict[str, Any] = {"images": images} | ({} if labels is None else {"labels": labels})
            np.savez_compressed(temporary, **arrays)


def is_sound(png: Path) -> bool:
    """Return whether a picture exists and can be read."""
    try:
        imageio.imread(png)
    except Exception:  # damage makes Pillow raise whatever it comes upon
        return False
    return True


def save_gif(path: Path, pngs: Sequence[Path], captions: Sequence[str]) -> None:
    """Write a looping GIF of some pictures, each with its caption above it; the last frame is held."""
    frames = [_captioned(imageio.imread(png), caption) for png, caption in zip(pngs, captions, strict=True)]
    durations = [MILLISECONDS_PER_FRAME] * (len(frames) - 1) + [MILLISECONDS_ON_LAST_FRAME]
    with files.replacing(path) as temporary:
        # Pillow takes a list of durations only where there is more than one frame.
        imageio.imwrite(temporary, frames, duration=durations if len(frames) > 1 else durations[0], loop=0)


def save_film(path: Path, images: np.ndarray) -> None:
    """Write images uint8 [count, height, width, channels] as a looping film: .gif, or .mp4.

    Raises:
        UserError: for .mp4, if imageio cannot write it.
    """
    frames = [grid(image[None], zoom=FILM_ZOOM) for image in images]
    with files.replacing(path) as temporary:
        if path.suffix == ".gif":
            imageio.imwrite(temporary, frames, duration=MILLISECONDS_PER_STEP, loop=0)
            return
        try:
            imageio.imwrite(temporary, frames, fps=1000 / MILLISECONDS_PER_STEP)
        except (ImportError, OSError):
            raise UserError(
                "a film .mp4 needs a package more: pip install 'imageio[ffmpeg]'. Or write a .gif."
            ) from None


def _captioned(image: np.ndarray, caption: str) -> np.ndarray:
    picture = Image.fromarray(image).convert("RGB")
    canvas = Image.new("RGB", (picture.width, picture.height + CAPTION_HEIGHT), "black")
    canvas.paste(picture, (0, CAPTION_HEIGHT))
    ImageDraw.Draw(canvas).text((4, 3), caption, fill=CAPTION_COLOUR, font=ImageFont.load_default(size=16))
    return np.asarray(canvas)


def save_losses(path: Path, history: Mapping[str, Sequence[float]]) -> None:
    """Plot the losses, and whatever else was tracked, against the epoch.

    Args:
        path: the PNG.
        history: "epoch" and the values of each epoch by name; names that end in "_loss" are losses.
    """
    figure = Figure(figsize=(9, 4), layout="constrained")
    names = [name for name in history if name != "epoch"]
    losses = [name for name in names if name.endswith("_loss")]
    accuracies = [name for name in names if name.endswith("_accuracy")]
    others = [name for name in names if name not in (*losses, *accuracies)]
    panels = {"Losses": losses, "Discriminator's accuracy (0.5: it is guessing)": accuracies, "Other values": others}
    panels = {title: shown for title, shown in panels.items() if shown}
    for axes, (title, shown) in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels.items(), strict=True):
        for name in shown:
            axes.plot(history["epoch"], history[name], marker=".", label=name.replace("_", " "))
        axes.set(title=title, xlabel="epoch")
        if shown is accuracies:
            axes.axhline(0.5, color="grey", linewidth=0.8, linestyle="--")
            axes.set_ylim(-0.02, 1.02)
        axes.legend()
        axes.grid(alpha=0.3)
        axes.xaxis.get_major_locator().set_params(integer=True, min_n_ticks=1)
        axes.set_xlim(0.5, len(history["epoch"]) + 0.5)
    with files.replacing(path) as temporary:
        figure.savefig(temporary, dpi=120)
