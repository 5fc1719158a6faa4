"""Encoded pictures, of every kind that Pillow reads, as pixels: upright, opaque, in 8 bits, all of one size."""

import dataclasses
import io
import os
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageOps
from tqdm import tqdm

from gan_keras.data import cache
from gan_keras.data.conversion import Conversion, is_coloured, square, with_channels
from gan_keras.ui.console import UserError

Image.init()
SUFFIXES = frozenset(Image.registered_extensions()) - {".pdf", ".mpg", ".mpeg", ".ps", ".eps", ".h5", ".hdf"}
LOOKED_AT = 200  # pictures that decide on the size and the colour of all
MOST_PIXELS = 50_000_000  # of a picture; where Pillow only warns of an attack on the memory
NAMED = 10  # damaged files that an error names
WIDE = ("I", "I;16", "I;16B", "I;16L", "I;16N", "F")  # modes with more than 8 bits of grey


def decode(source: Path | bytes) -> Image.Image:
    """Return a picture in the mode L or RGB.

    It is turned as its EXIF data say. Transparent parts get a background that its visible parts stand out from. More
    than 8 bits of grey are scaled, not clipped.

    Raises:
        Exception: of any kind, if it is damaged or so large that it may be an attack on the memory.
    """
    with Image.open(io.BytesIO(source) if isinstance(source, bytes) else source) as opened:
        if opened.width * opened.height > MOST_PIXELS:
            raise ValueError(f"{opened.width}x{opened.height} pixels are too many")
        image = ImageOps.exif_transpose(opened)
        if image.mode in WIDE:
            return Image.fromarray(eight_bits(np.asarray(image)))
        if image.has_transparency_data:
            return opaque(image.convert("RGBA"))
        return image.convert("L" if image.mode in ("1", "L") else "RGB")


def eight_bits(pixels: np.ndarray) -> np.ndarray:
    """Return greys of more than 8 bits as uint8: 16 bits by their full range, fractions from 0 to 1, the rest as is."""
    pixels = pixels.astype(np.float64)
    high = pixels.max(initial=0)
    scale = 255 if high <= 1 else 1 if high <= 255 else 255 / 65535
    return np.clip(np.rint(pixels * scale), 0, 255).astype(np.uint8)


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

    arrays = cache.remembered(cache.place(files, settings), make)
    return Read(arrays["images"], arrays["kept"], tuple(map(str, arrays["notes"])))


def convert(sources: Sequence[Path | bytes], names: Sequence[str], conversion: Conversion) -> Read:
    """Do the same without a cache."""
    step = max(1, len(sources) // LOOKED_AT)
    looked_at = [image for image in map(try_to_decode, sources[::step]) if isinstance(image, Image.Image)]
    coloured = any(image.mode == "RGB" and is_coloured(np.asarray(image)) for image in looked_at)
    side, channels = conversion.side_and_channels([max(image.size) for image in looked_at] or [1], coloured)

    def pixels_of(source: Path | bytes) -> np.ndarray | Exception:
        image = try_to_decode(source)
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
    notes = (what_was_done(looked_at, side, channels), *left_out(damaged), *only_first_pages(sources[::step]))
    return Read(np.stack(images), kept, notes)


def try_to_decode(source: Path | bytes) -> Image.Image | Exception:
    """Return a picture, or what is wrong with it."""
    try:
        return decode(source)
    except Exception as error:  # damage makes Pillow raise whatever it comes upon
        return error


def only_first_pages(sources: Sequence[Path | bytes]) -> list[str]:
    """Return what to say where pictures have several pages or frames."""
    for source in sources:
        try:
            with Image.open(io.BytesIO(source) if isinstance(source, bytes) else source) as image:
                if (pages := getattr(image, "n_frames", 1)) > 1:
                    return [f"of pictures with several pages, such as one with {pages}, only the first is read"]
        except Exception:  # damage makes Pillow raise whatever it comes upon
            continue
    return []


def what_was_done(images: Sequence[Image.Image], side: int, channels: int) -> str:
    """Return how pictures were converted, as "64x64 RGB to 28x28 grey"."""
    (width, height), count = Counter(image.size for image in images).most_common(1)[0]
    size = f"{width}x{height}" if count == len(images) else f"{width}x{height} and other sizes"
    mode = "RGB" if any(image.mode == "RGB" for image in images) else "grey"
    return f"{size} {mode} to {side}x{side} {'RGB' if channels == 3 else 'grey'}"


def left_out(damaged: Sequence[str]) -> list[str]:
    """Return what to say of pictures that cannot be read."""
    return [f"{len(damaged):,} damaged ones are left out"] if damaged else []
