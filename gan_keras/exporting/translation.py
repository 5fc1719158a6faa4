"""Translating images from one domain to another, by what a model with a generator for each direction has exported."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gan_keras import data
from gan_keras.exporting.loading import load_saved_model
from gan_keras.ui import pictures
from gan_keras.ui.console import UserError

TO_TARGET, TO_SOURCE = "to_target", "to_source"
BATCH = 250  # images that are translated at a time


@dataclass(frozen=True)
class Translator:
    """A generator from images to images."""

    network: Any  # a SavedModel

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """The (height, width, channels) of the images that it takes and makes."""
        _, inputs = self.network.signatures["serving_default"].structured_input_signature
        return tuple(inputs["image"].shape[1:])

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """Translate images uint8 [count, height, width, channels]."""
        (translated,) = data.in_batches(lambda part: (self.network.serve(data.standardise(part)),), images, BATCH)
        return pictures.to_uint8(translated)


def is_translator(run: Path) -> bool:
    """Return whether a folder is that of a run that has exported translators."""
    return (run / TO_TARGET / "saved_model.pb").exists()


def load(run: Path, direction: str) -> Translator:
    """Load the generator of a direction, `TO_TARGET` or `TO_SOURCE`, from the folder of a run.

    Raises:
        UserError: if there is none.
    """
    if not (run / direction / "saved_model.pb").exists():
        raise UserError(
            f"the model in {run} does not translate images. To train one that does: "
            "python -m gan_keras.train --model cyclegan"
        )
    return Translator(load_saved_model(run / direction))


def translate(run: Path, direction: str, source: Path, out: Path) -> int:
    """Translate all images of a folder or a file, and return their number.

    Args:
        run: the folder of the run.
        direction: `TO_TARGET` or `TO_SOURCE`.
        source: the images, in any usual layout.
        out: .npy or .npz takes the translations, and .npz also the labels; .png shows each image above its translation.

    Raises:
        UserError: if the run has no translators, or if the images cannot be read or are too many for a picture.
    """
    translator = load(run, direction)
    images, labels = data.read(source, translator.image_shape)
    if out.suffix == ".png" and len(images) > pictures.MOST_IMAGES:
        raise UserError(f"a picture of {len(images):,} images is too large; give --out translated.npz.")
    translated = translator(images)
    if out.suffix == ".png":
        pictures.save_png(out, pictures.pairs(images, translated))
    else:
        pictures.save_images(out, translated, labels, None)
    return len(images)
