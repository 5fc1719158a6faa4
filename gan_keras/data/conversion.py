"""How images of any size and colour become those that a model takes."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from PIL import Image

from gan_keras.data.dataset import Dataset, Split
from gan_keras.options import Between, Switch, optional
from gan_keras.ui.console import UserError

GREY_SIDE = 28  # side of grey images, unless another is asked for: that of MNIST
SMALLEST, LARGEST, MULTIPLE = 8, 128, 4  # sides of images: the networks halve them at least twice
COLOUR = 16  # difference between the channels of a pixel, of 255, from which on an image counts as coloured
MOSTLY = 128  # mean of the border above which images are said to be light
LEVELS = (  # values that are black and white: the first pair that holds all values of some images is theirs
    *((0, 1), (-0.5, 0.5), (-1, 1)),  # fractions, and how they are given to networks
    *((0, 16), (0, 255)),  # UCI's digits, and bytes
    *((0, 1023), (0, 4095), (0, 16383), (0, 65535)),  # cameras and scanners of 10 to 16 bits
)


@dataclass(frozen=True, kw_only=True)
class Conversion:
    """What to do with images before a model sees them."""

    # side of the images, a multiple of 4; default: 28 for grey images, for colour the nearest to their own
    image_size: Annotated[int | None, Between(SMALLEST, LARGEST), optional("INT")] = None
    channels: Annotated[int | None, Between(1, 3), optional("{1,3}")] = None  # 1: grey, 3: colour; default: as they are
    invert: Switch = False  # exchange black and white: MNIST's digits are white on black
    skip_damaged: Switch = False  # leave out files that cannot be read, instead of stopping

    def check_images(self) -> None:
        """Raise a `UserError` if the images are not such as networks can make."""
        if self.channels == 2:
            raise UserError("--channels is 2; it must be 1 for grey or 3 for colour.")
        if self.image_size and self.image_size % MULTIPLE:
            raise UserError(f"--image-size is {self.image_size}; it must be a multiple of {MULTIPLE}.")

    def side_and_channels(self, sides: Sequence[int], coloured: bool) -> tuple[int, int]:
        """Return the side and the channels of the images to make from some whose longer sides are these."""
        channels = self.channels or (3 if coloured else 1)
        if self.image_size:
            return self.image_size, channels
        return (nearest_side(float(np.median(sides))) if channels == 3 else GREY_SIDE), channels

    def apply(self, split: Split, side: int, channels: int) -> Split:
        """Return a split whose images, all of one size, are converted."""
        images = with_channels(split.images, channels)
        if images.shape[1:3] != (side, side):
            made = np.empty((len(images), side, side, channels), np.uint8)
            for index, image in enumerate(images):
                made[index] = square(Image.fromarray(np.squeeze(image, -1) if channels == 1 else image), side)
            images = made
        return split._replace(images=255 - images if self.invert else images)

    def of_dataset(self, dataset: Dataset) -> Dataset:
        """Return a data set that has a size and colours of its own with those that are asked for."""
        height, _, channels = dataset.image_shape
        side, channels = self.image_size or height, self.channels or channels
        train, test = (self.apply(split, side, channels) for split in (dataset.train, dataset.test))
        return dataclasses.replace(dataset, train=train, test=test)


def nearest_side(side: float) -> int:
    """Return the side nearest to this one that networks can make."""
    return int(np.clip(MULTIPLE * round(side / MULTIPLE), SMALLEST, LARGEST))


def eight_bits(values: np.ndarray, low: float, high: float) -> np.ndarray:
    """Return the values of images as uint8, with those that are black as 0 and those that are white as 255.

    Args:
        values: of any numeric type and shape.
        low: the lowest value of all images that belong together,
        high: and the highest; what is beyond is clipped.

    Raises:
        ValueError: if such values are not those of images.
    """
    for black, white in LEVELS:
        if black <= low <= high <= white:
            scaled = (values - np.float32(black)) * np.float32(255 / (white - black))
            return np.clip(np.rint(scaled, out=scaled), 0, 255, out=scaled).astype(np.uint8)
    raise ValueError(f"pixels from {low:g} to {high:g}; they must be from 0 to 255, or from 0 to 1")


def is_coloured(images: np.ndarray) -> bool:
    """Return whether images uint8 [..., channels] have pixels that are not grey."""
    if images.shape[-1] == 1:
        return False
    return bool((images.max(axis=-1).astype(int) - images.min(axis=-1) > COLOUR).any())


def with_channels(images: np.ndarray, channels: int) -> np.ndarray:
    """Return images uint8 [..., 1 or 3] as grey or coloured ones."""
    if images.shape[-1] == channels:
        return images
    if channels == 3:
        return np.repeat(images, 3, axis=-1)
    luminance = images @ np.array([0.299, 0.587, 0.114], np.float32)  # as in Pillow and ITU-R 601
    return np.rint(luminance).astype(np.uint8)[..., None]


def square(image: Image.Image, side: int) -> np.ndarray:
    """Return a picture as uint8 [side, side, 1 or 3]: resized, then padded with the colour of its border."""
    size = [max(1, round(length * side / max(image.size))) for length in image.size]
    resized = image if size == list(image.size) else image.resize(size, Image.Resampling.LANCZOS)
    if resized.size != (side, side):
        padded = Image.new(image.mode, (side, side), border_colour(np.asarray(resized)))
        padded.paste(resized, ((side - resized.width) // 2, (side - resized.height) // 2))
        resized = padded
    pixels = np.asarray(resized)
    return pixels[..., None] if pixels.ndim == 2 else pixels


def border_colour(pixels: np.ndarray) -> int | tuple[int, ...]:
    """Return the median colour of the border of an image uint8 [height, width(, channels)]."""
    border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    median = np.median(border, axis=0).astype(int)
    return int(median) if median.ndim == 0 else tuple(map(int, median))


def advice(images: np.ndarray) -> str:
    """Return what to say of images whose border is light, where MNIST's is dark."""
    rows = images[:: max(1, len(images) // 1000)]
    border = np.concatenate([rows[:, 0], rows[:, -1], rows[:, :, 0], rows[:, :, -1]], axis=1)
    light = images.shape[-1] == 1 and border.mean() > MOSTLY
    return "mostly white where MNIST is mostly black: --invert turns them" if light else ""
