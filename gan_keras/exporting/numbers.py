"""Numbers as pictures: a generator's digits side by side as a hand sets them, on paper or in the boxes of a form."""

import csv
import json
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFilter
from tqdm import tqdm

from gan_keras.exporting import loading
from gan_keras.options import Between
from gan_keras.ui import files, pictures
from gan_keras.ui.console import UserError

CHUNK = 200  # numbers that are made at a time
SCALE = 2  # each pixel of a digit becomes a square of this side
MARGIN = 6  # pixels of a digit between the number and the edge of the picture
INK = 0.25  # ink from which on a pixel is part of a digit
JITTER = 0.04  # deviation of the sizes of the digits of a hand, and of their places on the line, in heights
LIST = ".txt"  # end of the name of a file with numbers
SIGNS = "-/.,: "  # what may stand between digits, besides # for a random one
CELL = 30  # side of a box of a form, in pixels of a digit
PAPER, PEN, LINE = 243, 40, 170  # greys of the paper, of the ink on it, and of the lines of a form


@dataclass(frozen=True)
class Style:
    """How numbers are written."""

    # whose digits a number has: one writes all of them alike, mixed takes another one for each
    hand: Literal["one", "mixed"] = "one"
    slant: Annotated[float, Between(-45, 45)] = 0.0  # degrees by which numbers lean to the right
    spacing: Annotated[float, Between(-10, 100)] = 3.0  # pixels between the digits of a number, on average
    noise: Annotated[float, Between(0, 100)] = 0.0  # deviation of the grey noise in the pictures of numbers, of 255
    # what numbers are written on: black, as MNIST's digits; paper; a form with a box for each digit; stained paper
    paper: Literal["black", "paper", "form", "stained"] = "black"


class Glyph(NamedTuple):
    """A digit or sign, cut out."""

    sign: str
    ink: np.ndarray  # float32 [height, width] from 0 to 1
    rises: float  # of its lower edge above the line, in pixels


class Number(NamedTuple):
    """A number as a picture."""

    text: str
    picture: np.ndarray  # uint8 [height, width]
    boxes: list[tuple[int, int, int, int]]  # of each digit: x and y of its upper left corner, width, height


def expand(pattern: str, count: int | None, seed: int) -> list[str]:
    """Return numbers: a digit for each # of a pattern, drawn anew for each number.

    Args:
        pattern: digits, # and `SIGNS`; or a file `LIST` with a pattern in each line, which are taken in turn.
        count: how many numbers; by default one of a pattern, and all of a file.
        seed: the same seed gives the same numbers.

    Raises:
        UserError: for other characters, or if the file cannot be read.
    """
    patterns = [pattern]
    if pattern.endswith(LIST):
        if not Path(pattern).is_file():
            raise UserError(f"there is no file {pattern} for --number.")
        patterns = Path(pattern).read_text(encoding="utf-8", errors="replace").splitlines()
    patterns = [line for line in map(str.strip, patterns) if line] or [""]
    for line in patterns:
        if not re.fullmatch(f"[0-9#{re.escape(SIGNS)}]+", line) or not re.search("[0-9#]", line):
            raise UserError(
                f"--number has {line!r}; it must have digits, # for random ones, and {SIGNS.strip()} at most."
            )
    random = np.random.default_rng([seed, 0])
    return [
        "".join(str(random.integers(10)) if sign == "#" else sign for sign in patterns[number % len(patterns)])
        for number in range(count or len(patterns))
    ]


