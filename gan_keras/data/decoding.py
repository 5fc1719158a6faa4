"""Encoded pictures, of every kind that Pillow reads, as pixels: upright, opaque, in 8 bits, all of one size.

A file of NumPy's with one image in it is a picture, too.
"""

import dataclasses
import io
import os
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple, TypeGuard

import numpy as np
from PIL import Image, ImageOps
from tqdm import tqdm

from gan_keras.data import cache
from gan_keras.data.conversion import LEVELS, Conversion, eight_bits, is_coloured, square, with_channels
from gan_keras.data.damage import what_instead
from gan_keras.ui.console import UserError

Image.init()
SUFFIXES = frozenset(Image.registered_extensions()) - {".pdf", ".mpg", ".mpeg", ".ps", ".eps", ".h5", ".hdf"}
LOOKED_AT = 200  # pictures that decide on the size and the colour of all
MOST_PIXELS = 50_000_000  # of a picture; where Pillow only warns of an attack on the memory
NAMED = 10  # damaged files that an error names
ARRAY = ".npy"
Extent = tuple[float, float]  # the lowest and the highest value of pictures that need not have 8 bits
WIDE = ("I", "I;16", "I;16B", "I;16L", "I;16N", "F")  # modes with more than 8 bits of grey


def decode(source: Path | bytes, extent: Extent | None = None) -> Image.Image:
    """Return a picture in the mode L or RGB.

    It is turned as its EXIF data say. Transparent parts get a background that its visible parts stand out from. More
    than 8 bits of grey are scaled, not clipped.

    Args:
        source: a file, or the content of one.
        extent: the lowest and highest value of all pictures that belong together; by default of this one.

    Raises:
        Exception: of any kind, if it is damaged or so large that it may be an attack on the memory.
    """
    if is_array(source):
        pixels = one_image(source)
        return Image.fromarray(eight_bits(pixels, *(extent or (pixels.min(), pixels.max()))))
    with opened(source) as image:
        if image.width * image.height > MOST_PIXELS:
            raise ValueError(f"{image.width}x{image.height} pixels are too many")
        upright = ImageOps.exif_transpose(image)
        if upright.mode in WIDE:
            pixels = np.asarray(upright)
            return Image.fromarray(eight_bits(pixels, *(extent or (pixels.min(), pixels.max()))))
        if upright.has_transparency_data:
            return opaque(upright.convert("RGBA"))
        return upright.convert("L" if upright.mode in ("1", "L") else "RGB")


def opened(source: Path | bytes) -> Image.Image:
    """Return a picture whose head is read."""
    return Image.open(io.BytesIO(source) if isinstance(source, bytes) else source)


def is_array(source: Path | bytes) -> TypeGuard[Path]:
    """Return whether a picture is a file of NumPy's."""
    return isinstance(source, Path) and source.suffix.lower() == ARRAY


def one_image(path: Path) -> np.ndarray:
    """Return the one image in a file of NumPy's, [height, width] or [height, width, 3]."""
    with path.open("rb") as file:
        pixels = np.squeeze(np.load(file, allow_pickle=False))
    if pixels.ndim == 1 and round(len(pixels) ** 0.5) ** 2 == len(pixels):
        pixels = pixels.reshape(round(len(pixels) ** 0.5), -1)
    if pixels.ndim == 3 and pixels.shape[0] == 3 != pixels.shape[-1]:
        pixels = np.moveaxis(pixels, 0, -1)  # channels first, as PyTorch has them
    if pixels.ndim not in (2, 3) or pixels.shape[2:] not in ((), (3,)):
        raise ValueError(f"an array {pixels.shape} is not one image")
    return pixels


def extent_of(sources: Sequence[Path | bytes]) -> Extent | None:
    """Return the lowest and highest value of those pictures that need not have 8 bits; `None` if all have."""
    extents = []
    for source in sources:
        with suppress(Exception):  # damage makes Pillow raise whatever it comes upon; it is named later
            if is_array(source):
                pixels = one_image(source)
            else:
                with opened(source) as image:
                    if image.mode not in WIDE or image.width * image.height > MOST_PIXELS:
                        continue
                    pixels = np.asarray(image)
            extents.append((pixels.min(), pixels.max()))
    return (min(low for low, _ in extents), max(high for _, high in extents)) if extents else None


def opaque(image: Image.Image) -> Image.Image:
    """Return a picture RGBA as RGB: on white if its visible parts are dark, else on black."""
    pixels = np.asarray(image).astype(np.float64)
    alpha = pixels[..., 3]
    brightness = np.average(pixels[..., :3].mean(axis=-1), weights=alpha) if alpha.any() else 0
    background = Image.new("RGBA", image.size, "white" if brightness < 128 else "black")
    return Image.alpha_composite(background, image).convert("RGB")