def write(generator: Any, run: Path, texts: Sequence[str], style: Style, seed: int) -> Iterator[Number]:
    """Yield numbers as pictures.

    Args:
        generator: a loaded SavedModel that takes labels.
        run: where it is from, for messages.
        texts: the numbers, of digits and `SIGNS`.
        style: how they are written.
        seed: the same seed gives the same pictures.

    Raises:
        UserError: if the generator does not make grey digits of the classes 0 to 9.
    """
    names = [name.decode() for name in generator.class_names().numpy()] if hasattr(generator, "classes") else []
    if not set("0123456789") <= set(names) or loading.image_shape(generator)[2] != 1:
        raise UserError(
            f"the model in {run} does not make the grey digits 0 to 9 when asked for, so it writes no --number."
        )
    random, latent_dim = np.random.default_rng([seed, 1]), loading.latent_dim(generator)
    for start in range(0, len(texts), CHUNK):
        chunk = texts[start : start + CHUNK]
        digits = [sign for text in chunk for sign in text if sign.isdigit()]
        lengths = [sum(map(str.isdigit, text)) for text in chunk]
        hands = random.standard_normal((len(chunk) if style.hand == "one" else len(digits), latent_dim), np.float32)
        latents = np.repeat(hands, lengths, axis=0) if style.hand == "one" else hands
        labels = np.array([names.index(digit) for digit in digits], np.int32)
        images = iter(loading.images_of(generator, latents, labels, seed))
        for text in chunk:
            glyphs = [
                cut_out(sign, next(images), style, random) if sign.isdigit() else drawn(sign, style) for sign in text
            ]
            yield set_side_by_side(text, glyphs, style, random)


def cut_out(digit: str, image: np.ndarray, style: Style, random: np.random.Generator) -> Glyph:
    """Return a digit float32 [height, width, 1] from 0 to 255 enlarged, slanted and cut out."""
    height, width = image.shape[:2]
    scale = SCALE * (1 + JITTER * random.standard_normal())
    picture = Image.fromarray(np.clip(image[..., 0], 0, 255).astype(np.uint8))
    picture = picture.resize((round(width * scale), round(height * scale)), Image.Resampling.LANCZOS)
    ink = cropped(slanted(picture, style.slant))
    return Glyph(digit, ink, JITTER * len(ink) * random.standard_normal())


def drawn(sign: str, style: Style) -> Glyph:
    """Return a sign as a pen makes it; a blank is a gap."""
    side, pen = 28 * SCALE, 3 * SCALE
    picture = Image.new("L", (side, side))
    draw = ImageDraw.Draw(picture)
    low, middle, right = 0.85 * side, 0.55 * side, 0.3 * side
    if sign == "-":
        draw.line([(pen, middle), (pen + right, middle)], 255, pen)
    elif sign == "/":
        draw.line([(pen, low), (pen + right, 0.15 * side)], 255, pen)
    elif sign == ",":
        draw.line([(2 * pen, low), (pen, low + 2 * pen)], 255, pen)
    for height in {".": [low], ":": [0.4 * side, low]}.get(sign, []):
        draw.ellipse([pen, height - pen, 2 * pen, height], 255)
    if sign == " ":
        return Glyph(sign, np.zeros((1, round(right)), np.float32), 0)
    ink = cropped(slanted(picture.filter(ImageFilter.GaussianBlur(SCALE / 2)), style.slant))
    rises = {"-": 0.3 * side, ",": -2.0 * pen}.get(sign, 0.0)
    return Glyph(sign, ink, rises)


def slanted(picture: Image.Image, degrees: float) -> Image.Image:
    """Return a picture that leans to the right, wide enough for it."""
    shear = math.tan(math.radians(degrees))
    extra = math.ceil(abs(shear) * picture.height)
    wide = Image.new("L", (picture.width + 2 * extra, picture.height))
    wide.paste(picture, (extra, 0))
    return wide.transform(
        wide.size, Image.Transform.AFFINE, (1, shear, -shear * picture.height / 2, 0, 1, 0), Image.Resampling.BICUBIC
    )


def cropped(picture: Image.Image) -> np.ndarray:
    """Return the ink of a picture, float32 [height, width] from 0 to 1, without the empty edges."""
    ink = np.asarray(picture, np.float32) / 255
    rows, columns = (np.flatnonzero((ink > INK).any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return ink
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def set_side_by_side(text: str, glyphs: Sequence[Glyph], style: Style, random: np.random.Generator) -> Number:
    """Return a number of its digits and signs, all on one line."""
    margin, form = MARGIN * SCALE, style.paper == "form"
    above = max(glyph.rises + len(glyph.ink) for glyph in glyphs)
    below = max(0.0, *(-glyph.rises for glyph in glyphs))
    line = margin + math.ceil(above)  # the row on which the number stands
    places, edges, x = [], [margin], float(margin)
    for glyph in glyphs:
        height, width = glyph.ink.shape
        cell = max(CELL, math.ceil(width / SCALE) + 2) * SCALE if form else width
        top = line - round(glyph.rises) - height
        places.append((round(x + (cell - width) / 2), top, width, height))
        x += cell + (0 if form else max(-width / 2, SCALE * style.spacing * (1 + 0.25 * random.standard_normal())))
        edges.append(round(x))
    right = max(left + width for left, _, width, _ in places)
    canvas = np.zeros((line + math.ceil(below) + margin, math.ceil(max(x, right)) + margin), np.float32)
    for glyph, (left, top, width, height) in zip(glyphs, places, strict=True):
        there = canvas[top : top + height, left : left + width]
        np.maximum(there, glyph.ink, out=there)
    picture = on_paper(canvas, style, random, edges)
    boxes = [place for glyph, place in zip(glyphs, places, strict=True) if glyph.sign.isdigit()]
    return Number(text, picture, boxes)


def on_paper(ink: np.ndarray, style: Style, random: np.random.Generator, columns: Sequence[int]) -> np.ndarray:
    """Return ink [height, width] as a picture uint8, on what the style says; a form has lines at these columns."""
    if style.paper == "black":
        grey = 255 * ink
    else:
        ground = np.full(ink.shape, PAPER, np.float32)
        if style.paper == "form":
            for column in columns:
                ground[2:-2, column - 1 : column + 1] = LINE
            for row in (2, -4):
                ground[row : row + 2, columns[0] - 1 : columns[-1] + 1] = LINE
        if style.paper == "stained":
            ground -= stains(ink.shape, random)
        grey = ground + ink * (PEN - ground)
    grey = grey + style.noise * random.standard_normal(ink.shape)
    return np.clip(np.rint(grey), 0, 255).astype(np.uint8)


def stains(shape: tuple[int, ...], random: np.random.Generator) -> np.ndarray:
    """Return by how much some soft spots darken paper of this shape."""
    picture = Image.new("L", (shape[1], shape[0]))
    draw = ImageDraw.Draw(picture)
    for _ in range(3):
        x, y, radius = random.uniform(0, shape[1]), random.uniform(0, shape[0]), random.uniform(0.1, 0.4) * shape[0]
        draw.ellipse([x - radius, y - radius, x + radius, y + radius], int(random.integers(20, 60)))
    return np.asarray(picture.filter(ImageFilter.GaussianBlur(SCALE * 2)), np.float32)


def save(numbers: Iterable[Number], out: Path) -> None:
    """Write one number as a picture .png; or some into a new folder, with truths.csv and coco.json.

    Both files have the place of each digit: truths.csv a line for each, coco.json as detectors of objects take it.
    """
    if out.suffix == ".png":
        pictures.save_png(out, next(iter(numbers)).picture)
        return
    rows: list[list[Any]] = []
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    with files.replacing(out) as temporary:
        temporary.mkdir()
        for index, number in enumerate(tqdm(numbers, unit="number", disable=None, leave=False)):
            name = f"{index:06d}.png"
            Image.fromarray(number.picture).save(temporary / name)
            height, width = number.picture.shape
            images.append({"id": index, "file_name": name, "width": width, "height": height, "number": number.text})
            digits = [sign for sign in number.text if sign.isdigit()]
            for place, (digit, box) in enumerate(zip(digits, number.boxes, strict=True)):
                rows.append([name, number.text, place, digit, *box])
                annotations.append(
                    {
                        "id": len(annotations),
                        "image_id": index,
                        "category_id": int(digit),
                        "bbox": list(box),
                        "area": box[2] * box[3],
                        "iscrowd": 0,
                    }
                )
        with (temporary / "truths.csv").open("w", newline="", encoding="utf-8") as file:
            table = csv.writer(file)
            table.writerow(["file", "number", "place", "digit", "x", "y", "width", "height"])
            table.writerows(rows)
        categories = [{"id": digit, "name": str(digit)} for digit in range(10)]
        text = json.dumps({"images": images, "annotations": annotations, "categories": categories})
        (temporary / "coco.json").write_text(text, encoding="utf-8")