class Read(NamedTuple):
    """Pictures as pixels."""

    images: np.ndarray  # uint8 [count, side, side, 1 or 3]
    kept: np.ndarray  # indices of those that could be read
    notes: tuple[str, ...]  # what was done, for people


def read(sources: Sequence[Path | bytes], names: Sequence[str], conversion: Conversion) -> Read:
    """Decode and convert pictures, several at a time, with a progress bar; files only once, until they change.

    Args:
        sources: files, or the contents of files.
        names: what they are called in an error.
        conversion: the size and the colours that they get, and whether damaged ones are left out.

    Raises:
        UserError: if any is damaged, unless the conversion leaves those out; or if all are.
    """
    files = [source for source in sources if isinstance(source, Path)]
    if len(files) < len(sources):
        return convert(sources, names, conversion)
    settings = [getattr(conversion, field.name) for field in dataclasses.fields(Conversion)]

    def make() -> dict[str, np.ndarray]:
        images, kept, notes = convert(sources, names, conversion)
        return {"images": images, "kept": kept, "notes": np.array(notes)}

    arrays = cache.remembered(cache.place(files, settings, LEVELS), make)
    return Read(arrays["images"], arrays["kept"], tuple(map(str, arrays["notes"])))


def convert(sources: Sequence[Path | bytes], names: Sequence[str], conversion: Conversion) -> Read:
    """Do the same without a cache."""
    step = max(1, len(sources) // LOOKED_AT)
    extent = extent_of(sources[::step])
    samples = [try_to_decode(source, extent) for source in sources[::step]]
    looked_at = [image for image in samples if isinstance(image, Image.Image)]
    coloured = any(image.mode == "RGB" and is_coloured(np.asarray(image)) for image in looked_at)
    side, channels = conversion.side_and_channels([max(image.size) for image in looked_at] or [1], coloured)

    def pixels_of(source: Path | bytes) -> np.ndarray | Exception:
        image = try_to_decode(source, extent)
        if isinstance(image, Exception):
            return image
        pixels = with_channels(square(image, side), channels)
        return 255 - pixels if conversion.invert else pixels

    with ThreadPoolExecutor(os.cpu_count()) as pool:  # Pillow leaves Python while it decodes
        bar = tqdm(pool.map(pixels_of, sources), "Reading", len(sources), unit=" images", disable=None, leave=False)
        results = list(bar)
    damaged = [
        f"  {name}: {result}" for name, result in zip(names, results, strict=True) if isinstance(result, Exception)
    ]
    images = [result for result in results if isinstance(result, np.ndarray)]
    if damaged and not (conversion.skip_damaged and images):
        raise UserError(
            f"{len(damaged):,} of {len(sources):,} pictures cannot be read:\n"
            + "\n".join(damaged[:NAMED])
            + (f"\n  and {len(damaged) - NAMED:,} more" if len(damaged) > NAMED else "")
            + "\nRepair or remove them, or leave them out with --skip-damaged."
        )
    kept = np.array([index for index, result in enumerate(results) if isinstance(result, np.ndarray)], np.int64)
    notes = (*what_was_done(looked_at, side, channels), *left_out(damaged), *only_first_pages(sources[::step]))
    return Read(np.stack(images), kept, notes)


def try_to_decode(source: Path | bytes, extent: Extent | None) -> Image.Image | Exception:
    """Return a picture, or what is wrong with it."""
    try:
        return decode(source, extent)
    except Exception as error:  # damage makes Pillow raise whatever it comes upon
        instead = what_instead(source) if isinstance(source, Path) else ""
        return ValueError(f"it {instead}") if instead else error


def only_first_pages(sources: Sequence[Path | bytes]) -> list[str]:
    """Return what to say where pictures have several pages or frames."""
    for source in sources:
        try:
            with opened(source) as image:
                if (pages := getattr(image, "n_frames", 1)) > 1:
                    return [f"of pictures with several pages, such as one with {pages}, only the first is read"]
        except Exception:  # damage makes Pillow raise whatever it comes upon
            continue
    return []


def what_was_done(images: Sequence[Image.Image], side: int, channels: int) -> list[str]:
    """Return how pictures were converted, as "64x64 RGB to 28x28 grey", if they were."""
    (width, height), count = Counter(image.size for image in images).most_common(1)[0]
    size = f"{width}x{height}" if count == len(images) else f"{width}x{height} and other sizes"
    before = f"{size} {'RGB' if any(image.mode == 'RGB' for image in images) else 'grey'}"
    after = f"{side}x{side} {'RGB' if channels == 3 else 'grey'}"
    return [f"{before} to {after}"] if after != before else []


def left_out(damaged: Sequence[str]) -> list[str]:
    """Return what to say of pictures that cannot be read."""
    return [f"{len(damaged):,} damaged ones are left out"] if damaged else []
